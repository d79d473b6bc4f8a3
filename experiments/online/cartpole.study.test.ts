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

for (const seed of [1, 2, 3]) {
  test.serial(`ppo, seed ${seed}: 500 of 500 in the end`, async (t) => {
    t.timeout(600_000);
    await startBackend(process.env['RECSYS_GYM_BACKEND']);
    const { first, best, drawn, cpu } = learnCartPole(agents.ppo, seed);
    t.log(`500 first after ${first} steps; at the end ${best} (drawn actions ${drawn}); ${cpu.toFixed(1)} CPU-s`);
    t.is(best, 500);
  });
}

// Its default `steps` was chosen on seeds 1 to 3 among five values, and rounding in the seventh digit changes which
// seeds fail: a few seeds say nothing about it, so it is counted over twenty.
test.serial('reinforce, seeds 1 to 20: how many end at 500', async (t) => {
  t.timeout(600_000);
  await startBackend(process.env['RECSYS_GYM_BACKEND']);
  const ends = Array.from({ length: 20 }, (_, i) => learnCartPole(agents.reinforce, i + 1));
  const solved = ends.filter(({ best }) => best === 500).length;
  const cpu = ends.reduce((sum, end) => sum + end.cpu / ends.length, 0);
  t.log(
    `${solved} of 20 at 500; all: ${ends.map(({ best }) => Math.round(best)).join(' ')}; ${cpu.toFixed(1)} CPU-s each`,
  );
  t.true(solved >= 8);
});
