import { fc } from '@fast-check/ava';
import test from 'ava';
import { normal } from '../../../core/distributions.js';
import { stream } from '../../../core/random.js';
import { cuped, type CupedEffect } from './cuped.js';
import { meanOf } from './arm-value.js';
import { sumsOf, type Sums } from './sums.js';
import { welch } from './welch.js';

const MEAN = { metric: 'mean', before: 'mean' } as const;
const RATIO = { metric: 'ratio', before: 'ratio' } as const;
const apart = (a: number, b: number): number => (a === b ? 0 : Math.abs(a - b) / Math.abs(b));
const sums = (...columns: readonly (readonly number[])[]): Sums => sumsOf(columns.map((c) => Float64Array.from(c)));

function must(found: CupedEffect | null): CupedEffect {
  if (found === null) throw new Error('refused');
  return found;
}

test('by hand: θ over the two arms pooled, the adjusted difference and its variance', (t) => {
  const [a, b] = [sums([1, 2, 3], [0, 1, 2]), sums([4, 4, 7], [1, 3, 2])];
  // Pooled: mean of Y 3.5, of X 1.5; Σ(Y − 3.5)(X − 1.5) = 3.75 + 0.75 − 0.25 − 0.25 + 0.75 + 1.75 = 6.5; Σ(X − 1.5)² = 5.5.
  const { theta, difference, varianceReduction, relative } = must(cuped(a, b, MEAN, 0.95));
  t.true(apart(theta, 6.5 / 5.5) < 1e-14);
  // (5 − 2θ) − (2 − θ) = 3 − θ.
  t.true(apart(difference.effect, 3 - theta) < 1e-14);
  // Control: v_Y = 1, v_X = 1, c = 1. Arm: v_Y = 3, v_X = 1, c = 0.
  const variance = (1 + theta ** 2 - 2 * theta) / 3 + (3 + theta ** 2) / 3;
  t.true(apart(difference.standardError, Math.sqrt(variance)) < 1e-14);
  t.true(apart(varianceReduction, 1 - variance / (4 / 3)) < 1e-12);
  // The control, 2 ± 4.30 · 0.577, is not clear of 0.
  t.is(relative, null);
  // At level 0.8 it is (2 ± 1.89 · 0.577); m_B / m_A = 5/2 in the control's part.
  const loose = must(cuped(a, b, MEAN, 0.8)).relative;
  const own = (1 * 2.5 ** 2 - 2 * theta * 2.5 + theta ** 2) / 3;
  t.true(apart(loose?.effect ?? NaN, (3 - theta) / 2) < 1e-14);
  t.true(apart(loose?.standardError ?? NaN, Math.sqrt((own + (3 + theta ** 2) / 3) / 4)) < 1e-14);
});

const rows = fc.array(
  fc.tuple(fc.double({ min: 1, max: 9, noNaN: true }), fc.double({ min: 1, max: 9, noNaN: true })),
  { minLength: 5, maxLength: 50 },
);
const column = (arm: readonly (readonly number[])[], k: number): number[] => arm.map((row) => row[k]);

test('adjusting a mean by X is adjusting a ratio over ones by X over ones, but for how θ is pooled', (t) => {
  fc.assert(
    fc.property(rows, rows, (x, y) => {
      const two = [x, y].map((arm) => sums(column(arm, 0), column(arm, 1)));
      const four = [x, y].map((arm) => {
        const ones = arm.map(() => 1);
        return sums(column(arm, 0), ones, column(arm, 1), ones);
      });
      const [mean, ratio] = [cuped(two[0], two[1], MEAN, 0.95), cuped(four[0], four[1], RATIO, 0.95)];
      if (mean === null || ratio === null) return mean === ratio;
      // The ratio's θ is the one with the least variance, so it is never beaten, and it can only lower the variance.
      return (
        ratio.varianceReduction >= mean.varianceReduction - 1e-9 &&
        ratio.varianceReduction >= -1e-9 &&
        Math.abs(ratio.varianceReduction - ratio.correlation ** 2) < 1e-9
      );
    }),
  );
  t.pass();
});

test('a metric that is its own past: everything is explained; one without a past: nothing is refused but null', (t) => {
  const [a, b] = [sums([1, 2, 3, 5], [1, 2, 3, 5]), sums([2, 3, 4, 7], [2, 3, 4, 7])];
  const { theta, correlation, difference } = must(cuped(a, b, MEAN, 0.95));
  t.true(apart(theta, 1) < 1e-14 && apart(correlation, 1) < 1e-14);
  t.true(Math.abs(difference.effect) < 1e-14);
  t.is(cuped(sums([1, 2, 4], [5, 5, 5]), sums([1, 2, 3], [5, 5, 5]), MEAN, 0.95), null);
});

/** Arms of n units with Y = X·0.8 + noise + effect; X shifted by `before` in the second arm. */
function arms(n: number, effect: number, before: number, slope = 0.8): [Sums, Sums] {
  const luck = stream(9);
  const arm = (shift: number, plus: number): Sums => {
    const x = Float64Array.from({ length: n }, () => 5 + shift + normal(luck));
    return sumsOf([x.map((v) => slope * v + 0.6 * normal(luck) + plus), x]);
  };
  return [arm(0, 0), arm(before, effect)];
}

test('a healthy trial keeps its effect, gains 1 − ρ², and has no warning', (t) => {
  const [a, b] = arms(20_000, 0.1, 0);
  const { varianceReduction, correlation, difference, alarms, remarks, relative } = must(cuped(a, b, MEAN, 0.95));
  t.true(Math.abs(correlation - 0.8) < 0.01);
  t.true(Math.abs(varianceReduction - 0.64) < 0.02);
  t.true(Math.abs(difference.effect - 0.1) < 4 * difference.standardError);
  t.true(Math.abs((relative?.effect ?? NaN) - difference.effect / a.mean[0]) < 1e-12);
  t.deepEqual([...alarms, ...remarks], []);
});

test('health: arms that differed before, a past that says nothing, an effect that turns', (t) => {
  const turned = must(cuped(...arms(5000, 0.1, -0.4), MEAN, 0.95));
  t.is(turned.alarms.length, 2);
  t.regex(turned.alarms[0], /differed before the test began \(p = \d/);
  t.regex(turned.alarms[1], /turns the sign/);
  t.true(turned.difference.effect > 0 && welch(...pair(arms(5000, 0.1, -0.4)), 0.95).effect < 0);
  const [low] = must(cuped(...arms(5000, 0.1, 0, 0.02), MEAN, 0.95)).remarks;
  t.regex(low, /correlation is 0\.0\d\d/);
});

const pair = ([a, b]: [Sums, Sums]): [ReturnType<typeof meanOf>, ReturnType<typeof meanOf>] => [meanOf(a), meanOf(b)];

test('the standard error is the spread: re-drawn trials of a ratio, adjusted by the ratio before', (t) => {
  const luck = stream(4);
  const trials = 400;
  const seen = Array.from({ length: trials }, () => {
    const arm = (): Sums => {
      const columns = Array.from({ length: 4 }, () => new Float64Array(300));
      for (let i = 0; i < 300; i++) {
        const taste = 0.2 + 0.6 * luck.next();
        for (const at of [0, 2]) {
          const visits = 1 + Math.floor(4 * luck.next());
          for (let v = 0; v < visits; v++) if (luck.next() < taste) columns[at][i]++;
          columns[at + 1][i] = visits;
        }
      }
      return sumsOf(columns);
    };
    return must(cuped(arm(), arm(), RATIO, 0.95)).difference;
  });
  const spread = Math.sqrt(seen.reduce((sum, { effect }) => sum + effect ** 2, 0) / trials);
  const told = seen.reduce((sum, { standardError }) => sum + standardError, 0) / trials;
  // A spread over 400 trials is known to 3.5 %.
  t.true(Math.abs(told / spread - 1) < 0.13, `${told} against ${spread}`);
  const covered = seen.filter(({ low, high }) => low <= 0 && high >= 0).length / trials;
  t.true(covered > 0.91 && covered < 0.985, `covered ${covered}`);
});
