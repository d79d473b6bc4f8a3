import test from 'ava';
import { stream } from '../../core/random.js';
import { startBackend } from '../../core/tensor/backend.js';
import { makeLog } from '../../logs/columns.js';
import type { Log } from '../../logs/record.js';
import type { ContextPolicy } from '../contract.js';
import { importanceWeighted } from './importance-weighted.js';
import { exploring, refreshed, type RefreshedRound } from './refreshed.js';
import { rewardLikelihood } from './reward-likelihood.js';
import { exactToy, GRID, luckyToy, played, type Rates, type Toy } from './toy.test.helper.js';

test.before(async () => {
  await startBackend(process.env['RECSYS_GYM_BACKEND']);
});

/** Two contexts, four actions. In the second, each group alone prefers (1, 0), yet (0, 0) is best. */
const Q: Rates = [
  [1, 2, 3, 4],
  [5, 0, 4, 4],
];
const small = { hidden: [16], dropout: 0, batch: 256, epochs: 60, learningRate: 0.03, weightDecay: 0, heldOut: 0 };
const likelihood = { ...rewardLikelihood.defaults, ...small };
const weighted = { ...importanceWeighted.defaults, ...small, entropy: 0 };
const close = (got: readonly number[], wanted: readonly number[], by: number): boolean =>
  got.every((value, i) => Math.abs(value - wanted[i]) <= by);
const valueOf = (chances: number[][], q = Q): number =>
  chances.flatMap((row, c) => row.map((p, a) => (p * q[c][a]) / q.length)).reduce((sum, part) => sum + part);

test('reward-weighted likelihood meets q ÷ Σ q, which is not greedy; what it serves is the best action', (t) => {
  const toy = exactToy(Q, 200);
  const fitted = (serving: 'best' | 'draw'): number[][] =>
    played(rewardLikelihood.fit({ ...toy, settings: { ...likelihood, serving }, random: stream(1) }).policy, toy);
  const soft = fitted('draw');
  t.true(close(soft[0], [0.1, 0.2, 0.3, 0.4], 0.02), String(soft[0]));
  t.true(close(soft[1], [5 / 13, 0, 4 / 13, 4 / 13], 0.02), String(soft[1]));
  t.deepEqual(fitted('best'), [
    [0, 0, 0, 1],
    [1, 0, 0, 0],
  ]);
});

test('with a factorised head the likelihood meets the groups’ own optima, and may serve another action than the best', (t) => {
  const toy = exactToy(Q, 200);
  const settings = { ...likelihood, head: 'factorised' as const, serving: 'draw' as const };
  const { policy } = rewardLikelihood.fit({ ...toy, settings, random: stream(1) });
  const [first, second] = played(policy, toy);
  // Group by group: (3, 7) and (4, 6) of 10; (5, 8) and (9, 4) of 13.
  t.true(close(first, [0.3 * 0.4, 0.3 * 0.6, 0.7 * 0.4, 0.7 * 0.6], 0.02), String(first));
  t.true(close(second, [45 / 169, 20 / 169, 72 / 169, 32 / 169], 0.02), String(second));
});

test('a shift by the least reward keeps the best action and moves the optimum to (q − least) ÷ Σ', (t) => {
  const toy = exactToy(
    Q.map((row) => row.map((q) => q - 1)),
    400,
  );
  const fit = (shift: 'none' | 'minimum'): number[][] =>
    played(
      rewardLikelihood.fit({ ...toy, settings: { ...likelihood, shift, serving: 'draw' }, random: stream(1) }).policy,
      toy,
    );
  t.throws(() => fit('none'), { message: /rewards of at least 0, received -1.*shift: minimum/ });
  const got = fit('minimum');
  t.true(close(got[0], [0.1, 0.2, 0.3, 0.4], 0.02), String(got[0]));
});

for (const head of ['joint', 'factorised'] as const) {
  test(`importance-weighted policy gradient finds the best action of every context (${head})`, (t) => {
    const toy = exactToy(Q, 200);
    for (const baseline of ['mean', 'linear', 'none'] as const) {
      const settings = { ...weighted, head, baseline, serving: 'draw' as const };
      const { policy } = importanceWeighted.fit({ ...toy, settings, random: stream(1) });
      const got = played(policy, toy);
      t.true(close(got[0], [0, 0, 0, 1], 0.05), `${baseline}: ${String(got[0])}`);
      t.true(close(got[1], [1, 0, 0, 0], 0.05), `${baseline}: ${String(got[1])}`);
    }
  });
}

test('centred likelihood without the ratio is worse: it spreads over all actions above the mean', (t) => {
  const toy = exactToy(Q, 200);
  const earned = (ratio: boolean): number => {
    const settings = { ...weighted, ratio, serving: 'draw' as const };
    return valueOf(played(importanceWeighted.fit({ ...toy, settings, random: stream(1) }).policy, toy));
  };
  const [right, wrong] = [earned(true), earned(false)];
  t.true(right > 4.45, `with ${right} of 4.5`);
  t.true(wrong < right - 0.1, `without ${wrong}, with ${right}`);
});

test('entropy keeps a policy from becoming certain: π ∝ exp(q ÷ β) in standard deviations of the reward', (t) => {
  const q = [[0, 1, 2, 3]];
  const toy = exactToy(q, 800);
  const settings = { ...weighted, entropy: 1, clip: 1000, epochs: 40, serving: 'draw' as const };
  const [got] = played(importanceWeighted.fit({ ...toy, settings, random: stream(1) }).policy, toy, 1);
  const powers = q[0].map((value) => Math.exp(value / Math.sqrt(1.25)));
  const total = powers.reduce((sum, power) => sum + power);
  t.true(
    close(
      got,
      powers.map((power) => power / total),
      0.03,
    ),
    String(got),
  );
});

test('held-out rows choose the pass: a learned one where there is something to learn, else the uniform start', (t) => {
  const settings = { ...weighted, epochs: 20, heldOut: 0.3, serving: 'draw' as const };
  const toy = luckyToy([[0.2, 0.2, 0.2, 0.9]], 4000);
  const { policy, curve } = importanceWeighted.fit({ ...toy, settings, random: stream(1) });
  t.true(played(policy, toy, 1)[0][3] > 0.9);
  t.is(curve[0]['epoch'], 0);
  t.true(curve[0]['heldOut'] < curve[curve.length - 1]['heldOut']);
  const nothing = { ...settings, epochs: 1, learningRate: 0 };
  const start = importanceWeighted.fit({ ...toy, settings: nothing, random: stream(1) });
  t.deepEqual(played(start.policy, toy, 1), [[0.25, 0.25, 0.25, 0.25]]);
  const fit = (given: object): number[][] =>
    played(
      importanceWeighted.fit({ ...toy, settings: { ...nothing, serving: 'best', ...given }, random: stream(1) }).policy,
      toy,
      1,
    );
  t.deepEqual(fit({}), [[0.25, 0.25, 0.25, 0.25]], 'nothing learned: no action is served as if it were the best');
  for (const head of ['joint', 'factorised']) {
    t.deepEqual(fit({ head, fallback: GRID.nameOf(2) }), [[0, 0, 1, 0]]);
  }
  t.throws(() => fit({ fallback: 'click=1 hide=5' }), {
    message: /fallback: no action 'click=1 hide=5'. Did you mean/,
  });
});

/** A log of the toy served by a policy, mixed propensities stored. */
function servedToy(toy: Toy, policy: ContextPolicy, seed: string, q: Rates): RefreshedRound {
  const luck = stream(seed);
  const { log } = toy;
  const A = log.actions.values.length;
  const chances = new Float64Array(log.rows * A);
  policy.decide({ count: log.rows, numeric: log.numeric, categorical: log.categorical }, chances);
  const action = Int32Array.from({ length: log.rows }, (_, n) => {
    let left = luck.next();
    let a = 0;
    while (a < A - 1 && left >= chances[n * A + a]) left -= chances[n * A + a++];
    return a;
  });
  const reward = Float64Array.from(action, (a, n) => q[log.categorical[n]][a] + luck.next() - 0.5);
  const { schema, actions, numeric, categorical, rows } = log;
  const made = makeLog({
    name: 'served',
    rows,
    schema,
    actions,
    action,
    numeric,
    categorical,
    outcomes: [Float32Array.from(reward)],
    propensity: Float64Array.from(action, (a, n) => chances[n * A + a]),
    policies: ['learned'],
    categoricalValues: log.categoricalValues.map(({ values }) => values),
  });
  return { log: made, rows: toy.rows, reward };
}

test('REINFORCE on refreshed logs finds the best actions, and earns more round by round', (t) => {
  const toy = exactToy(Q, 200);
  const propensities: number[] = [];
  const { dropout, weightDecay, hidden } = small;
  const settings = { ...refreshed.defaults, dropout, weightDecay, hidden, batch: 128, learningRate: 0.03, rounds: 12 };
  const learned = refreshed.learn({
    first: toy,
    settings,
    random: stream(1),
    refresh: (policy, round) => {
      const served = servedToy(toy, policy, `round ${round}`, Q);
      propensities.push(served.log.propensity.reduce((least, p) => Math.min(least, p), 1));
      return served;
    },
  });
  t.deepEqual(played(learned.policy, toy), [
    [0, 0, 0, 1],
    [1, 0, 0, 0],
  ]);
  t.is(learned.curve.length, 13);
  t.true(learned.curve[12]['reward'] > learned.curve[0]['reward'] + 0.8);
  t.true(propensities.every((least) => least >= settings.exploration / 4 - 1e-9));
  t.deepEqual(played(refreshed.load(learned.save()), toy), played(learned.policy, toy));
  t.throws(
    () =>
      refreshed.learn({ first: toy, settings: { ...settings, exploration: 0 }, random: stream(1), refresh: () => toy }),
    {
      message: /exploration/,
    },
  );
});

test('exploration mixes by hand: 0.9·(0, 1, 0, 0) + 0.1/4', (t) => {
  const toy = exactToy(Q, 4);
  const only: ContextPolicy = {
    id: 'second',
    actions: 4,
    decide: (_, out) => out.forEach((__, i) => (out[i] = Number(i % 4 === 1))),
    probabilities: (_, __, out) => out.forEach((___, i) => (out[i] = Number(i % 4 === 1))),
  };
  for (const got of played(exploring(only, 0.1), toy)) t.true(close(got, [0.025, 0.925, 0.025, 0.025], 1e-12));
});

test('same seed, same bytes; saved and loaded, the same bits; decide and probabilities agree', (t) => {
  const toy = luckyToy(
    [
      [0.2, 0.5, 0.1, 0.3],
      [0.6, 0.1, 0.1, 0.2],
    ],
    3000,
  );
  for (const head of ['joint', 'factorised'] as const) {
    const settings = { ...importanceWeighted.defaults, head, hidden: [8, 8], batch: 256, serving: 'draw' as const };
    const [one, two] = [0, 1].map(() => importanceWeighted.fit({ ...toy, settings, random: stream(3) }));
    const bytes = one.save();
    t.deepEqual(two.save(), bytes);
    const loaded = importanceWeighted.load(bytes);
    const { log, rows } = toy;
    const [a, b, c] = [0, 1, 2].map(() => new Float64Array(log.rows * 4));
    one.policy.probabilities(log, rows.index, a);
    loaded.probabilities(log, rows.index, b);
    loaded.decide({ count: log.rows, numeric: log.numeric, categorical: log.categorical }, c);
    t.deepEqual(b, a);
    t.deepEqual(c, a);
    const best = new Int32Array(log.rows);
    loaded.best({ count: log.rows, numeric: log.numeric, categorical: log.categorical }, best);
    best.forEach((action, n) => {
      const row = a.subarray(n * 4, n * 4 + 4);
      if (row[action] < Math.max(...row)) t.fail(`row ${n}`);
      if (Math.abs(row.reduce((sum, p) => sum + p) - 1) > 1e-9) t.fail(`row ${n} sums to ${String(row)}`);
    });
    t.throws(() => rewardLikelihood.load(bytes), { message: /reward-likelihood: expected a policy of version 1/ });
    t.throws(() => importanceWeighted.load(bytes.subarray(0, bytes.length - 5)), { message: /safetensors/ });
  }
});

test('other logs: actions are found by name, candidate sets are kept to', (t) => {
  const toy = exactToy(Q, 100);
  const settings = { ...likelihood, epochs: 10, serving: 'draw' as const };
  const { policy } = rewardLikelihood.fit({ ...toy, settings, random: stream(1) });
  const [first] = played(policy, toy);
  const { log } = toy;
  const turned: Log = { ...log, actions: { ...log.actions, values: [...log.actions.values].reverse() } };
  t.deepEqual(played(policy, { ...toy, log: turned })[0], [...first].reverse());
  const few: Log = {
    ...log,
    candidates: {
      offsets: Int32Array.from({ length: log.rows + 1 }, (_, i) => 2 * i),
      codes: Int32Array.from({ length: 2 * log.rows }, (_, i) => i % 2),
    },
  };
  const [kept] = played(policy, { ...toy, log: few });
  t.true(close(kept, [first[0] / (first[0] + first[1]), first[1] / (first[0] + first[1]), 0, 0], 1e-9));
  const foreign: Log = { ...log, actions: { ...log.actions, values: ['w', 'x', 'y', 'z'] } };
  t.throws(() => played(policy, { ...toy, log: foreign }), { message: /actions it knows/ });
});

test('what cannot be learned from is refused, and the row is named', (t) => {
  const toy = exactToy(Q, 10);
  const fit = (changed: Partial<Log>, reward = toy.reward, given = {}): unknown =>
    importanceWeighted.fit({
      ...toy,
      log: { ...toy.log, ...changed },
      reward,
      settings: { ...weighted, epochs: 1, ...given },
      random: stream(1),
    });
  const { schema, actions } = toy.log;
  t.throws(() => fit({ schema: { ...schema, hasPropensity: false } }), { message: /log 'toy': expected propensities/ });
  for (const bad of [0, -0.1, 1.5, NaN]) {
    const propensity = toy.log.propensity.slice();
    propensity[7] = bad;
    t.throws(() => fit({ propensity }), { message: /row 7: expected a propensity in \(0, 1\]/ });
  }
  const fifth = { propensity: new Float64Array(toy.log.rows).fill(0.2) };
  t.notThrows(() => fit(fifth), 'policy "logged" claims nothing');
  for (const name of ['uniform', 'exploration']) {
    t.throws(() => fit({ ...fifth, policies: { values: [name] } }), {
      message:
        /row 0: expected a propensity of 1\/4, as policy '(uniform|exploration)' .* received 0.2. Was the log made with another grid/,
    });
  }
  const broken = toy.reward.slice();
  broken[9] = Infinity;
  t.throws(() => fit({}, broken), { message: /row 9: expected a finite reward/ });
  t.throws(() => fit({ candidates: { offsets: new Int32Array(toy.log.rows + 1), codes: new Int32Array(0) } }), {
    message: /every action, received rows with candidate sets/,
  });
  const plain = { ...actions, numericNames: [], numeric: new Float32Array(0) };
  t.throws(() => fit({ actions: plain }, toy.reward, { head: 'factorised' }), { message: /Use head: joint/ });
  t.throws(() => fit({}, toy.reward, { head: 'jiont' }), { message: /head: expected one of joint, factorised/ });
  t.throws(() => fit({}, toy.reward, { batch: 0 }), { message: /batch: expected whole numbers/ });
  t.throws(() => fit({}, toy.reward, { dropout: 1 }), { message: /dropout/ });
  t.throws(() => fit({}, toy.reward, { baseline: 'median' }), { message: /baseline: expected one of/ });
});
