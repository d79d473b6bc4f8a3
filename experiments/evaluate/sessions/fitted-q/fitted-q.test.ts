import test from 'ava';
import { stream } from '../../../../core/random.js';
import { startBackend } from '../../../../core/tensor/backend.js';
import { sessionEstimators, type SessionEstimatorKey } from '../estimators/index.js';
import { sessionValue, type SessionEstimator } from '../forms.js';
import { sessionTerms, type LoggedSessions } from '../sessions.js';
import { drawn, everyRow, exactValue, exactValues, population, targetIn, WORLD } from '../world.test.helper.js';
import { crossFitQ, type FitWorld, type FittedQ } from './fit.js';
import { fittedQ } from './index.js';
import { linearQ } from './linear.js';
import { networkQ } from './network.js';
import { tabularQ } from './tabular.js';

test.before(async () => {
  await startBackend(process.env['RECSYS_GYM_BACKEND']);
});

const close = (a: number, b: number, tolerance = 1e-9): boolean =>
  Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b));
const worldOf = (sessions: LoggedSessions, discount: number): FitWorld => ({
  sessions,
  policy: everyRow(sessions, WORLD.target),
  discount,
});
const everyone = ({ offsets }: LoggedSessions): Int32Array =>
  Int32Array.from({ length: offsets.length - 1 }, (_, s) => s);
const value = (key: SessionEstimatorKey, sessions: LoggedSessions, discount: number, guesses: Float64Array): number => {
  const estimator: SessionEstimator = sessionEstimators[key];
  return sessionValue(estimator.perSession(sessionTerms(sessions, targetIn(sessions), discount, guesses), 1));
};

/** Largest distance of a fitted Q from the world's, over the states and actions of some rows. */
function distance(q: FittedQ, sessions: LoggedSessions, discount: number): number {
  const v = [...exactValues(WORLD.target, discount), 0];
  const row = new Float64Array(2);
  let worst = 0;
  sessions.state?.code.forEach((s, i) => {
    q(i, row, 0);
    row.forEach((found, a) => {
      const wanted = WORLD.reward[s][a] + discount * WORLD.moves[s][a].reduce((sum, p, to) => sum + p * v[to], 0);
      worst = Math.max(worst, Math.abs(found - wanted));
    });
  });
  return worst;
}

test('on the whole population the tabular Q is the world’s, the linear one up to its ridge', (t) => {
  const sessions = population();
  for (const discount of [1, 0.6]) {
    const world = worldOf(sessions, discount);
    t.true(distance(tabularQ.fit(world, everyone(sessions), stream(1)), sessions, discount) < 1e-12);
    const linear = distance(linearQ.fit(world, everyone(sessions), stream(1)), sessions, discount);
    t.true(linear < 0.02, `linear: off by ${linear}`);
  }
});

test('linear Q and linear weights: two roads to one number', (t) => {
  const sessions = drawn(stream(2), 300);
  const guesses = new Float64Array(2 * sessions.action.length);
  const q = linearQ.fit(worldOf(sessions, 0.9), everyone(sessions), stream(1));
  for (let i = 0; i < sessions.action.length; i++) q(i, guesses, 2 * i);
  t.true(close(value('mwl', sessions, 0.9, guesses), value('dm', sessions, 0.9, guesses), 1e-2));
  const table = tabularQ.fit(worldOf(sessions, 0.9), everyone(sessions), stream(1));
  for (let i = 0; i < sessions.action.length; i++) table(i, guesses, 2 * i);
  t.true(close(value('samis', sessions, 0.9, guesses), value('dm', sessions, 0.9, guesses)));
});

test('a neural Q comes near the world’s', (t) => {
  const sessions = drawn(stream(4), 1500);
  const q = networkQ({ renewals: 8, passes: 3 }).fit(worldOf(sessions, 0.9), everyone(sessions), stream(1));
  const off = distance(q, sessions, 0.9);
  t.true(off < 0.25, `off by ${off}`);
});

test('cross-fitting: no session is scored by a Q that saw it, and the same seed gives the same numbers', (t) => {
  const sessions = drawn(stream(6), 80);
  const seen: number[][] = [];
  const spy = {
    ...tabularQ,
    fit: (world: FitWorld, members: Int32Array, random: ReturnType<typeof stream>): FittedQ => {
      const fold = seen.push([...members]) - 1;
      const q = tabularQ.fit(world, members, random);
      return (row, out, at) => {
        const session = sessions.offsets.findLastIndex((offset) => offset <= row);
        t.false(seen[fold].includes(session), `session ${session} was seen by fold ${fold}`);
        q(row, out, at);
      };
    },
  };
  const world = worldOf(sessions, 0.9);
  const guesses = crossFitQ(spy, world, { folds: 4, seed: 3 });
  t.deepEqual(
    seen.map((members) => members.length),
    [60, 60, 60, 60],
  );
  t.deepEqual(guesses, crossFitQ(tabularQ, world, { folds: 4, seed: 3 }));
  t.notDeepEqual(guesses, crossFitQ(tabularQ, world, { folds: 4, seed: 4 }));
  t.true(guesses.every(Number.isFinite));
  const truth = exactValue(WORLD.target, 0.9);
  for (const key of ['dm', 'dr', 'snDr', 'magic'] as const)
    t.true(Math.abs(value(key, sessions, 0.9, guesses) - truth) < 0.5, key);
  t.throws(() => crossFitQ(tabularQ, world, { folds: 1, seed: 3 }), {
    message: /from 2 to the 80 sessions, received 1/,
  });
});

test('what was never logged: the state’s other actions, else the mean return to go', (t) => {
  const sessions: LoggedSessions = {
    offsets: Int32Array.of(0, 2, 3),
    actions: 2,
    action: Int32Array.of(0, 0, 0),
    reward: Float64Array.of(1, 2, 5),
    propensity: new Float64Array(3).fill(1),
    state: { count: 3, code: Int32Array.of(0, 1, 2) },
  };
  const world = { sessions, policy: Float64Array.of(0, 1, 1, 0, 1, 0), discount: 1 };
  const row = new Float64Array(2);
  const q = tabularQ.fit(world, Int32Array.of(0), stream(1));
  q(0, row, 0);
  t.deepEqual([...row], [3, 3]);
  q(2, row, 0);
  t.deepEqual([...row], [2.5, 2.5]);
});

test('missing states and features say how to get them', (t) => {
  const { state: _state, features: _features, ...bare } = drawn(stream(1), 10);
  const world = { sessions: bare, policy: new Float64Array(2 * bare.action.length).fill(0.5), discount: 1 };
  t.throws(() => fittedQ.tabular.fit(world, Int32Array.of(0), stream(1)), { message: /--state/ });
  t.throws(() => fittedQ.linear.fit(world, Int32Array.of(0), stream(1)), { message: /--features/ });
  t.throws(() => fittedQ.network.fit(world, Int32Array.of(0), stream(1)), { message: /--features/ });
});

test('a policy that never ends its sessions has no undiscounted value', (t) => {
  const sessions: LoggedSessions = {
    offsets: Int32Array.of(0, 3),
    actions: 2,
    action: Int32Array.of(0, 0, 1),
    reward: Float64Array.of(1, 1, 0),
    propensity: new Float64Array(3).fill(0.5),
    state: { count: 1, code: new Int32Array(3) },
  };
  const stays = Float64Array.of(1, 0, 1, 0, 1, 0);
  const world = { sessions, policy: stays, discount: 1 };
  t.notThrows(() => tabularQ.fit({ ...world, discount: 0.9 }, Int32Array.of(0), stream(1)));
  const endless = { ...sessions, offsets: Int32Array.of(0, 2, 3), state: { count: 2, code: Int32Array.of(0, 1, 0) } };
  t.notThrows(() => tabularQ.fit({ ...world, sessions: endless }, Int32Array.of(0, 1), stream(1)));
  t.throws(() => tabularQ.fit(world, Int32Array.of(0), stream(1)), { message: /sessions that end.*discount below 1/ });
});
