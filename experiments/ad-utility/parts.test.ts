import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { WeightGrid } from '../../logs/ad-utility/weight-grid.js';
import { guardrailOf, stateOf } from '../lifts/merge.js';
import { answerOf } from './answer.js';
import { mergeWeights, weightsByClickRate } from './buckets.js';
import { meanWeights } from './judging.js';
import { CTR, LONG_CTR, REVENUE, REWARD } from './metrics.js';
import type { Played, PolicyPlay, Sums } from './play.js';
import { largest, randomTuner, staticTuner } from './policies.js';
import { tryTuners } from './trying.js';
import { tinyExperiment } from './_tiny.test.js';
import type { LiftTable } from '../lifts/contract.js';

const near = (t: ExecutionContext, found: number | null | undefined, wanted: number): void => {
  t.true(Math.abs((found ?? NaN) - wanted) < 1e-9, `${found} is not ${wanted}`);
};

function sums(columns: Partial<Record<keyof Sums, readonly number[]>>, R: number): Sums {
  const column = (name: keyof Sums): Float64Array => Float64Array.from(columns[name] ?? new Float64Array(R));
  return {
    ...{ reward: column('reward'), revenue: column('revenue'), click: column('click') },
    ...{ longClick: column('longClick'), hide: column('hide'), shown: column('shown') },
  };
}

function play(name: string, expected: Sums, weights: readonly number[] = []): PolicyPlay {
  const R = expected.reward.length;
  return {
    name,
    expected,
    realised: expected,
    logged: expected.reward,
    weights: Float32Array.from(weights.length > 0 ? weights : new Float32Array(R * 3)),
  };
}

test('lifts by hand: two users, three treated requests, one other request', (t) => {
  const shown = [2, 2, 2];
  const control = sums({ reward: [1, 2, 3], revenue: [1, 1, 2], click: [1, 0, 1], shown }, 3);
  const policy = sums({ reward: [2, 2, 5], revenue: [1, 1, 1.5], click: [1, 1, 1], shown }, 3);
  const treated: Played = { user: Int32Array.of(7, 7, 9), plays: [play('manual', control), play('own', policy)] };
  const rest = sums({ reward: [6], revenue: [4], click: [1], shown: [2] }, 1);
  const others: Played = { user: Int32Array.of(9), plays: [play('manual', rest)] };
  const request = { seed: 1, surface: 'search', treated, others, learned: ['own'], margin: 0.03, level: 0.95 };
  const { lifts } = tryTuners(request);
  const row = (table: LiftTable, metric: string) => table.rows.find((one) => one.metric === metric);
  // Reward 9 ÷ 6 and, with the other request, 15 ÷ 12; revenue 3.5 ÷ 4 and 7.5 ÷ 8; clicks per ad 3/6 ÷ 2/6 and 4/8 ÷ 3/8.
  near(t, row(lifts[0], REWARD)?.relative.value, 0.5);
  near(t, row(lifts[1], REWARD)?.relative.value, 0.25);
  near(t, row(lifts[0], REVENUE)?.relative.value, -0.125);
  near(t, row(lifts[1], REVENUE)?.relative.value, -0.0625);
  near(t, row(lifts[0], CTR)?.control, 1 / 3);
  near(t, row(lifts[0], CTR)?.relative.value, 0.5);
  near(t, row(lifts[1], CTR)?.relative.value, 1 / 3);
  // Nobody clicked long: there is nothing to divide by.
  t.is(row(lifts[0], LONG_CTR)?.relative.value, null);
  // Influences of reward per user, in units of the control: users bring (4 − 1.5·3, 5 − 1.5·3) ÷ (6 ÷ 2) = ∓1/6,
  // of variance 1/18 and n = 2: standard error √(1/18/2) = 1/6.
  near(t, row(lifts[0], REWARD)?.relative.standardError, 1 / 6);
  t.is(lifts[0].users, 2);
  t.deepEqual(lifts[0].guardrail?.states, [{ policy: 'own', state: 'unclear' }]);
});

test('a guardrail is kept, broken or unclear by where the interval lies', (t) => {
  const of = (low: number, high: number) => stateOf({ interval: [low, high] }, 0.03);
  t.is(of(-0.029, 0.01), 'kept');
  t.is(of(-0.05, -0.031), 'broken');
  t.is(of(-0.031, -0.029), 'unclear');
  t.is(of(-0.03, 0), 'unclear', 'exactly at the margin is not within it');
  t.is(stateOf({ interval: null }, 0.03), 'unclear');
  fc.assert(
    fc.property(fc.double({ min: -1, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (at, half) => {
      const tight = stateOf({ interval: [at - half / 2, at + half / 2] }, 0.03);
      const wide = stateOf({ interval: [at - half, at + half] }, 0.03);
      return wide === 'unclear' || wide === tight;
    }),
  );
  t.deepEqual(guardrailOf([], { metric: REVENUE, margin: 0.03 }).states, []);
});

const lift = (policy: string, metric: string, value: number, half = 0.001) => {
  const relative = {
    value,
    standardError: half / 2,
    interval: [value - half, value + half] as const,
    method: 'paired',
  };
  return { policy, metric, control: 1, value: 1 + value, relative, perSeed: [relative] };
};

function answered(reward: number, revenue: number, half?: number) {
  const rows = [
    lift('importance-weighted', REWARD, reward, half),
    lift('importance-weighted', REVENUE, revenue, half),
    lift('importance-weighted', CTR, 0.1),
    lift('importance-weighted', LONG_CTR, 0.07),
  ];
  const guardrail = guardrailOf(rows, { metric: REVENUE, margin: 0.03 });
  return answerOf(tinyExperiment(), [
    { place: 'the treated segment', control: 'manual', seeds: [1], users: 9, rows, guardrail },
  ]);
}

test('the answer: a sure gain within the guardrail, and nothing less, is a yes', (t) => {
  const yes = answered(0.01, -0.01);
  t.is(yes.verdict, 'supported');
  t.is(
    yes.sentence,
    "Yes: 'importance-weighted' gains, revenue guarded: reward per request +1.00 % (+0.90 to +1.10) against 'manual', CTR +10.00 % (+9.90 to +10.10), long CTR +7.00 % (+6.90 to +7.10), revenue per request −1.00 % (−1.10 to −0.90).",
  );
  t.regex(answered(0.01, -0.05).sentence, /^No: .* breaks the revenue guardrail/);
  t.regex(answered(-0.01, 0.05).sentence, /^No: .* loses/);
  t.regex(answered(0.01, -0.01, 0.02).sentence, /^Not shown: no gain in the reward that is sure/);
  t.is(answered(0.01, -0.03).verdict, 'weak');
  t.regex(answered(0.01, -0.03).sentence, /^Not shown: the revenue guardrail is unclear/);
});

test('weights by bucket: users in order of their clicks under the control, whole users, rank correlations', (t) => {
  // Users 0 to 3 click 0, 1, 2, 3 times in 4 ads; weight of clicks rises with it, that of hides falls, the third stays.
  const user = Int32Array.of(3, 0, 1, 2, 0, 1, 2, 3);
  const clicks = Array.from(user, (own) => own / 2);
  const control = play('manual', sums({ click: clicks, shown: Array.from(user, () => 2) }, 8));
  const chosen = Array.from(user, (own) => [0.1 * own, 0.2, 1 - own]).flat();
  const own = play('own', sums({ click: clicks, shown: Array.from(user, () => 2) }, 8), chosen);
  const treated: Played = { user, plays: [control, own] };
  const others: Played = { user: new Int32Array(0), plays: [play('manual', sums({}, 0))] };
  const asked = { seed: 5, policy: 'own', groups: ['click', 'longClick', 'hide'], production: [0.2, 0.2, 0.2] };
  const table = weightsByClickRate({ ...asked, buckets: 4, treated, others });
  t.deepEqual(
    table.buckets.map(({ requests }) => requests),
    [2, 2, 2, 2],
  );
  t.deepEqual(
    table.buckets.map(({ level }) => level),
    [0, 0.25, 0.5, 0.75],
  );
  near(t, table.buckets[3].weights[0], Math.fround(0.3));
  t.deepEqual(table.rankCorrelation, [[1, null, -1]]);
  const twice = mergeWeights([table, { ...table, seeds: [6] }]);
  t.deepEqual(twice.seeds, [5, 6]);
  t.is(twice.buckets[0].requests, 4);
  t.is(twice.rankCorrelation.length, 2);
  // One user cannot be cut in two.
  const one = weightsByClickRate({
    ...asked,
    buckets: 4,
    treated: { user: new Int32Array(8), plays: [control, own] },
    others,
  });
  t.is(one.buckets.length, 1);
});

test('who serves what: the same for everybody, a draw that belongs to the request, the mean weights of a policy', (t) => {
  const levels = { levels: [0, 0.5], production: 0.5 };
  const grid = new WeightGrid(['click', 'longClick', 'hide'].map((name) => ({ name, ...levels })));
  const request = Float64Array.from({ length: 4000 }, (_, i) => 2 ** 33 + i);
  const context = {
    count: 4000,
    request,
    user: new Int32Array(4000),
    day: new Int32Array(4000),
    numeric: new Float32Array(0),
    categorical: new Int32Array(0),
  };
  const all = new Float32Array(12_000);
  staticTuner('manual', '', grid, grid.production).weigh(context, all);
  t.true(all.every((weight) => weight === 0.5));
  const [whole, part] = [new Float32Array(12_000), new Float32Array(3000)];
  const random = randomTuner(grid, 3);
  random.weigh(context, whole);
  random.weigh({ ...context, count: 1000, request: request.subarray(3000) }, part);
  t.deepEqual(whole.subarray(9000), part);
  // A mean of 4,000 fair draws of 0 and 0.5: 0.25 ± 0.004.
  for (const mean of meanWeights(whole, 3)) t.true(Math.abs(mean - 0.25) < 0.02);
  t.deepEqual([...meanWeights(Float32Array.of(1, 2, 3, 3, 4, 5), 3)], [2, 3, 4]);
  t.is(largest([9, 1, 5, 5, 2], 1, 4), 1, 'the first among equals');
});
