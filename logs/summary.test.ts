import test from 'ava';
import { wilson } from '../core/stats/intervals.js';
import { makeLog, type LogParts } from './columns.js';
import type { Log } from './record.js';
import { plainLog, sampleLog } from './sample.test.helper.js';
import { summarise } from './summary.js';

/** Six rows by hand, with any column replaced. */
function hand(changes: Partial<LogParts> = {}): Log {
  return makeLog({
    name: 'hand',
    rows: 6,
    schema: { outcomes: ['click', 'dwell'], source: 'by hand', numericNames: ['x'], categoricalNames: ['device'] },
    actions: ['a', 'b', 'never'],
    action: Int32Array.of(0, 1, 0, 1, 0, 1),
    outcomes: [Float32Array.of(1, 0, 0, 1, 1, 0), Float32Array.of(1, 2, 3, 4, 5, 6)],
    propensity: Float64Array.of(0.5, 0.5, 0.25, 0.25, 0.5, 1),
    position: Int32Array.of(0, 0, 1, 1, 0, -1),
    users: ['u', 'v', 'w'],
    user: Int32Array.of(0, 0, 1, 1, -1, 0),
    requests: ['r1', 'r2'],
    request: Int32Array.of(0, 1, 0, 1, -1, -1),
    timeMs: Float64Array.of(1e12, 1e12 + 1, 1e12 + 2, NaN, 1e12 + 4, 1e12 + 5),
    numeric: new Float32Array(6),
    categorical: new Int32Array(6),
    categoricalValues: [['phone', 'desk']],
    ...changes,
  });
}

const kinds = (log: Log): string[] => summarise(log).suspicious.map(({ kind }) => kind);

test('a summary by hand', (t) => {
  const summary = summarise(hand());
  t.like(summary, {
    name: 'hand',
    source: 'by hand',
    rows: 6,
    actions: { known: 3, logged: 2 },
    users: 2,
    sessions: 0,
    requests: 2,
    time: { from: '2001-09-09T01:46:40.000Z', to: '2001-09-09T01:46:40.005Z', rowsWithout: 1 },
    numericFeatures: ['x'],
  });
  t.deepEqual(summary.policies, [{ policy: 'logged', rows: 6 }]);
  t.deepEqual(summary.endReasons, [{ reason: 'none', rows: 6 }]);
  t.deepEqual(summary.categoricalFeatures, [{ name: 'device', values: 2 }]);
  const [click, dwell] = summary.outcomes;
  const { low, high } = wilson(3, 6, 0.95);
  t.like(click, { outcome: 'click', rows: 6, mean: 0.5, interval: [low, high], method: 'Wilson 95%', min: 0, max: 1 });
  t.like(dwell, { mean: 3.5, method: 'Student t 95%', min: 1, max: 6 });
  // t of 5 degrees of freedom at 0.975, times √(variance 3.5 / 6).
  const half = 2.570581835636314 * Math.sqrt(3.5 / 6);
  t.true(Math.abs(dwell.interval[1] - (3.5 + half)) < 1e-9);
  t.deepEqual(
    summary.positions.map(({ position, rows, share, outcomes }) => [position, rows, share, outcomes[0].mean]),
    [
      [0, 3, 0.6, 2 / 3],
      [1, 2, 0.4, 0.5],
    ],
  );
  t.like(summary.propensity, { min: 0.25, mean: 0.5, max: 1, shareBelow001: 0 });
  t.true(Math.abs((summary.propensity?.meanUniformWeight ?? NaN) - (2 * 3 + 4 * 2 + 1) / 6 / 3) < 1e-12);
  t.deepEqual(summary.suspicious, []);
});

test('columns that were not logged are left out or 0; an empty log has a summary', (t) => {
  const { propensity: _p, ...parts } = { propensity: 0, ...plainParts(5) };
  const summary = summarise(makeLog(parts));
  t.false('propensity' in summary);
  t.false('time' in summary);
  t.deepEqual([summary.users, summary.positions.length], [0, 0]);
  t.is(summarise(plainLog(0)).rows, 0);
});

function plainParts(rows: number): LogParts {
  return {
    name: 'plain',
    rows,
    schema: { outcomes: ['click'], source: 'test' },
    actions: ['a'],
    action: new Int32Array(rows),
    outcomes: [new Float32Array(rows)],
  };
}

test('the mean weight of the uniform policy tells wrong propensities', (t) => {
  const rows = 3000;
  const withPropensity = (p: number): Log =>
    makeLog({
      ...plainParts(rows),
      actions: ['a', 'b', 'c'],
      action: Int32Array.from({ length: rows }, (_, row) => row % 3),
      propensity: new Float64Array(rows).fill(p),
    });
  t.regex(summarise(withPropensity(1 / 3)).propensity?.hint ?? '', /is 1 within its error/);
  t.regex(summarise(withPropensity(1 / 9)).propensity?.hint ?? '', /above 1: propensities are too small/);
  t.regex(summarise(withPropensity(1)).propensity?.hint ?? '', /below 1: some candidates were never/);
  const listed = sampleLog(50);
  t.is(typeof summarise(listed).propensity?.meanUniformWeight, 'number');
});

test('each suspicion is found, with its rows', (t) => {
  const find = (log: Log, kind: string) => summarise(log).suspicious.find((suspicion) => suspicion.kind === kind);
  t.deepEqual(find(hand({ propensity: Float64Array.of(1, 1, 9e-4, 1, 1, 1) }), 'tinyPropensity')?.rows, [2]);

  const rows = 2000;
  const heavy = new Float64Array(rows).fill(0.5);
  heavy[1234] = 0.01;
  t.like(find(makeLog({ ...plainParts(rows), propensity: heavy }), 'heavyWeight'), { count: 1, rows: [1234] });
  t.deepEqual(kinds(plainLog(50)), [], 'in a short log every row holds more than 1 %');

  t.like(find(hand({ position: Int32Array.of(0, 0, 0, 1, 1, 1) }), 'duplicatePosition'), { count: 1, rows: [2] });

  const hour = 3_600_000;
  const times = Float64Array.of(0, hour, 3 * hour, hour, 2 * hour, NaN);
  t.like(find(hand({ timeMs: times }), 'timeBackwards'), { count: 1, rows: [3] });

  const clicks = new Float32Array(rows).fill(1);
  clicks.set([2, 0.5], 100);
  t.like(find(makeLog({ ...plainParts(rows), outcomes: [clicks] }), 'notBinary'), { count: 2, rows: [100, 101] });
  t.false(kinds(hand()).includes('notBinary'), 'dwell is not meant to be 0 or 1');

  const broken = hand({
    outcomes: [Float32Array.of(NaN, 0, 0, 0, 0, 0), new Float32Array(6)],
    numeric: Float32Array.of(0, 0, 0, 0, Infinity, 0),
  });
  t.deepEqual(
    summarise(broken)
      .suspicious.filter(({ kind }) => kind === 'notFinite')
      .map(({ sentence, rows: found }) => [sentence.split(' is ')[0], found]),
    [
      ['Outcome click', [0]],
      ['Feature x', [4]],
    ],
  );
});

test('of many suspicious rows the first ten are shown', (t) => {
  const [suspicion] = summarise(makeLog({ ...plainParts(50), propensity: new Float64Array(50).fill(1e-5) })).suspicious;
  t.is(suspicion.count, 50);
  t.deepEqual(suspicion.rows, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  t.regex(suspicion.sentence, /below 0.001 in 50 row/);
});
