import test from 'ava';
import { makeLog } from '../../logs/columns.js';
import type { Log } from '../../logs/record.js';
import { plainLog } from '../../logs/sample.test.helper.js';
import { ContextStatistics, restoreContextEncoder, type ContextEncoder } from './context-encoder.js';

/** Numbers 0, 2, missing, 4; words a, b, missing, a; positions 0, 1, 0, 1; a number per action and one that never changes. */
function small(changed: Partial<Parameters<typeof makeLog>[0]> = {}): Log {
  return makeLog({
    name: 'small',
    rows: 4,
    schema: {
      outcomes: ['click'],
      source: 'test',
      numericNames: ['age', 'affinity', 'one'],
      categoricalNames: ['device'],
      perAction: [{ name: 'affinity', columns: [1, 1] }],
    },
    actions: ['x', 'y'],
    action: Int32Array.of(0, 1, 0, 1),
    outcomes: [new Float32Array(4)],
    position: Int32Array.of(0, 1, 0, 1),
    numeric: Float32Array.of(0, 9, 1, 2, 8, 1, NaN, 7, 1, 4, 6, 1),
    categorical: Int32Array.of(0, 1, -1, 0),
    categoricalValues: [['a', 'b', 'never']],
    ...changed,
  });
}

function fitted(log: Log): ContextEncoder {
  const statistics = new ContextStatistics(log);
  statistics.add(log);
  return statistics.encoder();
}

function encoded(encoder: ContextEncoder, log: Log, pick?: Int32Array): number[][] {
  const rows = pick?.length ?? log.rows;
  const out = new Float32Array(rows * encoder.width);
  encoder.bind(log)(log, out, pick);
  return Array.from({ length: rows }, (_, n) => [...out.subarray(n * encoder.width, (n + 1) * encoder.width)]);
}

test('by hand: numbers in deviations from 2, a place per value, for missing ones and per position', (t) => {
  const log = small();
  const encoder = fitted(log);
  t.deepEqual(encoder.names, [
    'age',
    'age is missing',
    'device=a',
    'device=b',
    'device=other',
    'position=0',
    'position=1',
  ]);
  const far = Math.fround(2 / Math.sqrt(8 / 3));
  t.deepEqual(encoded(encoder, log), [
    [-far, 0, 1, 0, 0, 1, 0],
    [0, 0, 0, 1, 0, 0, 1],
    [0, 1, 0, 0, 1, 1, 0],
    [far, 0, 1, 0, 0, 0, 1],
  ]);
  t.deepEqual(encoded(encoder, log, Int32Array.of(3, 0)), [
    [far, 0, 1, 0, 0, 0, 1],
    [-far, 0, 1, 0, 0, 1, 0],
  ]);
});

test('piece by piece is the same encoder, and JSON brings it back', (t) => {
  const log = small();
  const statistics = new ContextStatistics(log);
  for (let row = 0; row < 4; row++) statistics.add(log, Int32Array.of(row));
  const json = JSON.stringify(fitted(log));
  t.is(JSON.stringify(statistics.encoder()), json);
  t.deepEqual(encoded(restoreContextEncoder(JSON.parse(json)), log), encoded(fitted(log), log));
  t.throws(() => restoreContextEncoder({ format: 'other' }, 'file'), {
    message: /file: expected a context encoder of version 1/,
  });
});

test('columns of the log’s layout give the same bits; where positions matter they must be given', (t) => {
  const log = small();
  const encoder = fitted(log);
  const { numeric, categorical, position } = log;
  const out = new Float32Array(4 * encoder.width);
  encoder.own(encoder.columnsOf({ count: 4, numeric, categorical, position }), out);
  t.deepEqual([...out], encoded(encoder, log).flat());
  t.throws(() => encoder.columnsOf({ count: 4, numeric, categorical }), { message: /the position of every decision/ });
  t.throws(() => encoder.own(log, new Float32Array(5)), { message: /too little or too much room/ });
  const short = { count: 4, numeric: numeric.subarray(1), categorical, position };
  t.throws(() => encoder.own(encoder.columnsOf(short), out), { message: /context of 4 decisions: expected 3 numeric/ });
});

test('in another log features are found by name and values by their text; unknown ones share a place', (t) => {
  const encoder = fitted(small());
  const other = small({
    categorical: Int32Array.of(1, 2, 0, -1),
    categoricalValues: [['b', 'a', 'new']],
    position: Int32Array.of(0, 1, 2, -1),
  });
  const rows = encoded(encoder, other);
  t.deepEqual(
    rows.map((row) => row.slice(2)),
    [
      [1, 0, 0, 1, 0],
      [0, 0, 1, 0, 1],
      [0, 1, 0, 0, 0],
      [0, 0, 1, 0, 0],
    ],
  );
  t.throws(() => encoder.bind(plainLog(3)), {
    message: /expected the context feature 'age'.*received a log without any/,
  });
});

test('extremes: numbers are cut at 8 deviations, infinite ones and empty logs are refused', (t) => {
  const encoder = fitted(small());
  const numeric = Float32Array.of(1e30, 0, 0, -1e30, 0, 0, 2, 0, 0, 2, 0, 0);
  t.deepEqual(
    encoded(encoder, small({ numeric })).map(([age]) => age),
    [8, -8, 0, 0],
  );
  t.throws(() => fitted(small({ numeric: numeric.fill(Infinity) })), { message: /'age': expected finite numbers/ });
  t.throws(() => new ContextStatistics(small()).encoder(), { message: /expected rows to fit on/ });
});

test('a log without context says nothing, in one number', (t) => {
  const log = plainLog(2);
  t.deepEqual(encoded(fitted(log), log), [[0], [0]]);
});

test('rare values share one place, so that batch norm does not blow them up', (t) => {
  const rows = 4000;
  const log = makeLog({
    name: 'rare',
    rows,
    schema: { outcomes: ['click'], source: 'test', categoricalNames: ['word'] },
    actions: ['x'],
    action: new Int32Array(rows),
    outcomes: [new Float32Array(rows)],
    categorical: Int32Array.from({ length: rows }, (_, row) => (row < 3 ? 1 : row < 6 ? 2 : 0)),
    categoricalValues: [['often', 'thrice', 'thrice too']],
  });
  t.deepEqual(fitted(log).names, ['word=often', 'word=other']);
});
