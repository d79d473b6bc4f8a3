import test from 'ava';
import { existsSync } from 'node:fs';
import { FEED_END_REASONS } from '../../../logs/feed-session/replay.js';
import { makeLog } from '../../../logs/index.js';
import type { Played } from '../../feed-session/play.js';
import { judge } from './judge.js';
import { kuairand, type KuairandNumbers } from './kuairand.js';
import { dealUsers } from './sides.js';

const folder = '../shared/data/kuairand_slice';

/** Sessions with one outcome per item, and a second that is its opposite. */
function played(user: readonly number[], watched: readonly (readonly number[])[]): Played {
  const flat = watched.flat();
  const starts = Int32Array.from({ length: user.length + 1 }, (_, s) => watched.slice(0, s).flat().length);
  return {
    sessions: user.length,
    user: Int32Array.from(user),
    visit: new Int32Array(user.length),
    context: new Float32Array(0),
    endReason: new Uint8Array(user.length).fill(1),
    starts,
    item: new Int32Array(flat.length),
    propensity: new Float64Array(flat.length).fill(1),
    decision: new Int32Array(flat.length),
    outcomes: Uint8Array.from(flat.flatMap((w) => [w, 1 - w])),
    dwellSeconds: new Float32Array(flat.length),
  };
}

test('a judgement by hand: differences are means over users of means over their sessions', (t) => {
  const own = played([0, 0, 2], [[1, 1], [1], [0, 0, 1, 1]]);
  const other = played([0, 0, 2], [[1], [0], [1]]);
  const { difference, interval, users, length, share, ...rest } = judge(own, other, 3, 1);
  t.is(difference, 1, 'user 0: (1 + 1) / 2, user 2: 1, user 1 was not met');
  t.deepEqual(interval, [1, 1]);
  t.is(users, 2);
  t.deepEqual([rest.own, rest.other], [5 / 3, 2 / 3]);
  t.deepEqual(length, [7 / 3, 1]);
  t.deepEqual(share, [2 / 7, 1 / 3]);
  const same = judge(own, own, 3, 1);
  t.deepEqual([same.difference, same.interval], [0, [0, 0]]);
  const [low, high] = judge(played([0, 1], [[1], [0]]), played([0, 1], [[0], [0]]), 2, 1).interval;
  t.true(
    Math.abs(low - (0.5 - 12.706205 * 0.5)) < 1e-5 && Math.abs(high - (0.5 + 12.706205 * 0.5)) < 1e-5,
    't of 1 degree',
  );
});

/** Users with a session of two items each in the first fifth of the time, and another after it. */
function tinyLog(U = 10) {
  const rows = 4 * U;
  const n = Int32Array.from({ length: rows }, (_, i) => i);
  const watch = Float32Array.from(n, (i) => (i % 4 === 0 ? 1 : 0));
  return makeLog({
    name: 'tiny',
    rows,
    schema: {
      outcomes: ['watch10s', 'like', 'dwellSeconds'],
      source: 'test',
      endReasons: FEED_END_REASONS,
      numericNames: ['user.a', 'context.b'],
    },
    actions: {
      values: ['x', 'y'],
      numericNames: ['seconds', 'f'],
      numeric: Float32Array.of(10, 1, 20, -1),
      categoricalNames: ['cluster'],
      categorical: Int32Array.of(0, 0),
      categoricalValues: [{ values: ['0'] }],
    },
    action: n.map((i) => i % 2),
    users: Array.from({ length: U }, (_, u) => `u${u}`),
    user: n.map((i) => Math.floor(i / 2) % U),
    sessions: Array.from({ length: 2 * U }, (_, s) => `s${s}`),
    session: n.map((i) => Math.floor(i / 2)),
    position: n.map((i) => i % 2),
    timeMs: Float64Array.from(n, (i) => (i < 2 * U ? i / 10 : 2 * U + i)),
    endReason: Uint8Array.from(n, (i) => (i % 2 === 1 && i < rows - 2 ? 1 : 0)),
    outcomes: [watch, watch, Float32Array.from(n, (i) => i)],
    numeric: new Float32Array(2 * rows),
  });
}

test('users are dealt whole, and only sessions after the first fifth are used', (t) => {
  const log = tinyLog(40);
  const sides = dealUsers(log, 1);
  const users = Object.values(sides).map(({ row }) => [...new Set(Array.from(row, (n) => log.user[n]))]);
  t.is(users.flat().length, 40);
  t.is(new Set(users.flat()).size, 40, 'nobody is in two parts');
  t.deepEqual(
    Object.values(sides)
      .flatMap(({ row }) => [...row])
      .sort((a, b) => a - b),
    Array.from({ length: 80 }, (_, i) => 80 + i),
    'the second sessions',
  );
  t.notDeepEqual(dealUsers(log, 2).ranker.row, sides.ranker.row);
});

test('without a folder it says what it wants', async (t) => {
  const settings = { deals: 1, steps: 1, sessions: 32 };
  await t.throwsAsync(kuairand.run({ data: undefined, seed: 1, settings }), { code: 'usage', message: /--data/ });
  await t.throwsAsync(kuairand.run({ data: '/nowhere', seed: 1, settings }), { code: 'io' });
});

const withData = existsSync(folder) ? test : test.skip;
withData(`the slice, a small run${existsSync(folder) ? '' : ` (${folder} is not here)`}`, async (t) => {
  const result = await kuairand.run({ data: folder, seed: 1, settings: { deals: 1, steps: 2048, sessions: 1024 } });
  const { deals } = result.numbers as KuairandNumbers;
  t.deepEqual(result.failures, []);
  const [{ parts, realism, judged }] = deals;
  const all = Object.values(parts);
  t.true(all.reduce((sum, { users }) => sum + users, 0) <= 664);
  t.deepEqual([judged.untrained.difference, judged.untrained.interval], [0, [0, 0]]);
  t.true(judged.random.interval[1] < 0);
  for (const { heads } of Object.values(realism)) t.true(heads[0].quality.loss < heads[0].quality.lossOfConstant);
});
