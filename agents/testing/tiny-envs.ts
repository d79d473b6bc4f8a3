import { KeyedDraws } from '../../core/draws.js';
import { width, type Space } from '../../core/space.js';
import type { Env, StepBatch } from '../../envs/contract.js';

/** Worlds so small that a learner must solve them in seconds. What one session is made of: */
interface TinyWorld {
  readonly id: string;
  readonly observation: Space;
  readonly action: Space;
  readonly steps: number;
  /** How a session ends after `steps`. */
  readonly ending: 'terminated' | 'truncated';
  /** Writes what is seen before a step. */
  observe(draws: KeyedDraws, row: Float32Array): void;
  /** Reward of an action on what was seen; `luck` is uniform in [0, 1). */
  reward(row: Float32Array, action: ArrayLike<number>, luck: number): number;
}

/** B copies of a tiny world. World i of a seed is the same whatever B is. */
function tinyEnv(world: TinyWorld, batch: number): Env {
  const { steps, ending } = world;
  const O = width(world.observation);
  const W = width(world.action);
  const seen = new Float32Array(batch * O);
  const age = new Int32Array(batch);
  const visit = new Int32Array(batch);
  let seed = 0;
  const look = (b: number): void => {
    world.observe(new KeyedDraws(seed, 'seen').at(b, visit[b], age[b]), seen.subarray(b * O, (b + 1) * O));
  };
  const spec = {
    id: world.id,
    batch,
    observation: world.observation,
    action: world.action,
    objectives: ['points'],
    rewardUnit: 'points',
    endReasons: [
      { name: 'none', ending: 'none' },
      { name: 'over', ending },
    ],
    maxSteps: steps,
  } as const;
  return {
    spec,
    reset(from, out) {
      seed = from;
      age.fill(0);
      visit.fill(0);
      for (let b = 0; b < batch; b++) look(b);
      for (const column of [out.reward, out.objectives, out.terminated, out.truncated, out.endReason]) column.fill(0);
      out.observation.set(seen);
    },
    step(action, out: StepBatch) {
      for (let b = 0; b < batch; b++) {
        const luck = new KeyedDraws(seed, 'luck').at(b, visit[b], age[b]).next();
        const row = seen.subarray(b * O, (b + 1) * O);
        const over = age[b] + 1 === steps;
        out.reward[b] = world.reward(row, action.slice(b * W, (b + 1) * W), luck);
        out.objectives[b] = out.reward[b];
        out.terminated[b] = Number(over && ending === 'terminated');
        out.truncated[b] = Number(over && ending === 'truncated');
        out.endReason[b] = Number(over);
        age[b]++;
        look(b);
        if (over) {
          out.final.set(row, b * O);
          age[b] = 0;
          visit[b]++;
          look(b);
        }
      }
      out.observation.set(seen);
    },
    snapshot: () => ({
      id: spec.id,
      batch,
      seed,
      columns: { age: age.slice(), visit: visit.slice(), seen: seen.slice() },
    }),
    restore(state) {
      seed = state.seed;
      age.set(state.columns['age']);
      visit.set(state.columns['visit']);
      seen.set(state.columns['seen']);
    },
  };
}

/** Two arms: one pays in 2 of 10 sessions, the other in 8. */
export function twoArms(batch: number): Env {
  const world: TinyWorld = {
    id: 'tiny/TwoArms-v1',
    observation: { kind: 'box', shape: [1], low: 0, high: 1 },
    action: { kind: 'discrete', n: 2 },
    steps: 1,
    ending: 'terminated',
    observe: (_draws, row) => row.fill(1),
    reward: (_row, action, luck) => Number(luck < (action[0] === 1 ? 0.8 : 0.2)),
  };
  return tinyEnv(world, batch);
}

/** Say what you see: one of four states, 100 times a session, a point for each right answer. */
export function identity(batch: number): Env {
  const world: TinyWorld = {
    id: 'tiny/Identity-v1',
    observation: { kind: 'discrete', n: 4 },
    action: { kind: 'discrete', n: 4 },
    steps: 100,
    ending: 'truncated',
    observe: (draws, row) => row.fill(Math.floor(draws.next() * 4)),
    reward: (row, action) => Number(row[0] === action[0]),
  };
  return tinyEnv(world, batch);
}

/**
 * A slate of two out of six: each candidate is a direction, and earns its inner product with what the user likes; the
 * first place counts twice.
 */
export function tasteSlate(batch: number): Env {
  const world: TinyWorld = {
    id: 'tiny/TasteSlate-v1',
    observation: {
      kind: 'record',
      fields: {
        taste: { kind: 'box', shape: [3], low: -1, high: 1 },
        candidates: { kind: 'box', shape: [6, 3], low: -1, high: 1 },
      },
    },
    action: { kind: 'slate', size: 2, candidates: 6 },
    steps: 5,
    ending: 'terminated',
    observe: (draws, row) => {
      for (let i = 0; i < row.length; i++) row[i] = 2 * draws.next() - 1;
    },
    reward: (row, action) => {
      const match = (c: number): number => [0, 1, 2].reduce((sum, i) => sum + row[i] * row[3 + 3 * c + i], 0);
      return 2 * match(action[0]) + match(action[1]);
    },
  };
  return tinyEnv(world, batch);
}

/** Name the amount you see, doubled: the reward is minus the squared error. */
export function amount(batch: number): Env {
  const world: TinyWorld = {
    id: 'tiny/Amount-v1',
    observation: { kind: 'box', shape: [1], low: -1, high: 1 },
    action: { kind: 'box', shape: [1], low: -3, high: 3 },
    steps: 10,
    ending: 'truncated',
    observe: (draws, row) => row.fill(2 * draws.next() - 1),
    reward: (row, action) => -((action[0] - 2 * row[0]) ** 2),
  };
  return tinyEnv(world, batch);
}
