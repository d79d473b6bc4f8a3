import test from 'ava';
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
