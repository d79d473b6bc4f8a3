import test from 'ava';
import type { Estimate } from '../../contract.js';
import type { Metric, Trial } from '../contract.js';
import { driftOf } from './drift.js';
import { Novelty } from './novelty.js';
import { offPolicyEffect } from './off-policy.js';
import { agreementOf } from './opinion.js';
import type { Rows } from './rows.js';

const estimate = (value: number, standardError: number): Estimate => ({
  ...{ value, standardError, interval: [value - standardError, value + standardError], method: 'made up' },
});

test('novelty halves every half-life, for each user from the day they first met the change', (t) => {
  const novelty = new Novelty({ size: 0.8, halfLifeDays: 2 }, 3);
  t.is(novelty.factor(0, 5, 0), 1, 'the control is nothing new');
  t.is(novelty.factor(0, 5, 1), 1.8);
  t.is(novelty.factor(0, 7, 1), 1.4);
  t.is(novelty.factor(1, 7, 1), 1.8);
  t.is(novelty.factor(2, -3, 1), 1, 'nor is anything before the test');
  t.is(new Novelty({ size: -0.5, halfLifeDays: 1 }, 1).factor(0, 0, 1), 0.5);
});

test('ways to judge agree within the error of their difference, and those that do not are named', (t) => {
  const rows = [
    { method: 'simulator', estimate: estimate(1, 0.1) },
    { method: 'test', estimate: estimate(1.4, 0.2) },
  ];
  // 0.4 against 1.96·√(0.1² + 0.2²) = 0.438.
  t.true(agreementOf('x', rows, 0.95).agree);
  const { agree, sentence } = agreementOf('x', [...rows, { method: 'log', estimate: estimate(1.5, 0.1) }], 0.95);
  t.false(agree);
  t.is(sentence, 'Disagrees with the simulator: log.');
  t.is(agreementOf('x', rows.slice(0, 1), 0.95, 2).agree, null);
});

/** Two users a day per arm for some days; the second arm gains `gain(day)`. */
function daily(days: number, gain: (day: number) => number): Trial {
  const unit: number[] = [];
  const day: number[] = [];
  const x: number[] = [];
  for (let d = 0; d < days; d++) {
    for (let u = 0; u < 4; u++) {
      unit.push(u);
      day.push(d);
      x.push((u % 2) + (u >= 2 ? gain(d) : 0));
    }
  }
  return {
    arms: ['old', 'new'],
    unit: 'user',
    arm: Int32Array.of(0, 0, 1, 1),
    covariates: {},
    segments: [],
    observations: { unit: Int32Array.from(unit), day: Int32Array.from(day), columns: { x: Float64Array.from(x) } },
  };
}
const metric: Metric = { name: 'x', kind: 'mean', column: 'x', role: 'primary', better: 'higher' };

test('drift: the slope of the daily differences, with their own precision', (t) => {
  const drift = driftOf(
    daily(5, (d) => 10 - 2 * d),
    metric,
    1,
    0.95,
  );
  t.deepEqual(
    drift?.curve.points.map(([, y]) => y),
    [10, 8, 6, 4, 2],
  );
  t.true(Math.abs((drift?.slope.value ?? 0) + 2) < 1e-12);
  // Every day has variance 2·(0.5/2): Σ(d − 2)²/0.5 = 20, so the standard error is √(1/20).
  t.true(Math.abs((drift?.slope.standardError ?? 0) - Math.sqrt(0.05)) < 1e-12);
  t.is(
    driftOf(
      daily(2, () => 1),
      metric,
      1,
      0.95,
    ),
    undefined,
    'two days make no trend',
  );
  t.is(
    driftOf(
      daily(5, () => 1),
      { ...metric, kind: 'proportion' },
      1,
      0.95,
    ),
    undefined,
  );
});

const logged = (weight: readonly number[], reward: readonly number[]): Rows => {
  const column = (values: readonly number[]): Float64Array => Float64Array.from(values);
  const zeros = new Int32Array(weight.length);
  return {
    ...{ user: zeros, day: zeros, hour: zeros, arm: zeros, features: {} },
    columns: { weight: column(weight), revenue: column(reward) },
  };
};

test("off-policy from the control's log: SNIPS against its own mean; refused where hardly anything matches", (t) => {
  const half = Array.from({ length: 400 }, (_, n) => n % 2);
  const found = offPolicyEffect(
    logged(
      half.map((x) => 2 * x),
      half,
    ),
    { column: 'revenue', level: 0.95 },
  );
  t.is(found?.value, 0.5, 'the arm answers only requests that earn 1, the control half of them');
  const poor = offPolicyEffect(
    logged(
      half.map((_, n) => (n < 5 ? 80 : 0)),
      half,
    ),
    { column: 'revenue', level: 0.95 },
  );
  t.is(poor?.value, null);
  t.regex(poor?.method ?? '', /refused: the control's requests are worth 5 of the other arm's/);
  const { columns, ...rest } = logged(half, half);
  t.is(
    offPolicyEffect({ ...rest, columns: { revenue: columns['revenue'] } }, { column: 'revenue', level: 0.95 }),
    undefined,
  );
});
