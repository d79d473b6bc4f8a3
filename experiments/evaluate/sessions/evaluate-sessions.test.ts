import test from 'ava';
import { stream } from '../../../core/random.js';
import { makeLog } from '../../../logs/columns.js';
import { evaluateSessions, offered, parseSessionEstimators, possibleEstimators } from './evaluate-sessions.js';
import { crossFitQ } from './fitted-q/fit.js';
import { tabularQ } from './fitted-q/tabular.js';
import { sessionsOfLog } from './log.js';
import { targetOf, type LoggedSessions, type SessionTarget } from './sessions.js';
import { StepOrder } from './step-order.js';
import { drawn, everyRow, exactValue, targetIn, WORLD } from './world.test.helper.js';

const OPTIONS = { estimators: ['tis', 'pdis', 'snTis'], discount: 0.9, level: 0.95, replicates: 0, seed: 1 } as const;
const every = new Set(['guesses', 'state', 'features', 'policy'] as const);

/** Fair coins; the policy prefers 1. One state. */
function coins(count: number, length: number): { sessions: LoggedSessions; target: SessionTarget } {
  const luck = stream(31);
  const n = count * length;
  const action = Int32Array.from({ length: n }, () => (luck.next() < 0.5 ? 0 : 1));
  const sessions = {
    offsets: Int32Array.from({ length: count + 1 }, (_, s) => s * length),
    actions: 2,
    action,
    reward: Float64Array.from(action),
    propensity: new Float64Array(n).fill(0.5),
    names: Array.from({ length: count }, (_, s) => `visit ${s}`),
    state: { count: 1, code: new Int32Array(n) },
  };
  return {
    sessions,
    target: targetOf(
      sessions,
      Float64Array.from({ length: 2 * n }, (_, at) => (at % 2 ? 0.8 : 0.2)),
    ),
  };
}

test('a healthy log: every estimator near the truth, supported, intervals around the values', (t) => {
  const sessions = drawn(stream(7), 1500);
  const target = targetIn(sessions);
  const guesses = crossFitQ(
    tabularQ,
    { sessions, policy: everyRow(sessions, WORLD.target), discount: 0.9 },
    { folds: 3, seed: 1 },
  );
  const estimators = possibleEstimators(every);
  t.is(estimators.length, 11);
  const found = evaluateSessions(sessions, target, guesses, { ...OPTIONS, estimators, replicates: 300 });
  t.is(found.verdict, 'supported', found.reasons.join(' '));
  t.deepEqual(found.reasons, []);
  const truth = exactValue(WORLD.target, 0.9);
  for (const [key, { value, standardError, interval, bootstrap }] of Object.entries(found.estimates)) {
    t.true(
      Math.abs((value ?? NaN) - truth) < 4 * (standardError ?? NaN) + (key === 'dm' || key === 'magic' ? 0.1 : 0),
      key,
    );
    for (const ends of [interval, bootstrap])
      t.true(ends !== null && ends !== undefined && ends[0] < (value ?? NaN) && (value ?? NaN) < ends[1]);
  }
  const { diagnostics } = found;
  t.is(diagnostics.sessions, 1500);
  t.is(diagnostics.longest, 3);
  t.is(diagnostics.horizon?.length, 3);
  t.deepEqual(diagnostics.horizon?.[0].sessions, 1500);
  t.deepEqual(evaluateSessions(sessions, target, guesses, { ...OPTIONS, estimators, replicates: 300 }), found);
});

test('long sessions: products are refused and name the session, marginal weights stand', (t) => {
  const { sessions, target } = coins(300, 60);
  const found = evaluateSessions(sessions, target, undefined, {
    ...OPTIONS,
    estimators: ['tis', 'snPdis', 'smis', 'samis'],
    discount: 1,
  });
  t.is(found.verdict, 'unsupported');
  t.regex(found.reasons[0], /Session 'visit \d+' \(rows \d+ to \d+\)/);
  t.regex(found.reasons.at(-1) ?? '', /Refused: tis, snPdis\. Their own weights carry: smis, samis\./);
  t.is(found.estimates['tis'].value, null);
  t.regex(found.estimates['tis'].method, /^refused: .*Session/);
  t.true(Math.abs((found.estimates['smis'].value ?? NaN) - 48) < 1);
  const shares = (found.diagnostics.horizon ?? []).map(({ effectiveSampleSize }) => effectiveSampleSize);
  t.is(shares.length, 40);
  t.true(shares[0] > 200 && shares[39] < 10, 'the sessions are used up step by step');
  t.true((found.diagnostics.offendingSessions ?? []).length > 0);
  const forced = evaluateSessions(sessions, target, undefined, { ...OPTIONS, force: true });
  t.is(forced.verdict, 'unsupported');
  t.true(Number.isFinite(forced.estimates['tis'].value));
  // One decision of the same coins is no trouble.
  const short = coins(1000, 1);
  t.is(evaluateSessions(short.sessions, short.target, undefined, OPTIONS).verdict, 'supported');
});

test('one session that holds all the weight, a policy that does nothing of it, and none that earned', (t) => {
  const sessions = drawn(stream(9), 400);
  const target = targetIn(sessions);
  const tiny = { ...sessions, propensity: sessions.propensity.slice() };
  tiny.propensity[sessions.offsets[17]] = 1e-6;
  const heavy = evaluateSessions(tiny, target, undefined, OPTIONS);
  t.is(heavy.verdict, 'unsupported');
  t.regex(heavy.reasons[0], /^Session 17 /);
  t.deepEqual(heavy.diagnostics.offendingSessions, ['17']);
  t.deepEqual(heavy.diagnostics.offendingRows, [sessions.offsets[17]]);
  const never = evaluateSessions(sessions, { taken: new Float64Array(sessions.action.length) }, undefined, {
    ...OPTIONS,
    force: true,
  });
  t.is(never.verdict, 'unsupported');
  t.regex(never.reasons[0], /every weight is 0 by step 0/);
  t.is(never.estimates['snTis'].value, null);
  const unpaid = evaluateSessions(
    { ...sessions, reward: new Float64Array(sessions.action.length) },
    target,
    undefined,
    OPTIONS,
  );
  t.is(unpaid.verdict, 'unsupported');
  t.regex(unpaid.reasons.join(' '), /certainty/);
});

test('a wrong model that contradicts the weights makes the answer weak', (t) => {
  const sessions = drawn(stream(13), 1500);
  const wrong = new Float64Array(2 * sessions.action.length).fill(5);
  const found = evaluateSessions(sessions, targetIn(sessions), wrong, {
    ...OPTIONS,
    estimators: ['dm', 'pdis', 'samis'],
  });
  t.is(found.verdict, 'weak');
  t.deepEqual(
    found.reasons.map((reason) => reason.split(' ')[0]),
    ['dm'],
  );
});

test('decisions that cannot be used refuse everything, forced or not', (t) => {
  const sessions = drawn(stream(3), 30);
  const broken = (change: Partial<LoggedSessions>, target = targetIn(sessions)): string[] => {
    const found = evaluateSessions({ ...sessions, ...change }, target, undefined, { ...OPTIONS, force: true });
    t.is(found.verdict, 'unsupported');
    t.is(found.estimates['tis'].value, null);
    t.deepEqual(found.diagnostics.offendingRows, [4]);
    return [...found.reasons];
  };
  const at4 = (column: Float64Array, value: number): Float64Array => column.map((old, i) => (i === 4 ? value : old));
  t.regex(broken({ propensity: at4(sessions.propensity, 1.5) })[0], /^Row 4: propensity 1.5 is not in \(0, 1\]/);
  t.regex(broken({ reward: at4(sessions.reward, NaN) })[0], /^Row 4: reward NaN/);
  t.regex(broken({ action: sessions.action.map((a, i) => (i === 4 ? 2 : a)) })[0], /^Row 4: action 2/);
  const { taken } = targetIn(sessions);
  t.regex(broken({}, { taken: at4(taken, -0.1) })[0], /^Row 4: policy probability -0.1/);
  t.throws(
    () =>
      evaluateSessions(
        { ...sessions, offsets: Int32Array.of(0, 3, 3, sessions.action.length) },
        targetIn(sessions),
        undefined,
        OPTIONS,
      ),
    {
      message: /offsets: expected numbers that rise/,
    },
  );
  t.throws(() => evaluateSessions(sessions, targetIn(sessions), undefined, { ...OPTIONS, discount: 1.2 }), {
    message: /discount/,
  });
  const endless = coins(4, 1500);
  const explodes = evaluateSessions(
    { ...endless.sessions, propensity: endless.sessions.propensity.map(() => 0.1) },
    endless.target,
    undefined,
    OPTIONS,
  );
  t.regex(explodes.reasons[0], /too large for a number/);
});

test('names of estimators: known ones, and only where what they need is there', (t) => {
  t.deepEqual(parseSessionEstimators('tis, snDr', every), ['tis', 'snDr']);
  t.throws(() => parseSessionEstimators('snTsi', every), { message: /Did you mean 'snTis'/ });
  t.throws(() => parseSessionEstimators('tis,dr', new Set()), { message: /^dr: expected guesses of Q: --guess/ });
  t.throws(() => parseSessionEstimators('samis', new Set(['state'])), { message: /--policy/ });
  const { state: _state, features: _features, ...bare } = drawn(stream(1), 4);
  const offer = offered(bare, { taken: bare.propensity }, false);
  t.deepEqual(possibleEstimators(offer), ['tis', 'pdis', 'snTis', 'snPdis']);
});

test('steps: in order, once each, from the first', (t) => {
  const order = new StepOrder();
  t.deepEqual(
    [0, 1, 3, 3, 2].map((step, row) => order.add(0, step, row)),
    [
      undefined,
      undefined,
      'step 2 of its session is missing before step 3',
      'step 3 of its session is there twice',
      'step 2 comes after step 3 of its session: out of order, or there twice',
    ],
  );
  t.is(order.add(1, 1, 5), undefined);
  t.deepEqual(order.late(), [
    { row: 5, reason: 'its session begins at step 1 instead of 0: what came before is missing' },
  ]);
  const ones = new StepOrder();
  ones.add(0, 1, 0);
  ones.add(1, 1, 1);
  t.deepEqual(ones.late(), []);
});

test('a stored log as sessions: rows that alternate are brought together', (t) => {
  const log = makeLog({
    name: 'visits',
    rows: 5,
    schema: { outcomes: ['click', 'buy'], source: 'test', numericNames: ['age'] },
    actions: ['a', 'b', 'c'],
    action: Int32Array.of(0, 1, 2, 0, 1),
    outcomes: [Float32Array.of(1, 0, 1, 0, 1), new Float32Array(5)],
    propensity: Float64Array.of(0.5, 0.25, 0.5, 1, 0.5),
    sessions: ['x', 'y'],
    session: Int32Array.of(0, 1, 0, 1, 0),
    numeric: Float32Array.of(1, 2, 3, 4, 5),
    candidates: { offsets: Int32Array.of(0, 2, 5, 8, 9, 11), codes: Int32Array.of(0, 1, 0, 1, 2, 0, 1, 2, 0, 1, 2) },
  });
  const { sessions, target } = sessionsOfLog(log, Int32Array.of(0, 1, 2, 3, 4), 'uniform', 'click');
  t.deepEqual([...sessions.offsets], [0, 3, 5]);
  t.deepEqual([...(sessions.rows ?? [])], [0, 2, 4, 1, 3]);
  t.deepEqual(sessions.names, ['x', 'y']);
  t.deepEqual([...sessions.reward], [1, 1, 1, 0, 0]);
  t.deepEqual([...target.taken], [1 / 2, 1 / 3, 1 / 2, 1 / 3, 1]);
  t.deepEqual([...(sessions.features?.values ?? [])], [1, 3, 5, 2, 4]);
  const own = sessionsOfLog(log, Int32Array.of(0, 2, 4), (row, out) => out.set([row / 10, 1 - row / 10, 0]), 'click');
  t.deepEqual([...own.target.taken], [0, 0, 1 - 0.4]);
  t.throws(() => sessionsOfLog(log, Int32Array.of(0), 'uniform'), { message: /one of the outcomes click, buy/ });
  t.throws(() => sessionsOfLog(log, Int32Array.of(0), 'uniform', 'clik'), { message: /Did you mean 'click'/ });
  const loose = { ...log, session: Int32Array.of(0, -1, 0, 1, 0) };
  t.throws(() => sessionsOfLog(loose, Int32Array.of(0, 1), 'uniform', 'click'), {
    message: /row 1: expected a session/,
  });
});
