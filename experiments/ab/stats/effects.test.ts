import { fc } from '@fast-check/ava';
import test from 'ava';
import { armValue, meanOf, proportionOf, ratioOf, type ArmValue } from './arm-value.js';
import { clearOfZero, fieller, relativeWelch } from './relative.js';
import { addSums, sumsOf, sumsOfTotals, varianceAlong } from './sums.js';
import { tested, welch, type TestedEffect } from './welch.js';

/** Means, proportions and ratios: their sums, their variances, their tests. */

const apart = (a: number, b: number): number => (a === b ? 0 : Math.abs(a - b) / Math.abs(b));
const mean = (n: number, sum: number, sumOfSquares: number): ArmValue => meanOf(sumsOfTotals({ n, sum, sumOfSquares }));
const share = (k: number, n: number): ArmValue => proportionOf(sumsOfTotals({ n, sum: k, sumOfSquares: k }));

/** gbstats as published: effect, standard error, interval, p (the p of 1396/3000 v 2422/3461 from its tail; there it is 0). */
type Row = readonly [name: string, tested: TestedEffect, ...figures: number[]];
const spent = mean(3461, 2422.7, 134698.29);
const [many, few] = [mean(3407, 1396.87, 52377.9767), mean(3000, 1396.87, 52377.9767)];
const GBSTATS: readonly Row[] = [
  // prettier-ignore
  ['relative 3407', relativeWelch(many, spent, 0.95), 0.7073170731707317, 0.378794361668, -0.03526008906611777, 1.449894235407581, 0.06191182745618362],
  // prettier-ignore
  ['relative 3000', relativeWelch(few, spent, 0.95), 0.5033610858562358, 0.33341221464, -0.15024480398283102, 1.1569669756953027, 0.13116525736935492],
  // prettier-ignore
  ['relative 14/28', relativeWelch(share(14, 28), share(16, 30), 0.95), 0.06666666666666665, 0.271698556897, -0.4776740282706786, 0.6110073616040119, 0.8070716832021887],
  // prettier-ignore
  ['relative 1396/3000', relativeWelch(share(1396, 3000), share(2422, 3461), 0.95), 0.5038633516821496, 0.0338602147982, 0.43748547201990234, 0.5702412313443967, 3.1434043605123264e-49],
  // prettier-ignore
  ['relative 500/5000', relativeWelch(share(500, 5000), share(560, 5000), 0.95), 0.11999999999999997, 0.0651693179341, -0.007745019440392992, 0.24774501944039293, 0.06559889387111317],
  // prettier-ignore
  ['absolute 3407', welch(many, spent, 0.95), 0.29, 0.124783631588, 0.04537789255929012, 0.5346221074407098, 0.020158402643587036],
  // prettier-ignore
  ['absolute 3000', welch(few, spent, 0.95), 0.23437666666666668, 0.129830812542, -0.020137655346249617, 0.48889098867958297, 0.07108544979746045],
  // prettier-ignore
  ['absolute 14/28', welch(share(14, 28), share(16, 30), 0.95), 0.033333333333333326, 0.131243543555, -0.2296095491043773, 0.29627621577104396, 0.8004455444388894],
  // prettier-ignore
  ['absolute 1396/3000', welch(share(1396, 3000), share(2422, 3461), 0.95), 0.23446441298276027, 0.0119846655884, 0.2109702711126937, 0.25795855485282687, 9.957708730885708e-83],
  // prettier-ignore
  ['absolute 500/5000', welch(share(500, 5000), share(560, 5000), 0.95), 0.011999999999999997, 0.00615558283187, -6.618503079661338e-05, 0.024066185030796605, 0.05126971741705155],
];

for (const [name, { effect, standardError, low, high, pValue }, ...figures] of GBSTATS) {
  test(`the published figures of gbstats: ${name}`, (t) => {
    [effect, standardError, low, high, pValue].forEach((received, i) =>
      // Standard errors are given with twelve digits.
      t.true(apart(received, figures[i]) < 1e-9, `figure ${i}: ${received} against ${figures[i]}`),
    );
  });
}

test('by hand: 1, 3 against 2, 6', (t) => {
  const [a, b] = [meanOf(sumsOf([Float64Array.of(1, 3)])), meanOf(sumsOf([Float64Array.of(2, 6)]))];
  // Means 2 and 4; variances 2 and 8, over n: 1 and 4. Degrees (1 + 4)² / (1/1 + 16/1) = 25/17.
  const { effect, standardError, degrees } = welch(a, b, 0.95);
  t.is(effect, 2);
  t.is(standardError, Math.sqrt(5));
  t.true(apart(degrees, 25 / 17) < 1e-15);
  // Relative: 2/2 = 1, variance 4/2² + 1·4²/2⁴ = 2.
  t.is(relativeWelch(a, b, 0.95).effect, 1);
  t.true(apart(relativeWelch(a, b, 0.95).standardError, Math.SQRT2) < 1e-15);
});

test('a ratio by hand: (1, 1), (3, 1), (2, 4)', (t) => {
  const sums = sumsOf([Float64Array.of(1, 3, 2), Float64Array.of(1, 1, 4)]);
  // R = 6/6 = 1; residuals M − R·D are 0, 2, −2 with variance 8/2 = 4; over d² = 4 and n = 3.
  const { value, variance, units } = ratioOf(sums);
  t.deepEqual([value, units], [1, 3]);
  t.true(apart(variance, 4 / 4 / 3) < 1e-14);
  t.is(ratioOf(sumsOf([Float64Array.of(1, 2), Float64Array.of(1, -1)])).value, NaN);
});

const column = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 3, maxLength: 40 });
const pairs = fc.array(
  fc.tuple(fc.double({ min: -50, max: 50, noNaN: true }), fc.double({ min: 0.5, max: 9, noNaN: true })),
  { minLength: 3, maxLength: 60 },
);
const columnsOf = (rows: readonly (readonly number[])[]): Float64Array[] =>
  [0, 1].map((k) => Float64Array.from(rows, (row) => row[k]));

test('sums of parts add up to the sums of the whole, in any cut', (t) => {
  fc.assert(
    fc.property(pairs, fc.nat(60), (rows, cut) => {
      const columns = columnsOf(rows);
      const whole = sumsOf(columns);
      const at = Math.min(cut, rows.length);
      const added = addSums(sumsOf(columns, 0, at), sumsOf(columns, at));
      const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * (1 + Math.abs(b));
      return (
        added.n === whole.n &&
        added.mean.every((m, k) => near(m, whole.mean[k])) &&
        added.products.every((p, i) => near(p, whole.products[i]))
      );
    }),
  );
  t.pass();
});

test('a ratio over ones is a mean; residuals M − R·D give its variance', (t) => {
  fc.assert(
    fc.property(pairs, (rows) => {
      const [m, d] = columnsOf(rows);
      const { value, variance } = ratioOf(sumsOf([m, d]));
      const residual = Float64Array.from(m, (x, i) => (x - value * d[i]) / sumsOf([d]).mean[0]);
      const direct = meanOf(sumsOf([residual])).variance;
      const [plain, ones] = [meanOf(sumsOf([m])), ratioOf(sumsOf([m, new Float64Array(m.length).fill(1)]))];
      return (
        Math.abs(variance - direct) <= 1e-9 * (1e-6 + direct) &&
        Math.abs(ones.value - plain.value) < 1e-9 &&
        Math.abs(ones.variance - plain.variance) <= 1e-9 * (1e-6 + plain.variance)
      );
    }),
  );
  t.pass();
});

test('swapping arms turns the sign and nothing else; scaling scales; p is in (0, 1]', (t) => {
  fc.assert(
    fc.property(column, column, fc.double({ min: 0.01, max: 100, noNaN: true }), (x, y, scale) => {
      const of = (values: readonly number[], by = 1): ArmValue =>
        meanOf(sumsOf([Float64Array.from(values, (v) => v * by)]));
      const [a, b] = [of(x), of(y)];
      fc.pre(a.variance + b.variance > 1e-6);
      const [there, back, scaled] = [welch(a, b, 0.9), welch(b, a, 0.9), welch(of(x, scale), of(y, scale), 0.9)];
      const near = (p: number, q: number): boolean => Math.abs(p - q) <= 1e-9 * Math.max(1e-6, Math.abs(q));
      return (
        there.effect === -back.effect &&
        near(there.low, -back.high) &&
        near(there.pValue, back.pValue) &&
        near(scaled.pValue, there.pValue) &&
        there.pValue > 0 &&
        there.pValue <= 1 &&
        there.pValue < 0.1 === there.low * there.high > 0
      );
    }),
  );
  t.pass();
});

test('nothing cancels far from 0, and a constant column has no spread', (t) => {
  const far = Float64Array.from([4, 7, 13, 16], (x) => 1e9 + x);
  t.is(varianceAlong(sumsOf([far]), [1]), 30);
  t.is(meanOf(sumsOf([new Float64Array(1000).fill(0.1)])).variance, 0);
  t.is(proportionOf(sumsOf([Float64Array.of(1, 0, 0, 1)])).variance, 0.25 / 4);
  t.is(armValue(sumsOf([new Float64Array(0)]), 'mean').units, 0);
  t.is(meanOf(sumsOf([Float64Array.of(3)])).variance, NaN);
});

test('a p-value is never 0: an effect of 10¹⁵⁰ standard errors, and a share that splits the arms completely', (t) => {
  t.is(tested(1e150, 1, 1e6, 0.95).pValue, Number.MIN_VALUE);
  const { pValue, effect } = welch(share(1, 4000), share(3999, 4000), 0.95);
  t.true(effect > 0.999 && pValue > 0 && pValue < 1e-300);
});

test('Fieller: a control without error gives the plain relative interval, one near 0 gives none', (t) => {
  const arm: ArmValue = { value: 6, variance: 0.25, units: 50 };
  const exact: ArmValue = { value: 5, variance: 0, units: 50 };
  const { low, high } = fieller(exact, arm, 0.95) ?? { low: NaN, high: NaN };
  const delta = relativeWelch(exact, arm, 0.95);
  t.true(apart(low, delta.low) < 1e-12 && apart(high, delta.high) < 1e-12);
  const near: ArmValue = { value: 1, variance: 1, units: 50 };
  t.is(fieller(near, arm, 0.95), null);
  t.false(clearOfZero(near, 0.95));
  t.true(clearOfZero(exact, 0.95));
});

test('Fieller holds exactly the ratios that are not significant, for negative controls too', (t) => {
  const positive = fc.double({ min: 0.01, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.double({ min: -9, max: 9, noNaN: true }), fc.boolean(), positive, positive, (m, below, va, vb) => {
      const control: ArmValue = { value: below ? -6 : 6, variance: va, units: 400 };
      const arm: ArmValue = { value: m, variance: vb, units: 300 };
      const found = fieller(control, arm, 0.95);
      if (found === null) return false;
      const { degrees } = welch(control, arm, 0.95);
      return [found.low, found.high].every((end) => {
        // At an end, arm − ρ·control is significant at exactly 1 − level, with ρ = 1 ± end.
        const rho = below ? 1 - end : 1 + end;
        const edge = tested(m - rho * control.value, Math.sqrt(vb + rho * rho * va), degrees, 0.95);
        return Math.abs(edge.pValue - 0.05) < 1e-9;
      });
    }),
  );
  t.pass();
});
