import { complaint, expectLength } from '../core/check.js';
import { buffer, isWhole, width } from '../core/space.js';
import type { EnvSpec, StepBatch } from '../envs/contract.js';
import type { AgentState, Decision } from './contract.js';

/**
 * What an agent lived through since it last learned: T steps of B worlds in preallocated columns, step t of world b in
 * row t·B + b. Agents copy into it because the arrays they are shown are overwritten by the next step.
 */
export class Trajectory {
  readonly steps: number;
  readonly worlds: number;
  readonly observationWidth: number;
  readonly actionWidth: number;
  /** [T, B, O] before each step. */
  readonly observation: Float32Array;
  /** [T, B, W] */
  readonly action: Int32Array | Float32Array;
  /** [T, B] ln of the propensity with which each action was taken. */
  readonly logProbability: Float32Array;
  /** [T, B] */
  readonly reward: Float32Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  /** [T, B, N] what the agent noted when it acted. */
  readonly notes: Float32Array;
  readonly noteWidth: number;
  /** [T, B, O] where truncated, the last observation of the session; other rows are stale. */
  readonly final: Float32Array;
  /** Steps held. */
  filled = 0;

  constructor(spec: EnvSpec, steps: number, noteWidth = 0) {
    const rows = steps * spec.batch;
    this.steps = steps;
    this.worlds = spec.batch;
    this.observationWidth = width(spec.observation);
    this.actionWidth = width(spec.action);
    this.observation = new Float32Array(rows * this.observationWidth);
    this.action = isWhole(spec.action) ? new Int32Array(rows * this.actionWidth) : buffer(spec.action, rows);
    this.logProbability = new Float32Array(rows);
    this.reward = new Float32Array(rows);
    this.terminated = new Uint8Array(rows);
    this.truncated = new Uint8Array(rows);
    this.noteWidth = noteWidth;
    this.notes = new Float32Array(rows * noteWidth);
    this.final = new Float32Array(rows * this.observationWidth);
  }

  get full(): boolean {
    return this.filled === this.steps;
  }

  /** Copies one step of every world, with `notes` [B, N] where the trajectory keeps any. */
  add(before: Float32Array, decision: Decision, after: StepBatch, notes: ArrayLike<number> = []): void {
    const B = this.worlds;
    const O = this.observationWidth;
    if (this.full) throw complaint('usage', { where: 'trajectory', expected: 'room', received: 'a full buffer' });
    expectLength('learn: propensity', decision.propensity, { worlds: B });
    expectLength('learn: notes', notes, { worlds: B, numbers: this.noteWidth });
    const row = this.filled * B;
    this.observation.set(before, row * O);
    this.action.set(decision.action, row * this.actionWidth);
    for (let b = 0; b < B; b++) this.logProbability[row + b] = Math.log(decision.propensity[b]);
    this.notes.set(notes, row * this.noteWidth);
    this.reward.set(after.reward, row);
    this.terminated.set(after.terminated, row);
    this.truncated.set(after.truncated, row);
    for (let b = 0; b < B; b++) {
      if (after.truncated[b] !== 0) this.final.set(after.final.subarray(b * O, (b + 1) * O), (row + b) * O);
    }
    this.filled++;
  }

  clear(): void {
    this.filled = 0;
  }

  /** Copies of the filled part, by name; without `final` rows that nobody reads. */
  save(): AgentState['arrays'] {
    const rows = this.filled * this.worlds;
    const O = this.observationWidth;
    const final = this.final.slice(0, rows * O);
    for (let i = 0; i < rows; i++) if (this.truncated[i] === 0) final.fill(0, i * O, (i + 1) * O);
    return {
      observation: this.observation.slice(0, rows * O),
      action: this.action.slice(0, rows * this.actionWidth),
      logProbability: this.logProbability.slice(0, rows),
      reward: this.reward.slice(0, rows),
      terminated: this.terminated.slice(0, rows),
      truncated: this.truncated.slice(0, rows),
      final,
      ...(this.noteWidth === 0 ? {} : { notes: this.notes.slice(0, rows * this.noteWidth) }),
    };
  }

  /** Goes on from saved columns of `filled` steps. */
  restore(arrays: AgentState['arrays'], filled: number): void {
    const rows = filled * this.worlds;
    const columns = {
      observation: [this.observation, this.observationWidth],
      action: [this.action, this.actionWidth],
      logProbability: [this.logProbability, 1],
      reward: [this.reward, 1],
      terminated: [this.terminated, 1],
      truncated: [this.truncated, 1],
      final: [this.final, this.observationWidth],
      ...(this.noteWidth === 0 ? {} : { notes: [this.notes, this.noteWidth] as const }),
    } as const;
    for (const [name, [column, numbers]] of Object.entries(columns)) {
      expectLength(`agent state: ${name}`, Object.hasOwn(arrays, name) ? arrays[name] : [], { rows, numbers });
      column.set(arrays[name]);
    }
    this.filled = filled;
  }
}
