import test, { type ExecutionContext } from 'ava';
import { stream } from '../../../core/random.js';
import type { Metric, Trial } from '../contract.js';
import { pairedEffect } from './truth.js';

const trial = (values: readonly number[], below: readonly number[] = values.map(() => 1)): Trial => ({
  arms: ['a', 'b'],
  unit: 'user',
  arm: new Int32Array(values.length),
  covariates: {},
  segments: [],
  observations: {
    unit: Int32Array.from(values, (_, u) => u),
    columns: { x: Float64Array.from(values), n: Float64Array.from(below) },
  },
});
const metric = (given: Partial<Metric> = {}): Metric => ({
  name: 'x',
  kind: 'mean',
  column: 'x',
  role: 'primary',
  better: 'higher',
  ...given,
});

test('a mean: hand-worked pairs', (t) => {
  // Differences 1, 2, 3: mean 2, sd 1, standard error 1/√3; unpaired (1 + 4)/3: √(5/3).
  const { difference, unpaired } = pairedEffect(trial([2, 4, 6]), trial([1, 2, 3]), metric(), 0.95);
  t.is(difference.value, 2);
  t.true(Math.abs((difference.standardError ?? 0) - 1 / Math.sqrt(3)) < 1e-15);
  t.true(Math.abs((unpaired.standardError ?? 0) - Math.sqrt(5 / 3)) < 1e-15);
});

test('a proportion counts who did it at all; a ratio divides sums', (t) => {
  t.is(
    pairedEffect(trial([2, 0, 1, 5]), trial([0, 0, 1, 0]), metric({ kind: 'proportion' }), 0.95).difference.value,
    0.5,
  );
  const ratio = metric({ kind: 'ratio', denominator: 'n' });
  const { difference } = pairedEffect(trial([2, 4], [1, 2]), trial([1, 2], [1, 2]), ratio, 0.95);
  t.is(difference.value, 1);
  t.is(difference.standardError, 0, 'each unit has exactly twice the ratio: nothing left to chance');
});

const near = (t: ExecutionContext, found: number | null | undefined, wanted: number): void => {
  t.true(Math.abs((found ?? NaN) - wanted) < 1e-12, `${found} is not ${wanted}`);
};

test('a relative effect: hand-worked pairs', (t) => {
  // Means 4 and 2, ratio 2. Influences −2, 0, 2 and −1, 0, 1: (own − 2 · other) / 2 is 0 for every pair.
  const alike = pairedEffect(trial([2, 4, 6]), trial([1, 2, 3]), metric(), 0.95).relative;
  t.deepEqual([alike.value, alike.standardError, alike.interval], [1, 0, [1, 1]], 'everybody twice as much');
  // Means 4 and 2 again, influences −2, 0, 2 and 1, 0, −1: (−2 − 2) / 2, 0, 2: variance 4, standard error √(4/3).
  const { relative } = pairedEffect(trial([2, 4, 6]), trial([3, 2, 1]), metric(), 0.95);
  near(t, relative.value, 1);
  near(t, relative.standardError, Math.sqrt(4 / 3));
  near(t, relative.interval?.[1], 1 + 1.959963984540054 * Math.sqrt(4 / 3));
  // A ratio: 6/3 = 2 against 4/4 = 1. Influences (x − 2n) / 1.5: (1 − 2)/1.5, (5 − 4)/1.5; (x − n) / 2: −1, 1.
  const ratio = metric({ kind: 'ratio', denominator: 'n' });
  const other = pairedEffect(trial([1, 5], [1, 2]), trial([1, 3], [3, 1]), ratio, 0.95).relative;
  near(t, other.value, 1);
  // ∓2/3 + 2 · ±1 = ±4/3: variance 2 · (4/3)², over two pairs.
  near(t, other.standardError, 4 / 3);
});

test('what cannot be divided is refused: a control of 0, a ratio over nothing', (t) => {
  const zero = pairedEffect(trial([1, 2]), trial([0, 0]), metric(), 0.95);
  t.is(zero.difference.value, 1.5);
  t.deepEqual([zero.relative.value, zero.relative.standardError, zero.relative.interval], [null, null, null]);
  t.regex(zero.relative.method, /the control is 0/);
  const ratio = metric({ kind: 'ratio', denominator: 'n' });
  for (const [own, other] of [
    [trial([1, 2]), trial([0, 0], [0, 0])],
    [trial([0, 0], [0, 0]), trial([1, 2])],
  ])
    for (const estimate of Object.values(pairedEffect(own, other, ratio, 0.95))) {
      t.deepEqual([estimate.value, estimate.interval], [null, null]);
      t.regex(estimate.method, /anything to divide by/);
    }
  const none = pairedEffect(trial([0, 0]), trial([1, 3]), metric(), 0.95).relative;
  t.is(none.value, -1, 'a policy of 0 loses everything');
});

test('counts that add up alike differ by exactly nothing, whoever they are of', (t) => {
  const ratio = metric({ kind: 'ratio', denominator: 'n' });
  const { relative } = pairedEffect(trial([1, 5, 4], [3, 3, 1]), trial([4, 1, 5], [1, 4, 2]), ratio, 0.95);
  t.is(relative.value, 0);
});

test('the same play twice differs by exactly nothing', (t) => {
  const luck = stream(1);
  const values = Array.from({ length: 50 }, () => luck.next());
  const { difference } = pairedEffect(trial(values), trial(values), metric(), 0.95);
  t.deepEqual([difference.value, difference.standardError], [0, 0]);
});

test('a quantile and plays of other units have a value without an interval', (t) => {
  const { difference } = pairedEffect(
    trial([1, 2, 9]),
    trial([0, 1, 2]),
    metric({ kind: 'quantile', quantile: 0.5 }),
    0.95,
  );
  t.is(difference.value, 1);
  t.is(difference.interval, null);
  t.is(pairedEffect(trial([1, 2]), trial([1, 2, 3]), metric(), 0.95).difference.interval, null);
});
