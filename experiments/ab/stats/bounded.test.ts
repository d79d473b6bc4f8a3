import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { KeyedDraws } from '../../../core/draws.js';
import { bettingPValues, bettingSequence } from './betting.js';
import { type BoundedOptions, type BoundedSequence } from './bounded-data.js';
import { boundedDifference, pairedBettingPValues } from './bounded-difference.js';
import { empiricalBernstein } from './empirical-bernstein.js';

const close = (a: number, b: number, tolerance = 1e-9): boolean => Math.abs(a - b) <= tolerance;
const unit = { least: 0, most: 1, level: 0.95 };
const METHODS: readonly [string, (values: Float64Array, options: BoundedOptions) => BoundedSequence][] = [
  ['empirical Bernstein', empiricalBernstein],
  ['betting', bettingSequence],
];

function coins(n: number, chance: number, world = 0): Float64Array {
  const draws = new KeyedDraws(5, 'bounded test').at(world, 0);
  return Float64Array.from({ length: n }, (_, i) => {
    if (i % 1000 === 0) draws.at(world, 1 + i / 1000);
    return draws.next() < chance ? 1 : 0;
  });
}

test('few values by hand', (t) => {
  // λ₁ = min(√(2 ln 40/(¼ ln 2)), ½) = ½; x = 1, μ̂₀ = ½: centre 1, half (ln 40 + ¼(ln 2 − ½))/½ = 7.47: all of [0, 1].
  const wide = empiricalBernstein(Float64Array.of(1), unit);
  t.deepEqual([wide.low[0], wide.high[0]], [0, 1]);
  // Bets on two ones, σ̂² = ¼ and then 0.3125/2: (1 + λ₁y)(1 + λ₂y) = 40 with y = 1 − m, a quadratic.
  const [first, second] = [0.25 * Math.log(2), 0.3125 * Math.log(3)].map((d) => Math.sqrt((2 * Math.log(40)) / d));
  const [product, sum] = [first * second, first + second];
  const y = (Math.sqrt(sum * sum + 4 * product * 39) - sum) / (2 * product);
  const { low, high } = bettingSequence(Float64Array.of(1, 1), unit);
  t.is(low[0], 0);
  t.true(close(low[1], 1 - y) && low[1] > 0.03 && high[1] === 1);
});

test('a long stream by an independent sum of the formulas', (t) => {
  const x = coins(400, 0.3);
  const log = Math.log(2 / 0.05);
  let [sum, squares, bets, won, cost] = [0.5, 0.25, 0, 0, log];
  x.forEach((value, i) => {
    const bet = Math.min(0.5, Math.sqrt((2 * log) / ((squares / (i + 1)) * (i + 1) * Math.log(i + 2))));
    bets += bet;
    won += bet * value;
    cost += 4 * (value - sum / (i + 1)) ** 2 * ((-Math.log(1 - bet) - bet) / 4);
    sum += value;
    squares += (value - sum / (i + 2)) ** 2;
  });
  const { low, high } = empiricalBernstein(x, { ...unit, looks: [400] });
  t.true(close(low[0], won / bets - cost / bets) && close(high[0], won / bets + cost / bets));
});

test('betting limits are where the capital reaches 2/α, and p says the same', (t) => {
  const x = coins(300, 0.2);
  const { low, high } = bettingSequence(x, { ...unit, looks: [300] });
  let [squares, sum] = [0.25, 0.5];
  let [up, down] = [1, 1];
  x.forEach((value, i) => {
    const bet = Math.sqrt((2 * Math.log(40)) / ((squares / (i + 1)) * (i + 1) * Math.log(i + 2)));
    up *= 1 + Math.min(bet, 0.5 / low[0]) * (value - low[0]);
    down *= 1 - Math.min(bet, 0.5 / (1 - high[0])) * (value - high[0]);
    sum += value;
    squares += (value - sum / (i + 2)) ** 2;
  });
  t.true(close(up / 40, 1, 1e-6) && close(down / 40, 1, 1e-6));
  t.true(low[0] < 0.2 && high[0] > 0.2);
  const at = (mean: number): number => bettingPValues(x, mean, { ...unit, looks: [300] })[0];
  t.true(at(low[0] - 1e-6) <= 0.05 && at(high[0] + 1e-6) <= 0.05);
  t.true(at(0.2) > 0.05);
});

testProp(
  'never low above high, inside the range; intersecting only narrows; mirrored values mirror the interval',
  [
    fc.array(fc.double({ min: -2, max: 3, noNaN: true }), { minLength: 1, maxLength: 40 }),
    fc.double({ min: 0.5, max: 0.999, noNaN: true }),
  ],
  (t, raw, level) => {
    const options = { least: -2, most: 3, level };
    for (const [name, method] of METHODS) {
      const plain = method(Float64Array.from(raw), options);
      const running = method(Float64Array.from(raw), { ...options, intersect: true });
      const mirrored = method(
        Float64Array.from(raw, (x) => -x),
        { least: -3, most: 2, level },
      );
      raw.forEach((_, k) => {
        t.true(-2 <= plain.low[k] && plain.low[k] <= plain.high[k] && plain.high[k] <= 3, name);
        t.true(running.low[k] <= running.high[k], name);
        if (k > 0) t.true(running.low[k] >= running.low[k - 1] && running.high[k] <= running.high[k - 1], name);
        t.true(close(mirrored.low[k], -plain.high[k], 1e-8) && close(mirrored.high[k], -plain.low[k], 1e-8), name);
      });
    }
  },
  { numRuns: 40 },
);

test('a mean that moves leaves nothing, and that is said', (t) => {
  const x = Float64Array.from({ length: 4000 }, (_, i) => (i < 2000 ? 0 : 1));
  for (const [name, method] of METHODS) {
    const { low, high, empty } = method(x, { ...unit, looks: [2000, 4000], intersect: true });
    t.deepEqual([...empty], [0, 1], name);
    t.is(low[1], high[1], name);
  }
});

test('certainty: values all alike shrink the interval to them, without variance or overflow', (t) => {
  const x = new Float64Array(50_000).fill(0.25);
  for (const [name, method] of METHODS) {
    const { low, high } = method(x, { ...unit, looks: [50_000] });
    t.true(low[0] <= 0.25 && high[0] >= 0.25 && high[0] - low[0] < 0.005, `${name} ${low[0]} ${high[0]}`);
  }
  const [p] = bettingPValues(x, 0.9, { ...unit, looks: [50_000] });
  t.true(p > 0 && p < 1e-300);
});

test('all coins lost: betting knows that the mean is below about ln(2/α)·2/n', (t) => {
  const { low, high } = bettingSequence(new Float64Array(1000), { ...unit, looks: [1000] });
  t.is(low[0], 0);
  t.true(high[0] < 0.02);
});

test('covers at all times: of 200 streams of coins at most 5 % leave the truth, give or take chance', (t) => {
  const looks = [10, 50, 200, 800];
  for (const [name, method] of METHODS) {
    let missed = 0;
    for (let world = 0; world < 200; world++) {
      const { low, high } = method(coins(800, 0.1, world), { ...unit, looks });
      if (low.some((l, k) => l > 0.1 || high[k] < 0.1)) missed++;
    }
    // 3 binomial deviations above 10.
    t.true(missed <= 19, `${name}: ${missed}`);
  }
});

test('differences: both ways cover, pairs are narrower, arms may differ in length', (t) => {
  const [a, b] = [coins(3000, 0.2, 1), coins(2500, 0.5, 2)];
  const looks = [
    { control: 100, treatment: 90 },
    { control: 3000, treatment: 2500 },
  ];
  for (const by of ['empirical-bernstein', 'betting'] as const) {
    const options = { least: 0, most: 1, level: 0.95, by, looks, intersect: true };
    const pairs = boundedDifference(a, b, { ...options, from: 'pairs' });
    const arms = boundedDifference(a, b, { ...options, from: 'arms' });
    for (const { low, high } of [pairs, arms]) t.true(low[1] > 0.15 && low[1] < 0.3 && high[1] > 0.3 && high[1] < 0.45);
    t.true(pairs.high[0] - pairs.low[0] <= 2 && arms.high[0] - arms.low[0] <= 2);
  }
  const p = pairedBettingPValues(a, b, { ...unit, looks });
  t.true(p[1] < 1e-6 && p[0] >= p[1] && p[1] > 0);
  t.is(pairedBettingPValues(a, a, { ...unit, looks: [{ control: 3000, treatment: 3000 }] })[0], 1);
});

test('mistakes are named', (t) => {
  t.throws(() => empiricalBernstein(Float64Array.of(0, 2), unit), {
    message: /value 1: expected a number from 0 to 1, received 2/,
  });
  t.throws(() => bettingSequence(Float64Array.of(NaN), unit), { message: /received NaN/ });
  t.throws(() => bettingSequence(Float64Array.of(1), { ...unit, least: 1 }), { message: /least below most/ });
  t.throws(() => empiricalBernstein(Float64Array.of(1), { ...unit, looks: [2] }), {
    message: /from 0 to 1, received 2/,
  });
  t.throws(() => bettingPValues(Float64Array.of(1), 1, unit), { message: /between 0 and 1, received 1/ });
  t.throws(() => pairedBettingPValues(new Float64Array(0), new Float64Array(0), { ...unit, looks: [] }), {
    message: /at least one unit/,
  });
});
