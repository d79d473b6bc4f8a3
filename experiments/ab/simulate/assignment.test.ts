import test from 'ava';
import { designNames } from '../../config/ab-schema.js';
import { chiSquareUpper } from '../../../core/stats/chi-square.js';
import { drawAssignment, everybody, type Assignment, type AssignmentRequest } from './assignment.js';

const USERS = 4000;
const DAYS = 8;
const draw = (given: Partial<AssignmentRequest> = {}): Assignment =>
  drawAssignment({
    seed: 1,
    users: USERS,
    days: DAYS,
    shares: [0.5, 0.5],
    design: 'user',
    options: { clusters: 10, windowHours: 6, traffic: [] },
    ...given,
  });
const users = Array.from({ length: USERS }, (_, user) => user);
const countArms = (arms: readonly number[], of = 2): number[] =>
  Array.from({ length: of }, (_, arm) => arms.filter((own) => own === arm).length);

test('every design: the same seed deals the same arms, another seed others', (t) => {
  for (const design of designNames) {
    const arms = (seed: number): number[] => {
      const assignment = draw({ design, seed });
      return users.flatMap((user) => [0, 1, 2].map((day) => assignment.armOf(user, day, user % 3, (user * 7) % 24)));
    };
    t.deepEqual(arms(1), arms(1), design);
    t.notDeepEqual(arms(1), arms(2), design);
  }
});

test('shares are what was planned, up to chance', (t) => {
  const shares = [0.2, 0.3, 0.5];
  const { armOf } = draw({ shares });
  const counts = countArms(
    users.map((user) => armOf(user, 0, 0, 0)),
    3,
  );
  const chi = counts.reduce((sum, n, arm) => sum + (n - USERS * shares[arm]) ** 2 / (USERS * shares[arm]), 0);
  t.true(chiSquareUpper(chi, 2) > 1e-4, counts.join(' '));
});

test('what is randomised together stays together', (t) => {
  const user = draw();
  t.true(users.every((u) => user.armOf(u, 0, 0, 0) === user.armOf(u, 7, 3, 23)));
  const session = draw({ design: 'session' });
  t.true(users.every((u) => session.armOf(u, 2, 0, 1) === session.armOf(u, 2, 5, 2)));
  t.true(users.some((u) => session.armOf(u, 2, 0, 1) !== session.armOf(u, 3, 0, 1)));
  const request = draw({ design: 'request' });
  t.true(users.some((u) => request.armOf(u, 2, 0, 1) !== request.armOf(u, 2, 1, 1)));
  const cluster = draw({ design: 'cluster' });
  const armOfCluster = new Map(users.map((u) => [cluster.cluster?.[u], cluster.armOf(u, 0, 0, 0)]));
  t.is(armOfCluster.size, 10);
  t.true(users.every((u) => cluster.armOf(u, 5, 1, 9) === armOfCluster.get(cluster.cluster?.[u])));
  t.deepEqual(countArms([...armOfCluster.values()]), [5, 5]);
  const time = draw({ design: 'time' });
  t.true(users.every((u) => time.armOf(u, 1, u % 5, 13) === time.armOf(0, 1, 0, 12)));
});

test('windows come in blocks that hold every arm once', (t) => {
  const { armOf } = draw({ design: 'time' });
  const arms = Array.from({ length: DAYS * 4 }, (_, w) => armOf(0, Math.floor(w / 4), 0, (w % 4) * 6));
  for (let block = 0; block < arms.length; block += 2) t.deepEqual([arms[block], arms[block + 1]].sort(), [0, 1]);
  t.true(new Set(arms.filter((_, w) => w % 2 === 0)).size === 2, 'the order inside a block is drawn');
});

test('pools hold the whole world: one, one per arm, or one per cluster', (t) => {
  t.deepEqual(draw().pools, [1]);
  const budget = draw({ design: 'budget', shares: [0.8, 0.2] });
  t.true(Math.abs(budget.pools[1] - 0.2) < 0.02);
  t.true(Math.abs(budget.pools.reduce((sum, share) => sum + share, 0) - 1) < 1e-12);
  t.true(users.every((u) => budget.poolOf(u, 0) === budget.armOf(u, 0, 0, 0)));
  const cluster = draw({ design: 'cluster' });
  t.is(cluster.pools.length, 10);
  t.true(Math.abs(cluster.pools.reduce((sum, share) => sum + share, 0) - 1) < 1e-12);
});

test('ramp-up: users enter when the traffic reaches them, in all arms alike, and have the control before', (t) => {
  const ramped = draw({ options: { clusters: 10, windowHours: 24, traffic: [0.1, 0.4] } });
  const entered = [0, 1].map((day) => users.filter((user) => ramped.entryOf(user) <= day));
  t.true(Math.abs(entered[0].length / USERS - 0.1) < 0.02);
  t.true(Math.abs(entered[1].length / USERS - 0.4) < 0.03);
  t.is(users.filter((user) => ramped.entryOf(user) === Infinity).length, USERS - entered[1].length);
  const treated = entered[1].filter((user) => ramped.armOf(user, 1, 0, 0) === 1);
  t.true(Math.abs(treated.length / entered[1].length - 0.5) < 0.06);
  t.true(users.every((user) => ramped.entryOf(user) <= 1 || ramped.armOf(user, 5, 0, 0) === 0));
  t.true(treated.every((user) => ramped.armOf(user, -1, 0, 0) === 0));
});

test('everybody: one arm, whoever and whenever', (t) => {
  const all = everybody(1, 2);
  t.deepEqual(all.shares, [0, 1]);
  t.is(all.armOf(3, 2, 1, 0), 1);
  t.is(all.armOf(3, -1, 1, 0), 0);
});
