import { complaint, expectLength } from '../core/check.js';
import { hash32 } from '../core/random.js';
import { expectInside, width } from '../core/space.js';
import { actionBuffer, stepBatch } from './buffers.js';
import type { Env, EnvSpec } from './contract.js';

/** What Gymnasium calls `info`: nothing a learner needs, everything a person wants to see. */
export interface SingleInfo {
  /** The seed the present run of sessions began with. */
  readonly seed: number;
  /** "none", or how the session ended. */
  readonly endReason: string;
  /** The parts the reward was made of, by name. */
  readonly objectives: Readonly<Record<string, number>>;
}

export interface SingleStep {
  readonly observation: Float32Array;
  readonly reward: number;
  readonly terminated: boolean;
  readonly truncated: boolean;
  readonly info: SingleInfo;
}

/** One world behind the calls that people from Gymnasium know. */
export interface SingleEnv {
  readonly spec: EnvSpec;
  reset(options?: { readonly seed?: number }): { readonly observation: Float32Array; readonly info: SingleInfo };
  step(action: number | ArrayLike<number>): SingleStep;
}

/**
 * Shows an env of one world through Gymnasium's calls. Every observation is a fresh copy.
 *
 * | Gymnasium                                 | here                                                                 |
 * |-------------------------------------------|----------------------------------------------------------------------|
 * | `reset(seed=s)`                           | `reset({ seed: s })`: starts the world of that seed                  |
 * | `reset()` after an ending                 | `reset()`: the next session, which the env has begun already         |
 * | `reset()` in mid-session                  | `reset()`: a world of a new seed, which follows from the last one    |
 * | `reset()` at first, seeded by the machine | refused: randomness is an argument                                   |
 * | `obs, reward, terminated, truncated, info`| the same five by name                                                |
 * | the observation of the last step          | the same: the last one of the session that ended (`final`)           |
 * | `step` after an ending without `reset`    | refused (undefined behaviour there)                                  |
 * | terminated and truncated at once          | never: termination wins                                              |
 */
export function single(env: Env): SingleEnv {
  const { spec } = env;
  if (spec.batch !== 1) {
    throw complaint('usage', {
      where: `single ${spec.id}`,
      expected: 'an env of 1 world',
      received: `one of ${spec.batch}`,
      try: 'Make it with batch 1, or step all worlds together with env.step.',
    });
  }
  const out = stepBatch(spec);
  const action = actionBuffer(spec);
  const W = width(spec.action);
  let seed: number | undefined;
  let running = false;
  /** Whether `out.observation` is the first one of a session that nobody has looked at yet. */
  let begun = false;

  const info = (): SingleInfo => ({
    seed: seed ?? 0,
    endReason: spec.endReasons[out.endReason[0]].name,
    objectives: Object.fromEntries(spec.objectives.map((name, i) => [name, out.objectives[i]])),
  });
  const start = (next: number): void => {
    env.reset(next, out);
    seed = next;
  };
  return {
    spec,
    reset(options = {}) {
      if (options.seed !== undefined) start(options.seed);
      else if (seed === undefined) {
        throw complaint('usage', {
          where: `single ${spec.id} reset`,
          expected: 'a seed at the first reset',
          received: 'none',
          try: 'Call reset({ seed: 1 }).',
        });
      } else if (!begun) start(hash32(`${seed}/next`));
      running = true;
      begun = false;
      // The report of the ending belongs to the session before.
      out.endReason.fill(0);
      out.objectives.fill(0);
      return { observation: out.observation.slice(), info: info() };
    },
    step(chosen) {
      if (!running) {
        throw complaint('usage', {
          where: `single ${spec.id} step`,
          expected: 'a running session',
          received: seed === undefined ? 'an env that was never reset' : 'one that has ended',
          try: seed === undefined ? 'Call reset({ seed: 1 }) first.' : 'Call reset() for the next session.',
        });
      }
      const values = typeof chosen === 'number' ? [chosen] : chosen;
      expectLength(`single ${spec.id} step: action`, values, { W });
      // Before the buffer, because an Int32Array would quietly turn 0.5 into 0.
      expectInside(`single ${spec.id} step: action`, spec.action, values);
      action.set(values);
      env.step(action, out);
      const terminated = out.terminated[0] === 1;
      const truncated = out.truncated[0] === 1;
      begun = terminated || truncated;
      running = !begun;
      const observation = (begun ? out.final : out.observation).slice();
      return { observation, reward: out.reward[0], terminated, truncated, info: info() };
    },
  };
}
