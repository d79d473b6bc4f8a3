import test from 'ava';
import { agents, type AgentKind } from '../../agents/index.js';
import { stream } from '../../core/random.js';
import { startBackend } from '../../core/tensor/backend.js';
import { makeEnv } from '../../envs/index.js';
import { rollout } from './rollout.js';
import { train } from './train.js';

/**
 * How soon agents balance CartPole-v1 with their defaults and 8 worlds: the steps after which 50 test sessions first
 * average 500 (looked at every 5,120 steps), the average at the end, and the CPU-seconds of learning alone.
 */
const ID = 'reference/CartPole-v1';
const TOTAL = 100_000;

function learnCartPole<S>(
  kind: AgentKind<S>,
  seed: number,
): { first: number; best: number; drawn: number; cpu: number } {
  const env = makeEnv(ID, {}, 8);
  const judge = makeEnv(ID, {}, 50);
  const agent = kind.make(env.spec, kind.defaults, stream(seed), TOTAL);
  const play = (explore: boolean): number =>
    rollout({ env: judge, agent, seed: 1000 + seed, sessions: 50, explore }).meanReturn;
  let first = Infinity;
  let testing = 0;
  const clock = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  };
  const start = clock();
  train({
    env,
    agent,
    seed,
    totalSteps: TOTAL,
    checkpointEvery: 5120,
    onCheckpoint: ({ step }) => {
      const from = clock();
      if (first === Infinity && play(false) === 500) first = step;
      testing += clock() - from;
    },
  });
  const cpu = clock() - start - testing;
  return { first, best: play(false), drawn: play(true), cpu };
}

function study<S>(name: string, kind: AgentKind<S>, least: number): void {
  for (const seed of [1, 2, 3]) {
    test.serial(`${name}, seed ${seed}: at least ${least} in the end`, async (t) => {
      t.timeout(600_000);
      await startBackend(process.env['RECSYS_GYM_BACKEND']);
      const { first, best, drawn, cpu } = learnCartPole(kind, seed);
      t.log(`500 first after ${first} steps; at the end ${best} (drawn actions ${drawn}); ${cpu.toFixed(1)} CPU-s`);
      t.true(best >= least);
    });
  }
}

study('ppo', agents.ppo, 500);
study('reinforce', agents.reinforce, 100);
