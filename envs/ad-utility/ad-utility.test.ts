import test from 'ava';
import { fields, width } from '../../core/space.js';
import { OUTCOMES } from '../../simulators/ad-market/contract.js';
import { AdMarket } from '../../simulators/ad-market/market.js';
import { adMarketDefaults } from '../../simulators/ad-market/settings.js';
import { actionBuffer, stepBatch } from '../buffers.js';
import { envMaker } from '../index.js';
import { brokenLaws } from '../laws.js';
import { AD_UTILITY, AdUtilityEnv } from './ad-utility.js';
import { adUtilityDefaults, type AdUtilitySettings } from './settings.js';

const small = { users: 500, ads: 100, advertisers: 10 };
const open = (given: Partial<AdUtilitySettings> = {}, batch = 3, market: object = {}): AdUtilityEnv =>
  new AdUtilityEnv(
    new AdMarket({ ...adMarketDefaults, ...small, ...market }),
    { ...adUtilityDefaults, ...given },
    batch,
  );

const worlds: Readonly<Record<string, object>> = {
  'as it comes': {},
  'a level per weight, on one surface': { action: 'groups', surface: 'search' },
  'expectations, second price, a reserve': { outcomes: 'expected', market: { payment: 'second', reserve: 0.5 } },
  'days with budgets': { horizon: 'day', requests: 12, market: { budget: 0.5 } },
  'paced days on one surface, seasons': {
    ...{ horizon: 'day', requests: 7, action: 'groups', surface: 'related', days: 200 },
    market: { budget: 0.2, pacing: 'throttle', drift: 1, weekend: 0.2 },
  },
};

for (const [name, { market, ...given }] of Object.entries<{ readonly market?: object }>(worlds)) {
  test(`every law is kept: ${name}`, (t) => {
    const make = envMaker(AD_UTILITY, { ...given, market: { ...small, ...market } });
    t.deepEqual(brokenLaws(make, { steps: 60 }), []);
  });
}

test('a step is what the market serves for the weights of the action, to the digit', (t) => {
  const env = open({}, 4);
  const [out, action] = [stepBatch(env.spec), actionBuffer(env.spec)];
  env.reset(5, out);
  const seen = out.observation.slice();
  action.set([0, 62, 124, env.grid.production]);
  env.step(action, out);
  const market = new AdMarket({ ...adMarketDefaults, ...small });
  // Which requests they were follows from what was observed of them: it is found again among all of a day's.
  const O = width(env.spec.observation);
  t.is(O, market.shape.numeric + market.shape.categorical);
  for (let b = 0; b < 4; b++) {
    const [revenue, click, long, hide] = out.objectives.subarray(b * 4, b * 4 + 4);
    t.is(out.reward[b], Math.fround(revenue + 0.25 * click + 0.25 * long - 0.2 * hide));
    t.true(Number.isInteger(click) && Number.isInteger(long) && Number.isInteger(hide) && long <= click);
    t.is(out.terminated[b], 1);
    t.is(env.spec.endReasons[out.endReason[b]].name, 'request served');
    t.deepEqual(out.final.slice(b * O, (b + 1) * O), seen.slice(b * O, (b + 1) * O));
  }
  t.deepEqual([...env.spec.objectives], [...OUTCOMES]);
  t.is(env.spec.rewardUnit, '1*revenue + 0.25*click + 0.25*longClick + -0.2*hide');
});

test('two actions on the same requests: only clicks counted shows more clicks, in expectation, than only revenue', (t) => {
  const play = (weights: readonly number[]): Float64Array => {
    const env = open({ outcomes: 'expected' }, 50);
    const [out, action] = [stepBatch(env.spec), actionBuffer(env.spec)];
    action.fill(env.grid.jointOfWeights(weights));
    env.reset(2, out);
    const sums = new Float64Array(4);
    for (let step = 0; step < 20; step++) {
      env.step(action, out);
      out.objectives.forEach((x, i) => (sums[i % 4] += x));
    }
    return sums;
  };
  const [greedy, clicks, careful] = [play([0, 0, 0]), play([0.8, 0, 0]), play([0, 0, 0.8])];
  t.true(clicks[1] > 1.1 * greedy[1], `${clicks[1]} ${greedy[1]}`);
  t.true(clicks[0] < greedy[0]);
  t.true(careful[3] < greedy[3]);
});

test('realised outcomes are the expected ones on average, and both pay the same auctions', (t) => {
  const sums = (outcomes: string): Float64Array => {
    const env = open({ outcomes }, 400);
    const [out, action] = [stepBatch(env.spec), actionBuffer(env.spec)];
    action.fill(env.grid.production);
    env.reset(3, out);
    const total = new Float64Array(4);
    for (let step = 0; step < 40; step++) {
      env.step(action, out);
      out.objectives.forEach((x, i) => (total[i % 4] += x));
    }
    return total;
  };
  const [realised, expected] = [sums('realised'), sums('expected')];
  // Counts of rare events: five deviations of a Poisson count.
  for (const r of [1, 2, 3]) t.true(Math.abs(realised[r] - expected[r]) < 5 * Math.sqrt(expected[r]), OUTCOMES[r]);
});

test('levels per weight and the joint action are the same decision', (t) => {
  const [joint, groups] = [open({}, 2), open({ action: 'groups' }, 2)];
  const [one, two] = [stepBatch(joint.spec), stepBatch(groups.spec)];
  joint.reset(1, one);
  groups.reset(1, two);
  t.deepEqual(one.observation, two.observation);
  for (const levels of [
    [0, 0, 0],
    [4, 3, 2],
    [1, 4, 0],
  ]) {
    const action = actionBuffer(groups.spec);
    action.set([...levels, ...levels]);
    joint.step(Int32Array.of(joint.grid.jointOf(levels), joint.grid.jointOf(levels)), one);
    groups.step(action, two);
    t.deepEqual(one.objectives, two.objectives);
  }
});

test('with a surface named, all requests are of it', (t) => {
  const env = open({ surface: 'search' }, 100);
  const out = stepBatch(env.spec);
  env.reset(1, out);
  const field = fields(env.spec.observation).find(({ name }) => name === 'surface');
  const O = width(env.spec.observation);
  for (let b = 0; b < 100; b++) t.is(out.observation[b * O + (field?.at ?? -1)], 2);
});

test('a day spends its budgets, never more, and the next one begins with full ones', (t) => {
  const env = open({ horizon: 'day', requests: 200 }, 2, { budget: 0.3 });
  const [out, action] = [stepBatch(env.spec), actionBuffer(env.spec)];
  const O = width(env.spec.observation);
  const spentAt = O - 1;
  action.fill(0);
  env.reset(1, out);
  t.is(out.observation[spentAt], 0);
  let before = 0;
  let revenue = 0;
  for (let step = 0; step < 200; step++) {
    env.step(action, out);
    revenue += out.objectives[0];
    const observed = step === 199 ? out.final : out.observation;
    t.true(observed[spentAt] >= before && observed[spentAt] <= 1);
    before = observed[spentAt];
    t.is(out.terminated[0], step === 199 ? 1 : 0);
  }
  t.is(env.spec.endReasons[out.endReason[0]].name, 'day over');
  t.is(out.final[O - 2], 1);
  t.is(out.observation[spentAt], 0);
  t.is(out.observation[O - 2], 0);
  const share = 200 / env.market.settings.requestsPerDay;
  const budgets = env.market.budgets([share]);
  const total = Array.from({ length: 10 }, (_, a) => budgets.left(0, a)).reduce((sum, x) => sum + x, 0);
  t.true(before > 0.3, `spent ${before}`);
  t.true(Math.abs(revenue - before * total) < 1e-4 * total, `${revenue} of ${total}`);
});

test('what is best for a request is not best for a day: revenue is capped by the budgets, clicks are not', (t) => {
  const play = (horizon: string, weights: readonly number[]): number => {
    const env = open({ horizon, requests: 200 }, 20, { budget: 0.5 });
    const [out, action] = [stepBatch(env.spec), actionBuffer(env.spec)];
    action.fill(env.grid.jointOfWeights(weights));
    env.reset(1, out);
    let total = 0;
    for (let step = 0; step < 200; step++) {
      env.step(action, out);
      total += out.reward.reduce((sum, reward) => sum + reward, 0);
    }
    return total;
  };
  const [revenue, clicks] = [
    [0, 0, 0],
    [0.8, 0.8, 0],
  ];
  t.true(play('request', revenue) > play('request', clicks));
  t.true(play('day', clicks) > 1.2 * play('day', revenue));
});

test('a formula takes the place of the weights', (t) => {
  const market = new AdMarket({ ...adMarketDefaults, ...small });
  const reward = { text: 'min(click, 1)', evaluateRow: (values: ArrayLike<number>) => Math.min(values[1], 1) };
  const env = new AdUtilityEnv(market, adUtilityDefaults, 200, reward);
  const [out, action] = [stepBatch(env.spec), actionBuffer(env.spec)];
  env.reset(1, out);
  env.step(action, out);
  t.is(env.spec.rewardUnit, 'min(click, 1)');
  for (let b = 0; b < 200; b++) t.is(out.reward[b], Math.min(out.objectives[b * 4 + 1], 1));
  t.true(out.reward.some((x) => x === 1));
});

for (const [given, message] of [
  [{ horizon: 'week' }, /AdUtility-v1: horizon: expected request or day, received week/],
  [{ action: 'all' }, /action: expected joint or groups/],
  [{ outcomes: 'true' }, /outcomes: expected realised or expected/],
  [{ surface: 'billboard' }, /surface: expected one of home, related, search, received billboard/],
  [{ production: [0.3, 0.2, 0.2] }, /group 'click': expected the weight in production among the levels/],
  [{ production: [0.2] }, /production: expected three weights/],
  [{ click: [0.4, 0.2] }, /group 'click': expected ascending levels/],
  [{ requests: 0 }, /requests/],
  [{ days: 1.5 }, /days: expected a whole number/],
  [{ horizon: 'day', requests: 200_000 }, /requests: expected at most 100000/],
  [{ reward: { ...adUtilityDefaults.reward, hide: NaN } }, /reward.hide/],
] as const) {
  test(`no env is made with ${JSON.stringify(given)}`, (t) => {
    t.throws(() => open(given), { message });
  });
}

test('weights outside the grid are refused, and nothing is served', (t) => {
  const env = open({}, 2);
  const out = stepBatch(env.spec);
  env.reset(1, out);
  const before = env.snapshot();
  for (const wrong of [125, -1, 0.5, NaN]) {
    t.throws(() => env.step(Float32Array.of(3, wrong), out), {
      message: /AdUtility-v1 step, world 1: expected an action/,
    });
  }
  t.deepEqual(env.snapshot(), before);
});
