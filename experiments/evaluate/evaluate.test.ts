import test from 'ava';
import fc from 'fast-check';
import { existsSync, readFileSync } from 'node:fs';
import { stream } from '../../core/random.js';
import { quantileOfSorted } from '../../core/stats/moments.js';
import { normal, shuffle } from '../../core/distributions.js';
import { estimators, type EstimatorKey } from './estimators/index.js';
import type { Estimator, PerRound } from './estimators/form.js';
import { comparePolicies, defaultRequests, evaluatePolicy, parseRequests } from './evaluate.js';
import { termsOf, type LoggedRounds } from './rounds.js';
import { replicatedValues } from './intervals/index.js';
import { influenceOf, standardErrorOf, valueOf } from './summarise.js';

const golden = '../shared/golden/ope_bandit.json';
const options = { level: 0.95, replicates: 0, seed: 1 };

function random(
  seed: number,
  n: number,
  actions: number,
): { rounds: LoggedRounds; target: Float64Array; guesses: Float64Array } {
  const luck = stream(seed);
  const row = (): number[] => {
    const raw = Array.from({ length: actions }, () => luck.next() + 0.05);
    const total = raw.reduce((a, b) => a + b);
    return raw.map((value) => value / total);
  };
  const action = new Int32Array(n);
  const propensity = new Float64Array(n);
  const target: number[] = [];
  for (let i = 0; i < n; i++) {
    const serving = row();
    action[i] = Math.floor(luck.next() * actions);
    propensity[i] = serving[action[i]];
    target.push(...row());
  }
  const reward = Float64Array.from({ length: n }, () => Math.round(luck.next() * 4) / 4);
  return {
    rounds: { actions, action, reward, propensity },
    target: Float64Array.from(target),
    guesses: Float64Array.from({ length: n * actions }, () => luck.next()),
  };
}

function form(key: EstimatorKey, world: ReturnType<typeof random>, setting = NaN): PerRound {
  const estimator: Estimator = estimators[key];
  return estimator.perRound(termsOf(world.rounds, world.target, world.guesses), setting);
}
const value = (key: EstimatorKey, world: ReturnType<typeof random>, setting?: number): number =>
  valueOf(form(key, world, setting));
const close = (a: number, b: number, tolerance = 1e-9): boolean =>
  Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a), Math.abs(b));

test('two rounds by hand', (t) => {
  const world = {
    rounds: {
      actions: 2,
      action: Int32Array.of(0, 1),
      reward: Float64Array.of(1, 0.5),
      propensity: Float64Array.of(0.5, 0.25),
    },
    target: Float64Array.of(0.25, 0.75, 0.5, 0.5),
    guesses: Float64Array.of(0.8, 0.4, 0.2, 0.6),
  };
  // w = 0.5, 2; direct = 0.25·0.8 + 0.75·0.4 = 0.5 and 0.4; residuals 0.2 and −0.1.
  t.true(close(value('ips', world), (0.5 + 1) / 2));
  t.true(close(value('clippedIps', world, 1), (0.5 + 0.5) / 2));
  t.true(close(value('snips', world), 1.5 / 2.5));
  t.true(close(value('dm', world), 0.45));
  t.true(close(value('dr', world), (0.5 + 0.1 + 0.4 - 0.2) / 2));
  t.true(close(value('sndr', world), 0.45 + (0.1 - 0.2) / 2.5));
  t.true(close(value('switchDr', world, 1), (0.5 + 0.1 + 0.4) / 2));
  t.true(close(value('dros', world, 1), (0.5 + 0.4 * 0.2 + 0.4 - 0.4 * 0.1) / 2));
});

test('the eight-round table: every published value to 1e-9', (t) => {
  if (!existsSync(golden)) {
    t.log('skipped: ../shared/golden is not here');
    t.pass();
    return;
  }
  const {
    inputs,
    policy_value: expected,
    round_rewards: perRound,
    diagnostics,
  } = JSON.parse(readFileSync(golden, 'utf8'));
  const world = {
    rounds: {
      actions: 3,
      action: Int32Array.from(inputs.action),
      reward: Float64Array.from(inputs.reward),
      propensity: Float64Array.from(inputs.pscore),
    },
    target: Float64Array.from(inputs.pi_e.flat()),
    guesses: Float64Array.from(inputs.q_hat.flat()),
  };
  const cases: [EstimatorKey, number | undefined, string][] = [
    ['dm', undefined, 'dm'],
    ['ips', undefined, 'ipw'],
    ['clippedIps', 1.5, 'ipw_clip_1.5'],
    ['clippedIps', 2, 'ipw_clip_2'],
    ['snips', undefined, 'snipw'],
    ['dr', undefined, 'dr'],
    ['sndr', undefined, 'sndr'],
    ...[0.6, 1.5, 2, 10].map((tau): [EstimatorKey, number, string] => ['switchDr', tau, `switch_dr_${tau}`]),
    ...[0, 0.5, 1, 10, 100].map((lambda): [EstimatorKey, number, string] => ['dros', lambda, `dros_${lambda}`]),
  ];
  for (const [key, setting, name] of cases)
    t.true(
      close(value(key, world, setting), expected[name]),
      `${name}: ${value(key, world, setting)} against ${expected[name]}`,
    );
  const round = (key: EstimatorKey, setting?: number): Float64Array => form(key, world, setting).numerator;
  for (const [key, setting, name] of [
    ['ips', undefined, 'ipw'],
    ['dr', undefined, 'dr'],
    ['switchDr', 1.5, 'switch_dr_1.5'],
    ['dros', 1, 'dros_1'],
  ] as const) {
    round(key, setting).forEach((number, i) => t.true(close(number, perRound[name][i]), `${name} round ${i}`));
  }
  const judged = evaluatePolicy(world.rounds, world.target, world.guesses, {
    ...options,
    requests: defaultRequests(true),
  });
  t.is(judged.verdict, 'weak');
  t.true(close(judged.diagnostics.effectiveSampleSize, diagnostics.ess_kish));
  t.true(close(judged.diagnostics.meanWeight, diagnostics.mean_w));
  t.is(judged.diagnostics.maxWeight, 4.25);
  t.is(judged.diagnostics.propensityFloor, 0.2);
});

test('identities hold on random logs', (t) => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 2, max: 40 }), fc.integer({ min: 2, max: 6 }), (seed, n, actions) => {
      const world = random(seed, n, actions);
      const model = value('dm', world);
      const robust = value('dr', world);
      const zero = { ...world, guesses: new Float64Array(n * actions) };
      const onPolicy = {
        ...world,
        rounds: {
          ...world.rounds,
          propensity: world.rounds.propensity.map((_, i) => world.target[i * actions + world.rounds.action[i]]),
        },
      };
      const mean = world.rounds.reward.reduce((a, b) => a + b) / n;
      const reversed = {
        rounds: {
          actions,
          action: world.rounds.action.slice().reverse(),
          reward: world.rounds.reward.slice().reverse(),
          propensity: world.rounds.propensity.slice().reverse(),
        },
        target: Float64Array.from(
          Array.from({ length: n }, (_, i) => [
            ...world.target.subarray((n - 1 - i) * actions, (n - i) * actions),
          ]).flat(),
        ),
        guesses: Float64Array.from(
          Array.from({ length: n }, (_, i) => [
            ...world.guesses.subarray((n - 1 - i) * actions, (n - i) * actions),
          ]).flat(),
        ),
      };
      t.true(close(value('dr', zero), value('ips', zero)), 'DR without guesses is IPS');
      t.true(
        close(value('switchDr', world, Infinity), robust) && close(value('switchDr', world, 0), model),
        'Switch-DR at its ends',
      );
      t.true(
        close(value('dros', world, 1e12), robust, 1e-6) && close(value('dros', world, 0), model),
        'DRos at its ends',
      );
      t.true(close(value('clippedIps', world, Infinity), value('ips', world)), 'no clip is IPS');
      t.true(value('snips', world) >= 0 && value('snips', world) <= 1, 'SNIPS stays inside the rewards');
      t.true(
        close(value('ips', onPolicy), mean) && close(value('snips', onPolicy), mean),
        'weights of 1 give the mean',
      );
      for (const key of ['ips', 'snips', 'dm', 'dr', 'sndr'] as const)
        t.true(close(value(key, reversed), value(key, world)), `${key} does not see the order`);
    }),
    { numRuns: 60 },
  );
});

test('standard errors: the plain mean, and a ratio against its bootstrap', (t) => {
  const world = random(3, 400, 3);
  const plain = form('ips', world);
  const mean = valueOf(plain);
  const variance = plain.numerator.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 399;
  t.true(close(standardErrorOf(influenceOf(plain), false), Math.sqrt(variance / 400)));
  const ratio = form('snips', world);
  const [drawn] = replicatedValues([ratio], { replicates: 4000, seed: 5 });
  const [low, high] = [quantileOfSorted(drawn, 0.025), quantileOfSorted(drawn, 0.975)];
  const half = 1.96 * standardErrorOf(influenceOf(ratio), true);
  t.true(Math.abs((high - low) / (2 * half) - 1) < 0.1, `bootstrap half ${(high - low) / 2} against delta ${half}`);
  t.true(low < valueOf(ratio) && valueOf(ratio) < high);
  t.deepEqual(
    replicatedValues([ratio], { replicates: 50, seed: 5 }),
    replicatedValues([ratio], { replicates: 50, seed: 5 }),
  );
});

/** A logged world with known truth: reward rate depends on the action; the target prefers the best one. */
function world(
  seed: number,
  n: number,
): { rounds: LoggedRounds; target: Float64Array; guesses: Float64Array; truth: number } {
  const luck = stream(seed);
  const rates = [0.2, 0.5, 0.35];
  const serving = [0.5, 0.2, 0.3];
  const pi = [0.1, 0.7, 0.2];
  const action = new Int32Array(n);
  const reward = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const u = luck.next();
    action[i] = u < 0.5 ? 0 : u < 0.7 ? 1 : 2;
    reward[i] = rates[action[i]] + 0.3 * normal(luck);
  }
  return {
    rounds: { actions: 3, action, reward, propensity: Float64Array.from(action, (a) => serving[a]) },
    target: Float64Array.from({ length: 3 * n }, (_, i) => pi[i % 3]),
    guesses: Float64Array.from({ length: 3 * n }, (_, i) => rates[i % 3] + 0.05),
    truth: pi.reduce((sum, p, a) => sum + p * rates[a], 0),
  };
}

test('95 % intervals cover the truth in 92 to 98 of 100 runs; DM does not know its bias', (t) => {
  const runs = 400;
  const covered: Record<string, number> = {};
  for (let run = 0; run < runs; run++) {
    const { rounds, target, guesses, truth } = world(run, 400);
    const { estimates } = evaluatePolicy(rounds, target, guesses, {
      ...options,
      requests: parseRequests('ips,snips,dr,sndr,dm'),
    });
    for (const [key, { interval }] of Object.entries(estimates))
      covered[key] = (covered[key] ?? 0) + (interval !== null && interval[0] <= truth && truth <= interval[1] ? 1 : 0);
  }
  for (const key of ['ips', 'snips', 'dr', 'sndr'])
    t.true(covered[key] / runs > 0.92 && covered[key] / runs < 0.98, `${key} covers ${covered[key] / runs}`);
  t.is(covered['dm'], 0);
});

test('the ends of the scale: no overlap leaves the model, one round of it leaves a number, intervals never cross', (t) => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 2, max: 60 }), (seed, n) => {
      const { rounds, target, guesses } = random(seed, n, 3);
      // The target never does what was logged: every weight is 0 and doubly robust is the model.
      const elsewhere = target.map((_, at) => (at % 3 === (rounds.action[Math.floor(at / 3)] + 1) % 3 ? 1 : 0));
      const none = { rounds, target: elsewhere, guesses };
      t.true(close(value('dr', none), value('dm', none)));
      t.is(value('ips', none), 0);
      const shuffled = Int32Array.from({ length: n }, (_, i) => i);
      shuffle(stream(seed).fork('order'), shuffled);
      const pick = (matrix: Float64Array): Float64Array =>
        Float64Array.from(Array.from(shuffled, (i) => [...matrix.subarray(3 * i, 3 * i + 3)]).flat());
      const mixed = {
        actions: 3,
        action: Int32Array.from(shuffled, (i) => rounds.action[i]),
        reward: Float64Array.from(shuffled, (i) => rounds.reward[i]),
        propensity: Float64Array.from(shuffled, (i) => rounds.propensity[i]),
      };
      const requests = defaultRequests(true);
      const forced = { ...options, requests, replicates: 40, force: true };
      const judged = evaluatePolicy(rounds, target, guesses, forced);
      const again = evaluatePolicy(mixed, pick(target), pick(guesses), forced);
      for (const [key, { value: number, standardError, interval, bootstrap }] of Object.entries(judged.estimates)) {
        t.true(number !== null && standardError !== null && interval !== null && bootstrap !== undefined);
        if (number === null || standardError === null || interval === null || bootstrap === undefined) return;
        t.true(interval[0] <= number && number <= interval[1] && bootstrap[0] <= bootstrap[1], key);
        t.true(close(number, again.estimates[key].value ?? NaN) && standardError >= 0, key);
        t.true(close(standardError, again.estimates[key].standardError ?? NaN), key);
      }
      t.true(close(judged.diagnostics.effectiveSampleSize, again.diagnostics.effectiveSampleSize));
      t.is(judged.verdict, again.verdict);
      t.is(
        judged.weights.counts.reduce((a, b) => a + b),
        n,
      );
    }),
    { numRuns: 40 },
  );
});

test('rounds that cannot be used are named and refused, also by force', (t) => {
  const { rounds, target, guesses } = world(4, 500);
  const requests = parseRequests('ips,dr,switchDr');
  const ask = (changed: Partial<LoggedRounds>, to = target, q = guesses) =>
    evaluatePolicy({ ...rounds, ...changed }, to, q, { ...options, requests, force: true });
  const wrong = <A extends Float64Array | Int32Array>(column: A, at: number, value: number): A => {
    const copy = column.slice() as A;
    copy[at] = value;
    return copy;
  };
  const cases: [ReturnType<typeof ask>, RegExp][] = [
    [ask({ propensity: wrong(rounds.propensity, 7, 0) }), /^Row 7: propensity 0 is not in \(0, 1\]/],
    [ask({ propensity: wrong(rounds.propensity, 7, NaN) }), /propensity NaN/],
    [ask({ propensity: wrong(rounds.propensity, 7, 1.5) }), /propensity 1\.5/],
    [ask({ reward: wrong(rounds.reward, 7, NaN) }), /reward NaN is not a finite number/],
    [ask({ action: wrong(rounds.action, 7, 3) }), /action 3 is not in 0 to 2/],
    [ask({ action: wrong(rounds.action, 7, -1) }), /action -1 is not in 0 to 2/],
    [ask({}, wrong(target, 21, 0.2)), /policy probabilities sum to 1\.\d+ instead of 1/],
    [ask({}, wrong(wrong(target, 21, -0.1), 22, 0.9)), /policy probability -0\.1 is negative/],
    [ask({}, target, wrong(guesses, 22, Infinity)), /a guess of the reward is not a finite number/],
  ];
  for (const [{ verdict, reasons, estimates, diagnostics }, said] of cases) {
    t.is(verdict, 'unsupported');
    t.regex(reasons[0], said);
    t.deepEqual(diagnostics.offendingRows, [7]);
    t.is(diagnostics.rounds, 500);
    t.is(estimates['dr'].value, null);
    t.is(estimates['switchDr'].setting, 10);
  }
});

test('a round of rewards that are all 0, and weights that vary without any one standing out', (t) => {
  const { rounds, target } = world(2, 5000);
  const requests = defaultRequests(false);
  const nothing = evaluatePolicy({ ...rounds, reward: new Float64Array(5000) }, target, undefined, {
    ...options,
    requests,
  });
  t.is(nothing.verdict, 'unsupported');
  t.regex(nothing.reasons[0], /would claim certainty/);
  // 50 rounds share the weight of 100,000: too few to speak, none of them to blame alone.
  const n = 100_000;
  const sparse: LoggedRounds = {
    actions: 2,
    action: Int32Array.from({ length: n }, (_, i) => (i % 2000 === 0 ? 0 : 1)),
    reward: Float64Array.from({ length: n }, (_, i) => i % 3),
    propensity: Float64Array.from({ length: n }, (_, i) => (i % 2000 === 0 ? 0.0005 : 0.9995)),
  };
  const only = Float64Array.from({ length: 2 * n }, (_, at) => (at % 2 === 0 ? 1 : 0));
  const judged = evaluatePolicy(sparse, only, undefined, { ...options, requests });
  t.is(judged.verdict, 'unsupported');
  t.regex(judged.reasons[0], /^The effective sample size is 50 of 100000 rounds \(0\.050 %\); row 0/);
  t.deepEqual(judged.diagnostics.offendingRows, [0]);
});

test('a paired difference is tighter than two separate intervals, and 0 against itself', (t) => {
  const { rounds, target, guesses } = world(1, 2000);
  const better = { id: 'new', target, verdict: 'supported' as const };
  const served = { id: 'served', target: null, verdict: 'supported' as const };
  const [request] = parseRequests('dr');
  const same = comparePolicies(rounds, guesses, better, { ...better, id: 'same' }, { level: 0.95, request });
  t.is(same.difference.value, 0);
  t.is(same.difference.standardError, 0);
  const difference = comparePolicies(rounds, guesses, better, served, { level: 0.95, request });
  t.true((difference.difference.value ?? 0) > 0.09);
  const refused = comparePolicies(rounds, guesses, { ...better, verdict: 'unsupported' }, served, {
    level: 0.95,
    request,
  });
  t.is(refused.difference.value, null);
});

test('one propensity of 1e-6 among 10,000: unsupported, numbers refused, the row named', (t) => {
  const { rounds, target, guesses } = world(1, 10_000);
  const requests = defaultRequests(true);
  t.is(evaluatePolicy(rounds, target, guesses, { ...options, requests }).verdict, 'supported');
  const propensity = rounds.propensity.slice();
  propensity[4321] = 1e-6;
  const judged = evaluatePolicy({ ...rounds, propensity }, target, guesses, { ...options, requests });
  t.is(judged.verdict, 'unsupported');
  t.deepEqual(judged.diagnostics.offendingRows, [4321]);
  t.regex(judged.reasons[0], /^Row 4321 holds 9\d % of all weight: its propensity is 0\.000001/);
  for (const { value: number, interval, method } of Object.values(judged.estimates)) {
    t.is(number, null);
    t.is(interval, null);
    t.regex(method, /refused: Row 4321/);
  }
  const forced = evaluatePolicy({ ...rounds, propensity }, target, guesses, { ...options, requests, force: true });
  t.is(forced.verdict, 'unsupported');
  t.is(typeof forced.estimates['ips'].value, 'number');
});

test('no overlap, wrong propensities, constant rewards and too few rewards are said', (t) => {
  const { rounds, target } = world(2, 5000);
  const judge = (changed: Partial<LoggedRounds>, to = target): { verdict: string; reasons: readonly string[] } =>
    evaluatePolicy({ ...rounds, ...changed }, to, undefined, { ...options, requests: defaultRequests(false) });
  const elsewhere = Float64Array.from({ length: 3 * 5000 }, (_, i) =>
    i % 3 === (rounds.action[Math.floor(i / 3)] + 1) % 3 ? 1 : 0,
  );
  t.regex(judge({}, elsewhere).reasons[0], /never does what was logged/);
  t.regex(
    judge({ propensity: rounds.propensity.map((p) => Math.min(1, 3 * p)) }).reasons[0],
    /mean weight is 0\.\d+ instead of 1/,
  );
  t.regex(
    judge({ propensity: rounds.propensity.map((p) => 0.8 * p) }).reasons.join(),
    /more than 5 standard errors from 1/,
  );
  const silent = judge({ reward: rounds.reward.map(() => 0) });
  t.is(silent.verdict, 'unsupported');
  t.regex(silent.reasons[0], /No round that the policy could have caused has a reward/);
  const constant = judge({ reward: rounds.reward.map(() => 1) });
  t.is(constant.verdict, 'weak');
  t.regex(constant.reasons.join(), /Every reward is 1/);
  t.regex(judge({ reward: rounds.reward.map((_, i) => (i < 5 ? 1 : 0)) }).reasons.join(), /Only \d rounds/);
});

test('estimator lists: settings of their own, mistyped names, estimators without a setting', (t) => {
  t.deepEqual(parseRequests('ips, clippedIps=2,dros', { dros: 3 }), [
    { key: 'ips', estimator: 'ips' },
    { key: 'clippedIps=2', estimator: 'clippedIps', setting: 2 },
    { key: 'dros', estimator: 'dros', setting: 3 },
  ]);
  t.throws(() => parseRequests('snipz'), { message: /No estimator called 'snipz'\. Did you mean 'snips'\?/ });
  t.throws(() => parseRequests('ips=3'), { message: /expected no setting, received '3'/ });
  t.throws(() => parseRequests('dros=-1'), { message: /λ of at least 0, received '-1'/ });
  t.throws(() => form('dr', { ...random(1, 3, 2), guesses: undefined as unknown as Float64Array }), {
    message: /dr: expected guesses of the reward, received none/,
  });
});
