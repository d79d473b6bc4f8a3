import test from 'ava';
import { stream } from '../../../core/random.js';
import type { Env } from '../../../envs/contract.js';
import { makeEnv } from '../../../envs/index.js';
import { rollout } from '../../online/rollout.js';
import { agents } from '../../tables.js';
import { playSessions, type SessionsRequest } from './env-sessions.js';
import type { Rows } from './rows.js';
import { rowsFromBytes, rowsToBytes } from './rows-file.js';

const B = 6;
const env = (): Env => makeEnv('recsim/InterestEvolution-v1', {}, B);
const agentOf = (world: Env, quality: number): SessionsRequest['agents'][number] => ({
  agent: agents['slate-scorer'].with({ topicWeights: Array.from({ length: 20 }, (_, t) => quality * t) })(
    world.spec,
    stream(1),
    1,
  ),
  explore: true,
});
const play = (given: Partial<SessionsRequest> = {}): Rows => {
  const world = env();
  return playSessions({
    env: world,
    agents: [agentOf(world, 0), agentOf(world, 0.1)],
    armOf: () => 0,
    seed: 3,
    sessions: 2,
    firstUser: 10,
    features: [],
    ...given,
  });
};
/** Return of a user's session. */
const returnOf = ({ user, day, columns }: Rows, u: number, d: number): number =>
  columns['return'].reduce((sum, value, n) => (user[n] === u && day[n] === d ? sum + value : sum), 0);

test('sessions earn what a rollout of the same agent and seed earns', (t) => {
  const world = env();
  const { agent } = agentOf(world, 0);
  const { returns, lengths } = rollout({ env: world, agent, seed: 3, sessions: 2 * B, explore: true });
  const rows = play();
  t.is(rows.user.length, 2 * B);
  for (let b = 0; b < B; b++)
    for (let d = 0; d < 2; d++) t.true(Math.abs(returnOf(rows, 10 + b, d) - returns[b * 2 + d]) < 1e-9);
  const total = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, x) => sum + x, 0);
  t.is(total(rows.columns['requests']), total(lengths));
  t.is(total(rows.columns['sessions']), 2 * B);
});

test('an arm per user plays each user as if everybody had their arm', (t) => {
  const mixed = play({ armOf: (user) => user % 2 });
  const [a, b] = [play(), play({ armOf: () => 1 })];
  for (let u = 0; u < B; u++) t.is(returnOf(mixed, 10 + u, 0), returnOf(u % 2 === 0 ? a : b, 10 + u, 0));
  t.not(returnOf(a, 10, 0), returnOf(b, 10, 0));
});

test('an arm per request makes a row per request, of its arm', (t) => {
  const rows = play({ perRequest: true, armOf: (user, _session, request) => (user + request) % 2 });
  t.deepEqual(new Set(rows.arm), new Set([0, 1]));
  t.true(rows.columns['requests'].every((count) => count === 1));
  t.is(
    rows.columns['sessions'].reduce((sum, x) => sum + x, 0),
    2 * B,
  );
  const same = play({ perRequest: true });
  t.true(Math.abs(returnOf(same, 12, 1) - returnOf(play(), 12, 1)) < 1e-9);
});

test('features are read at the start of the session', (t) => {
  const rows = play({ features: [{ name: 'taste', field: 'interests', from: 14, to: 20 }] });
  t.is(rows.features['taste'].length, 2 * B);
  t.true(rows.features['taste'].every((x) => x >= -1 && x <= 1));
  t.true(new Set(rows.features['taste']).size > B);
  const error = t.throws(() => play({ features: [{ name: 'x', field: 'interest', from: 0, to: 2 }] }));
  t.regex(error.message, /world.features: x: expected places of a field.*received interest.*interests \[20\]/s);
  t.throws(() => play({ features: [{ name: 'x', field: 'interests', from: 15, to: 25 }] }));
});

test('rows come back from their file; a file of something else is refused', (t) => {
  const rows = play({ features: [{ name: 'taste', field: 'interests', from: 14 }] });
  t.deepEqual(rowsFromBytes(rowsToBytes(rows), 'here'), rows);
  t.throws(() => rowsFromBytes(new Uint8Array(40), 'here'), { message: /here/ });
});
