import type { Space } from '../core/space.js';

/**
 * The env contract: B independent worlds stepped together over columns. A single world is B = 1; there is no second
 * implementation. Letters: B worlds, O observation width, W action width, R objectives.
 */

/** What an env is, as plain data that can be saved in a run's JSON. */
export interface EnvSpec {
  /** "namespace/Name-vN"; the version changes whenever learning results may change. */
  readonly id: string;
  readonly batch: number;
  readonly observation: Space;
  readonly action: Space;
  /** The parts the reward is made of, in the order of `StepBatch.objectives`. */
  readonly objectives: readonly string[];
  readonly rewardUnit: string;
  /** Index 0 is "none". Each other entry says how a session can end and which of the two endings it is. */
  readonly endReasons: readonly EndReason[];
  /** Longest possible session, in steps; Infinity is written as null in JSON. */
  readonly maxSteps: number;
}

export interface EndReason {
  readonly name: string;
  readonly ending: 'none' | 'terminated' | 'truncated';
}

/** What B worlds report after one step. The caller owns every array; the env overwrites all rows and keeps no reference. */
export interface StepBatch {
  /** [B, O] where each world is now; after an ending, already the first observation of its next session. */
  readonly observation: Float32Array;
  /** [B] scalar reward of the action just taken, in `EnvSpec.rewardUnit`. */
  readonly reward: Float32Array;
  /** [B, R] the parts the reward was made of. */
  readonly objectives: Float32Array;
  /** [B] 1: the session truly ended; the value beyond it is zero. */
  readonly terminated: Uint8Array;
  /** [B] 1: we stopped watching; the value beyond it must be bootstrapped. Never set with `terminated`. */
  readonly truncated: Uint8Array;
  /** [B] 0 none, else an index in `EnvSpec.endReasons`. */
  readonly endReason: Uint8Array;
  /** [B, O] last observation of a session that ended at this step; other rows are stale, do not read them. */
  readonly final: Float32Array;
}

/** One action per world, [B, W]: whole numbers for choices, floats for amounts. */
export type ActionBatch = Int32Array | Float32Array;

/** Everything an env needs to go on exactly where it stood: plain JSON and typed arrays. */
export interface EnvState {
  readonly id: string;
  readonly batch: number;
  readonly seed: number;
  readonly columns: Readonly<Record<string, Float64Array | Float32Array | Int32Array | Uint8Array>>;
}

/** B independent worlds stepped together. */
export interface Env {
  readonly spec: EnvSpec;
  /** Starts every world. World i depends on (seed, i) alone, never on B. Reward and endings are written as zeros. */
  reset(seed: number, out: StepBatch): void;
  /** Applies one action per world and begins the next session where one ended, in the same step. Synchronous. */
  step(action: ActionBatch, out: StepBatch): void;
  /** A copy of the whole state; changing the env afterwards does not change it. */
  snapshot(): EnvState;
  /** Goes on from a snapshot of the same id and batch; others are refused. */
  restore(state: EnvState): void;
}

/** Makes an env for a batch of worlds. Settings are fixed by whoever holds the maker. */
export type MakeEnv = (batch: number) => Env;

/** A row of the table of envs. */
export interface EnvEntry<Settings> {
  readonly summary: string;
  readonly defaults: Settings;
  make(settings: Settings, batch: number): Env;
}
