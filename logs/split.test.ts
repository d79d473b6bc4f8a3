import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { makeLog } from './columns.js';
import type { Log, Rows } from './record.js';
import { plainLog, sampleLog } from './sample.test.helper.js';
import { allRows, splitByHash, splitByTime, type Split } from './split.js';

/** Whether every row of the log is in exactly one part, in ascending order. */
function isPartition(log: Log, split: Split): boolean {
  const all = Object.values(split).flatMap(({ index }) => [...index]);
  const ascending = Object.values(split).every(({ index }) => index.every((row, i) => i === 0 || index[i - 1] < row));
  return ascending && all.length === log.rows && new Set(all).size === log.rows;
}

const share = ({ index }: Rows, log: Log): number => index.length / log.rows;

test('all rows', (t) => {
  t.deepEqual(allRows(plainLog(3)), { name: 'all', index: Int32Array.of(0, 1, 2) });
});

testProp(
  'every row is in exactly one part, whatever the seed, the shares and the way of splitting',
  [
    fc.integer(),
    fc.constantFrom('row' as const, 'user' as const, 'session' as const, 'request' as const),
    fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }),
    fc.integer({ min: 1, max: 200 }),
  ],
  (t, seed, by, sizes, rows) => {
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const shares = Object.fromEntries(sizes.map((size, i) => [`part ${i}`, size / total]));
    const log = makeLog({ ...partsOf(sampleLog(rows)), user: new Int32Array(rows), timeMs: new Float64Array(rows) });
    t.true(isPartition(log, splitByHash(log, by, shares, seed)));
    t.true(isPartition(log, splitByTime(log, shares)));
  },
);

/** The columns of a log that makeLog wants. */
function partsOf(log: Log) {
  return {
    ...log,
    policies: log.policies.values,
    users: log.users.values,
    sessions: log.sessions.values,
    requests: log.requests.values,
    categoricalValues: log.categoricalValues.map(({ values }) => values),
  };
}

test('the same seed gives the same parts, another seed others; shares are met on average', (t) => {
  const log = plainLog(20_000);
  const shares = { train: 0.6, tune: 0.1, test: 0.3 };
  const split = splitByHash(log, 'row', shares, 7);
  t.deepEqual(splitByHash(log, 'row', shares, 7), split);
  t.notDeepEqual(splitByHash(log, 'row', shares, 8), split);
  t.deepEqual(
    Object.entries(split).map(([name, rows]) => [name, rows.name]),
    [
      ['train', 'train'],
      ['tune', 'tune'],
      ['test', 'test'],
    ],
  );
  for (const [name, wanted] of Object.entries(shares)) t.true(Math.abs(share(split[name], log) - wanted) < 0.015);
  // Two seeds agree as often as chance: 0.5 of the rows.
  const [a, b] = [1, 2].map((seed) => new Set(splitByHash(log, 'row', { x: 0.5, y: 0.5 }, seed)['x'].index));
  t.true(Math.abs([...a].filter((row) => b.has(row)).length / log.rows - 0.25) < 0.015);
});

test('groups stay together, in a log that has grown and in another log too', (t) => {
  const log = sampleLog(4000);
  const { a, b } = splitByHash(log, 'request', { a: 0.5, b: 0.5 }, 1);
  const requests = (rows: Rows): Set<number> => new Set([...rows.index].map((row) => log.request[row]));
  t.true([...requests(a)].every((request) => !requests(b).has(request)));
  t.true(Math.abs(share(a, log) - 0.5) < 0.05);

  const users = ['u1', 'u2', 'u3', 'u4', 'u5', 'u6', 'u7', 'u8'];
  const visits = (order: readonly string[]): Log =>
    makeLog({
      ...partsOf(plainLog(order.length)),
      users: order,
      user: Int32Array.from(order.keys()),
    });
  const partOf = (visitLog: Log): Map<string, string> => {
    const split = splitByHash(visitLog, 'user', { train: 0.5, test: 0.5 }, 3);
    const pairs = Object.values(split).flatMap(({ name, index }) =>
      [...index].map((row): [string, string] => [visitLog.users.values[visitLog.user[row]], name]),
    );
    return new Map(pairs);
  };
  const before = partOf(visits(users));
  const after = partOf(visits(['new', ...users.toReversed(), 'newer']));
  t.true(users.every((user) => before.get(user) === after.get(user)));
  t.is(new Set(before.values()).size, 2);
});

test('rows whose user was not logged are spread like rows', (t) => {
  const rows = 4000;
  const log = makeLog({ ...partsOf(plainLog(rows)), users: ['u'], user: new Int32Array(rows).fill(-1).fill(0, 0, 10) });
  const { a } = splitByHash(log, 'user', { a: 0.5, b: 0.5 }, 1);
  t.true(Math.abs(share(a, log) - 0.5) < 0.04);
});

test('by time: the earliest first, one instant together, whatever the order of the rows', (t) => {
  const timeMs = Float64Array.of(50, 10, 20, 20, 20, 30, 40, 60, 70, 80);
  const log = makeLog({ ...partsOf(plainLog(10)), timeMs });
  const { early, late } = splitByTime(log, { early: 0.3, late: 0.7 });
  t.deepEqual([...early.index], [1, 2, 3, 4], 'the three rows at 20 are not torn apart');
  t.deepEqual([...late.index], [0, 5, 6, 7, 8, 9]);
  const thirds = splitByTime(makeLog({ ...partsOf(plainLog(9)), timeMs: timeMs.map((_, i) => i).subarray(0, 9) }), {
    a: 1 / 3,
    b: 1 / 3,
    c: 1 / 3,
  });
  t.deepEqual(
    Object.values(thirds).map(({ index }) => [...index]),
    [
      [0, 1, 2],
      [3, 4, 5],
      [6, 7, 8],
    ],
  );
});

test('what was not logged cannot be split by; the message names what can', (t) => {
  const log = plainLog(10);
  const half = { a: 0.5, b: 0.5 };
  t.throws(() => splitByHash(log, 'user', half, 1), {
    message: /cannot be split by user, it was not logged. This log can be split by: row\./,
  });
  t.throws(() => splitByTime(sampleLog(10), half), {
    message: /cannot be split by time, row 3 has none. This log can be split by: row, user, session, request\./,
  });
});

test('shares are positive and sum to 1', (t) => {
  const log = plainLog(10);
  const refused = [{}, { a: 1, b: 0 }, { a: 0.5, b: 0.6 }, { a: -1, b: 2 }, { a: NaN }];
  for (const shares of refused) {
    t.throws(() => splitByHash(log, 'row', shares, 1), { message: /split shares: expected 1 to 255 positive shares/ });
  }
  const thirds = splitByHash(log, 'row', { a: 1 / 3, b: 1 / 3, c: 1 / 3 }, 1);
  t.true(isPartition(log, thirds));
});
