import test from 'ava';
import { stream } from '../../core/random.js';
import { randomAgent } from '../../agents/random.js';
import type { Agent } from '../../agents/contract.js';
import { tasteSlate, twoArms } from '../../agents/testing/tiny-envs.js';
import { CartPole, cartPoleDefaults } from '../../envs/reference/cartpole.js';
import type { Env } from '../../envs/contract.js';
import { checkpointFromBytes, checkpointToBytes } from './checkpoint.js';
import { recordRollout } from './record.js';
import { rollout } from './rollout.js';
import { train } from './train.js';

/** Worlds whose k-th session lasts k + 1 steps in even worlds and 10 in odd ones; each step pays 1. */
function uneven(batch: number, endless = false): Env {
  const age = new Int32Array(batch);
  const visit = new Int32Array(batch);
  return {
    spec: {
      ...twoArms(batch).spec,
      id: 'tiny/Uneven-v1',
      endReasons: [
        { name: 'none', ending: 'none' },
        { name: 'short', ending: 'terminated' },
        { name: 'long', ending: 'truncated' },
      ],
    },
    reset(_seed, out) {
      age.fill(0);
      visit.fill(0);
      out.observation.fill(0);
    },
    step(_action, out) {
      for (let b = 0; b < batch; b++) {
        const short = b % 2 === 0;
        const over = !endless && ++age[b] >= (short ? visit[b] + 1 : 10);
        out.reward[b] = 1;
        out.objectives[b] = 1;
        out.terminated[b] = Number(over && short);
        out.truncated[b] = Number(over && !short);
        out.endReason[b] = over ? (short ? 1 : 2) : 0;
        if (over) {
          age[b] = 0;
          visit[b]++;
        }
      }
    },
    snapshot: () => ({ id: '', batch, seed: 0, columns: {} }),
    restore: () => undefined,
  };
}

const chance = (env: Env): Agent => randomAgent.make(env.spec, {}, stream(1), 0);

test('a rollout counts the first sessions of each world, not the first to finish', (t) => {
  const env = uneven(2);
  const played = rollout({ env, agent: chance(env), seed: 1, sessions: 4, explore: true });
  // World 0: lengths 1, 2; world 1: 10, 10. The first four to finish would have been 1, 2, 3, 4 (10 steps in all).
  t.deepEqual([...played.lengths], [1, 2, 10, 10]);
  t.is(played.meanReturn, 5.75);
  t.is(played.meanLength, 5.75);
  const variance = ((1 - 5.75) ** 2 + (2 - 5.75) ** 2 + 2 * (10 - 5.75) ** 2) / 3;
  t.true(Math.abs(played.standardError - Math.sqrt(variance / 4)) < 1e-12);
  t.deepEqual(played.endReasons, { short: 0.5, long: 0.5 });
  t.deepEqual(played.objectives, { points: 5.75 });
  t.is(
    rollout({ env, agent: chance(env), seed: 1, sessions: 5, explore: true }).sessions,
    6,
    'at least as many as asked',
  );
});

test('a rollout leaves the agent as it was found', (t) => {
  const env = twoArms(3);
  const agent = chance(env);
  const found = agent.snapshot();
  rollout({ env, agent, seed: 1, sessions: 9, explore: true });
  t.deepEqual(agent.snapshot(), found);
});

test('sessions that never end are an error, not a hang', (t) => {
  const env = uneven(2, true);
  t.throws(() => rollout({ env, agent: chance(env), seed: 1, sessions: 2, explore: true, patience: 50 }), {
    message: /tiny\/Uneven-v1: expected sessions that end, received 50 steps/,
  });
});

test('a recorded rollout: rows in the order of sessions and steps, with propensities and outcomes', (t) => {
  const env = tasteSlate(2);
  const { log, rollout: played } = recordRollout(
    { env, agent: chance(env), seed: 3, sessions: 4, explore: true },
    'dice',
  );
  t.is(log.rows, 20);
  t.deepEqual([...log.position.slice(0, 10)], [0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
  t.deepEqual([...log.session.slice(0, 10)], [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
  t.deepEqual(log.sessions.values, ['3/0/0', '3/0/1', '3/1/0', '3/1/1']);
  t.true(log.schema.hasPropensity && log.propensity.every((p) => Math.abs(p - 1 / 30) < 1e-8));
  t.deepEqual(log.schema.outcomes, ['points', 'reward']);
  t.deepEqual(log.policies.values, ['dice']);
  t.regex(log.actions.values[log.action[0]], /^[0-5] [0-5]$/);
  t.deepEqual([...log.endReason.slice(0, 5)], [0, 0, 0, 0, 1]);
  t.deepEqual(log.schema.numericNames.slice(0, 4), ['taste.0', 'taste.1', 'taste.2', 'candidates.0']);
  let first = 0;
  for (let n = 0; n < 5; n++) first += log.outcomes[1][n];
  t.true(Math.abs(first - played.returns[0]) < 1e-6);
  // The outcome of a row follows from its own context and action.
  const row = log.numeric.subarray(0, 21);
  const [a, b] = log.actions.values[log.action[0]].split(' ').map(Number);
  const match = (c: number): number => [0, 1, 2].reduce((sum, i) => sum + row[i] * row[3 + 3 * c + i], 0);
  t.true(Math.abs(2 * match(a) + match(b) - log.outcomes[0][0]) < 1e-5);
});

test('discrete actions are all listed in a recorded log, taken or not', (t) => {
  const env = twoArms(1);
  const { log } = recordRollout({ env, agent: chance(env), seed: 1, sessions: 1, explore: true });
  t.deepEqual(log.actions.values, ['0', '1']);
});

test('training counts steps over all worlds, tells how sessions went, and checkpoints on time', (t) => {
  const env = new CartPole(cartPoleDefaults, 8);
  const steps: number[] = [];
  const curve: number[] = [];
  const agent: Agent = { ...chance(env), learn: () => ({ mine: 1 }) };
  const end = train({
    env,
    agent,
    seed: 1,
    totalSteps: 1000,
    checkpointEvery: 300,
    onCheckpoint: ({ step }) => steps.push(step),
    onMetrics: (_step, metrics) => {
      t.is(metrics['mine'], 1);
      if (metrics['sessions'] > 0) curve.push(metrics['meanReturn']);
    },
  });
  t.is(end.step, 1000);
  t.deepEqual(steps, [304, 600, 904]);
  t.true(curve.length > 10 && curve.every((value) => value > 5 && value < 120), 'a random cart lasts about 22 steps');
});

test('checkpoint bytes: the same content, the same bytes; damage and other files are named', (t) => {
  const env = twoArms(2);
  const end = train({ env, agent: chance(env), seed: 1, totalSteps: 10 });
  const bytes = checkpointToBytes(end);
  t.deepEqual(checkpointFromBytes(bytes), end);
  t.deepEqual(checkpointToBytes(checkpointFromBytes(bytes)), bytes);
  t.throws(() => checkpointFromBytes(bytes.slice(0, -3), 'run/checkpoint'), { message: /run\/checkpoint: expected/ });
  t.throws(() => train({ env, agent: chance(env), seed: 2, totalSteps: 20, resume: end }), {
    message: /a checkpoint of seed 2, received one of 1/,
  });
});
