import test from 'ava';
import { moments } from '../../core/stats/moments.js';
import type { Catalogue } from '../../logs/feed-session/catalogue.js';
import type { FeedLayout } from '../../logs/feed-session/layout.js';
import { DEEP, feedMetrics, splitTrial, sumsOf, unitsOf, wholeTrial } from './outcomes.js';
import type { Played } from './play.js';

const layout: FeedLayout = {
  ...{ userNames: ['a'], contextNames: [], itemNames: ['x'], shared: 0, recent: 1 },
  outcomes: ['watch', 'like'],
};
const catalogue: Catalogue = {
  ...{ items: 3, ids: ['a', 'b', 'c'], names: ['x'], clusters: 2 },
  features: new Float32Array(3),
  cluster: Int32Array.of(0, 0, 1),
  seconds: new Float32Array(3).fill(10),
  birth: new Int32Array(3),
};

/** Sessions of items [item, watch, like, seconds]. */
function played(user: readonly number[], sessions: readonly (readonly (readonly number[])[])[]): Played {
  const rows = sessions.flat();
  return {
    sessions: sessions.length,
    user: Int32Array.from(user),
    visit: new Int32Array(sessions.length),
    context: new Float32Array(0),
    endReason: new Uint8Array(sessions.length).fill(1),
    starts: Int32Array.from({ length: sessions.length + 1 }, (_, s) => sessions.slice(0, s).flat().length),
    item: Int32Array.from(rows, ([item]) => item),
    propensity: new Float64Array(rows.length).fill(1),
    decision: new Int32Array(rows.length),
    outcomes: Uint8Array.from(rows.flatMap(([, watch, like]) => [watch, like])),
    dwellSeconds: Float32Array.from(rows, ([, , , seconds]) => seconds),
  };
}

const long = Array.from({ length: 12 }, (_, i) => [i % 3, i % 2, 0, 1]);
const edge = long.slice(0, DEEP);
const short = [
  [0, 1, 1, 20],
  [1, 0, 0, 0.5],
];

test('sums of sessions by hand', (t) => {
  const sums = sumsOf(played([4, 4, 7], [short, long, edge]), { layout, catalogue });
  t.deepEqual(
    Object.fromEntries(Object.entries(sums).map(([name, values]) => [name, [...values]])),
    {
      sessions: [1, 1, 1],
      watch: [1, 6, 5],
      like: [1, 0, 0],
      dwellSeconds: [20.5, 12, 10],
      depth: [2, 12, 10],
      deep: [0, 1, 1],
      deepItems: [0, 12, 10],
      topics: [1, 2, 2],
    },
    'items 0 and 1 are of one topic; exactly ten items are deep',
  );
});

test('metrics divide sums: depth given ten items is of the sessions that have them', (t) => {
  const sums = sumsOf(played([4, 4, 7], [short, long, edge]), { layout, catalogue });
  const total = (name: string): number => sums[name].reduce((a, b) => a + b, 0);
  const values = feedMetrics({ layout }).map(({ name, column, denominator = '' }) => [
    name,
    total(column) / total(denominator),
  ]);
  t.deepEqual(values, [
    ['watch per session', 12 / 3],
    ['depth', 24 / 3],
    ['depth given 10 items', 22 / 2],
    ['share of sessions with 10 items', 2 / 3],
    ['watch per item', 12 / 24],
    ['topics per session', 5 / 3],
    ['dwell seconds per session', 42.5 / 3],
    ['like per session', 1 / 3],
  ]);
  const roles = feedMetrics({ layout }).map(({ role }) => role);
  t.deepEqual(roles, ['primary', ...roles.slice(1).map(() => 'secondary')]);
});

test('users are units in the order in which they come; a split gives each the sessions of their arm', (t) => {
  const one = played([9, 2, 9], [short, long, edge]);
  const units = unitsOf(one);
  t.is(units.count, 2);
  t.deepEqual([...units.of], [0, 1, 0]);
  const own = sumsOf(one, { layout, catalogue });
  const other = sumsOf(played([9, 2, 9], [long, short, short]), { layout, catalogue });
  const whole = wholeTrial('a', units, own);
  t.deepEqual([whole.arms, [...whole.arm], whole.observations.columns['depth']], [['a'], [0, 0], own['depth']]);
  const split = splitTrial(['a', 'b'], Int32Array.of(1, 0), units, [own, other]);
  t.deepEqual([...split.observations.columns['depth']], [12, 12, 2], 'user 9 under b, user 2 under a');
  t.deepEqual([...split.observations.unit], [0, 1, 0]);
  t.is(moments(split.observations.columns['watch']).mean, (6 + 6 + 1) / 3);
});
