import test from 'ava';
import { stream } from '../../core/random.js';
import { startBackend } from '../../core/tensor/backend.js';
import { WeightGrid } from '../../logs/ad-utility/weight-grid.js';
import { makeLog } from '../../logs/columns.js';
import type { ContextPolicy } from '../contract.js';
import { actionFeatures } from './action-features.js';
import { linearBandit } from './linear-bandit.js';
import { bestGlobal, estimateActions, matchedStatic, staticPolicy } from './static-policy.js';
import { exactToy, GRID, luckyToy, played, type Rates } from './toy.test.helper.js';
import { alphaSweep } from './value-policy.js';
import { valueRegression } from './value-regression.js';

test.before(async () => {
  await startBackend(process.env['RECSYS_GYM_BACKEND']);
});

const Q: Rates = [
  [1, 2, 3, 4],
  [5, 0, 4, 4],
];
const BEST = [
  [0, 0, 0, 1],
  [1, 0, 0, 0],
];
const small = { ...valueRegression.defaults, hidden: [16, 16], batch: 128, epochs: 30, learningRate: 0.02, heldOut: 0 };

test('value regression learns q, and serves its best action', (t) => {
  const toy = exactToy(Q, 100);
  const { policy, curve } = valueRegression.fit({ ...toy, settings: small, random: stream(1) });
  t.deepEqual(played(policy, toy), BEST);
  const out = new Float64Array(2 * 4);
  const [one, other] = [0, 1].map((c) => toy.log.categorical.indexOf(c));
  policy.values(
    {
      count: 2,
      numeric: Float32Array.of(toy.log.numeric[one], toy.log.numeric[other]),
      categorical: Int32Array.of(0, 1),
    },
    out,
  );
  Q.flat().forEach((q, i) => t.true(Math.abs(out[i] - q) < 0.4, `${out[i]} for ${q}`));
  t.is(curve.length, 30);
});

test('one head per outcome: the weights of the sum are chosen afterwards, α sweeps from one outcome to the other', (t) => {
  const toy = exactToy(Q, 100);
  const { schema, outcomes } = toy.log;
  // A second outcome that is the mirror of the first, counted up to many.
  const log = {
    ...toy.log,
    schema: { ...schema, outcomes: ['up', 'down'] },
    outcomes: [outcomes[0], outcomes[0].map((r) => 5 - r)],
  };
  const settings = { ...small, outcomes: ['up', 'down'], weights: [1, 0] };
  const { policy } = valueRegression.fit({ ...toy, log, settings, random: stream(1) });
  t.deepEqual(played(policy, { ...toy, log }), BEST);
  const sweep = alphaSweep(policy, 'up', 'down', 25);
  t.is(sweep.length, 25);
  t.is(sweep[6].alpha, 0.25);
  t.deepEqual(played(sweep[24].policy, { ...toy, log }), BEST);
  t.deepEqual(played(sweep[0].policy, { ...toy, log }), [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
  ]);
  t.throws(() => alphaSweep(policy, 'up', 'dwon'), { message: /one of up, down, received 'dwon'/ });
  t.throws(() => policy.weighing([1]), { message: /weights: expected 2/ });
  const clipped = valueRegression.fit({
    ...toy,
    log,
    settings: { ...settings, clipped: ['up'], epochs: 1 },
    random: stream(1),
  });
  // min(count, 1) of 1, 2, 3, 4, 5, 0, 4, 4.
  t.true(Math.abs(clipped.policy.parts.mean[0] - 7 / 8) < 1e-12);
  const refuse = (given: object, message: RegExp): void => {
    t.throws(() => valueRegression.fit({ ...toy, log, settings: { ...settings, ...given }, random: stream(1) }), {
      message,
    });
  };
  refuse({ outcomes: ['upp', 'down'] }, /no outcome 'upp'. Did you mean 'up'/);
  refuse({ weights: [1] }, /weights: expected one per outcome, 2, received 1/);
  refuse({ clipped: ['click'] }, /clipped: 'click' is not guessed/);
  refuse({ hidden: [] }, /hidden: expected whole numbers of at least 1, received none/);
});

test('value regression: held-out rows choose the pass; same seed, same bytes; saved and loaded, the same bits', (t) => {
  const toy = luckyToy([[0.2, 0.5, 0.1, 0.3]], 3000);
  const settings = { ...small, epochs: 3, heldOut: 0.2, dropout: 0.1 };
  const [one, two] = [0, 1].map(() => valueRegression.fit({ ...toy, settings, random: stream(2) }));
  t.true('heldOut' in one.curve[0]);
  const bytes = one.save();
  t.deepEqual(two.save(), bytes);
  const loaded = valueRegression.load(bytes);
  const context = {
    count: 50,
    numeric: toy.log.numeric.subarray(0, 50),
    categorical: toy.log.categorical.subarray(0, 50),
  };
  const [a, b] = [new Float64Array(200), new Float64Array(200)];
  one.policy.values(context, a);
  loaded.values(context, b);
  t.deepEqual(b, a);
  t.deepEqual(loaded.save(), bytes);
  t.throws(() => valueRegression.load(linearBandit.fit({ ...toy, settings: { ridge: 1 }, random: stream(1) }).save()), {
    message: /value-regression: expected a policy of version 1, received recsys-gym\/linear-bandit/,
  });
});

test('actions as numbers: weights from 0 to 1, names one place each', (t) => {
  t.deepEqual([...actionFeatures(GRID.actionTable()).features], [0, 0, 0, 1, 1, 0, 1, 1]);
  const { actions } = makeLog({
    name: 'items',
    rows: 0,
    schema: { outcomes: [], source: 'test' },
    actions: ['a', 'b'],
    action: new Int32Array(0),
    outcomes: [],
  });
  t.deepEqual(actionFeatures(actions), { width: 2, features: Float32Array.of(1, 0, 0, 1) });
});

test('linear bandit: exact coefficients by hand, and the best action of every context', (t) => {
  const toy = exactToy(Q, 100);
  const fit = (ridge: number): ReturnType<typeof linearBandit.fit> =>
    linearBandit.fit({ ...toy, settings: { ridge }, random: stream(1) });
  const learned = fit(1);
  t.deepEqual(played(learned.policy, toy), BEST);
  t.deepEqual(played(linearBandit.load(learned.save()), toy), BEST);
  t.deepEqual(fit(1).save(), learned.save());
  t.throws(() => fit(0), { message: /ridge/ });
  // Without any context z = 1: θ_a = Σ (r − mean) ÷ (λ + n_a).
  const { schema } = toy.log;
  const blind = {
    ...toy.log,
    schema: { ...schema, numericNames: [], categoricalNames: [] },
    numeric: new Float32Array(0),
    categorical: new Int32Array(0),
    categoricalValues: [],
  };
  const flat = linearBandit.fit({ ...toy, log: blind, settings: { ridge: 200 }, random: stream(1) });
  const out = new Int32Array(1);
  flat.policy.best({ count: 1, numeric: new Float32Array(0), categorical: new Int32Array(0) }, out);
  t.is(out[0], 3); // means 3, 1, 3.5, 4
});

test('static policies: always the same action, found by name elsewhere', (t) => {
  const toy = exactToy(Q, 2);
  const policy = staticPolicy(GRID.actionTable(), 2, 'manual');
  t.is(policy.id, 'manual');
  t.deepEqual(played(policy, toy), [
    [0, 0, 1, 0],
    [0, 0, 1, 0],
  ]);
  const turned = { ...toy.log, actions: { ...toy.log.actions, values: [...toy.log.actions.values].reverse() } };
  t.deepEqual(played(policy, { ...toy, log: turned })[0], [0, 1, 0, 0]);
  const out = new Int32Array(3);
  policy.best({ count: 3, numeric: new Float32Array(3), categorical: new Int32Array(3) }, out);
  t.deepEqual([...out], [2, 2, 2]);
  t.throws(() => staticPolicy(GRID.actionTable(), 4), { message: /an action from 0 to 3, received 4/ });
});

test('best global by hand: means of each action’s own rows, weighted by 1/μ, with their standard errors', (t) => {
  const log = makeLog({
    name: 'hand',
    rows: 6,
    schema: { outcomes: ['r'], source: 'test' },
    actions: ['a', 'b', 'c'],
    action: Int32Array.of(0, 0, 1, 1, 1, 2),
    outcomes: [new Float32Array(6)],
    propensity: Float64Array.of(0.5, 0.25, 0.5, 0.5, 0.5, 0.5),
  });
  const rows = { name: 'all', index: Int32Array.of(0, 1, 2, 3, 4, 5) };
  const reward = Float64Array.of(3, 0, 0, 1, 2, 100);
  const [a, b, c] = estimateActions(log, rows, reward);
  t.is(a.mean, (2 * 3 + 4 * 0) / 6);
  t.is(a.standardError, Math.sqrt((2 * 2) ** 2 + (4 * 1) ** 2) / 6);
  t.is(b.mean, 1);
  t.true(Math.abs(b.standardError - Math.sqrt(8) / 6) < 1e-12);
  t.is(c.hits, 1);
  t.true(Number.isNaN(c.standardError));
  t.is(bestGlobal(log, rows, reward).best.action, 0, 'c has one row only; a and b tie');
  t.is(bestGlobal(log, rows, reward, 1).best.action, 2);
  t.throws(() => bestGlobal(log, rows, reward, 9), { message: /an action with 9 rows or more/ });
  t.throws(() => bestGlobal({ ...log, propensity: log.propensity.map(() => 0) }, rows, reward), {
    message: /propensity in/,
  });
});

test('matched static by hand: a third at (0, 0), two thirds at (1, 0.2), nearest level per group', (t) => {
  const grid = new WeightGrid([
    { name: 'click', levels: [0, 1], production: 0 },
    { name: 'hide', levels: [0, 0.1, 0.2], production: 0 },
  ]);
  const policy: ContextPolicy = {
    id: 'by kind',
    actions: 6,
    decide({ count, categorical }, out) {
      out.fill(0);
      for (let n = 0; n < count; n++) out[n * 6 + (categorical[n] === 0 ? 0 : 5)] = 1;
    },
    probabilities: () => t.fail('not asked'),
  };
  const context = (kinds: number[]): { count: number; numeric: Float32Array; categorical: Int32Array } => ({
    count: kinds.length,
    numeric: new Float32Array(0),
    categorical: Int32Array.from(kinds),
  });
  const { weights, nearest, policy: matched } = matchedStatic(policy, [context([0, 1]), context([1])], grid);
  t.true(Math.abs(weights[0] - 2 / 3) < 1e-12);
  t.true(Math.abs(weights[1] - 0.4 / 3) < 1e-7);
  t.is(nearest, grid.jointOfWeights([1, 0.1]));
  t.is(matched.id, 'matched-static');
  t.throws(() => matchedStatic(policy, [], grid), { message: /expected decisions, received none/ });
  t.throws(() => matchedStatic(policy, [context([0])], GRID), { message: /a policy of the grid's 4 actions/ });
});
