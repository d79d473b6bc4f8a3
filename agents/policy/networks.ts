import type tf from '@tensorflow/tfjs';
import type { Rng } from '../../core/random.js';
import type { Inputs as StepInputs, InputTensors, Numbers } from '../../core/tensor/compiled-programs.js';
import type { ParameterSet } from '../../core/tensor/parameters.js';
import type { Decision } from '../contract.js';
import type { Trajectory } from '../trajectory.js';

/** Some decisions as inputs of a training step, encoded once for many passes; each of shape [rows, …]. */
export type EncodedRows = StepInputs & {
  /** [rows, stateWidth] what the value network reads. */
  readonly states: Numbers;
};

/** What both networks say of a minibatch, each [rows]. */
export interface Judgement {
  /** ln π(action | observation) */
  readonly logProbability: tf.Tensor1D;
  readonly entropy: tf.Tensor1D;
  readonly value: tf.Tensor1D;
}

/** A policy and a value network over one parameter set, as the loop of on-policy learning knows them. */
export interface PolicyNetworks {
  readonly parameters: ParameterSet;
  /** Numbers kept of each decision beside what was observed, e.g. what a model said of it; 0 for most. */
  readonly noteWidth: number;
  /**
   * Decides every row of `observation`.
   *
   * @param notes [B, noteWidth] overwritten
   */
  act(observation: Float32Array, random: Rng, out: Decision, explore: boolean, notes: Float32Array): void;
  /** @returns [rows, stateWidth] */
  states(observation: Float32Array, rows: number): Float32Array;
  /** V of each row of `states`, [rows]. */
  values(states: Float32Array, rows: number): Float32Array;
  /** Observations, actions and notes of a full trajectory. */
  encode(trajectory: Trajectory): EncodedRows;
  /** For the loss inside a training step, on (some rows of) what `encode` gave. */
  judge(inputs: InputTensors): Judgement;
}

/** The given rows of every input, in the order of `pick`. */
export function takeRows(all: StepInputs, pick: Int32Array): StepInputs {
  return Object.fromEntries(
    Object.entries(all).map(([name, { values, shape }]) => {
      const rest = shape.slice(1);
      const width = rest.reduce((product, n) => product * n, 1);
      return [name, { values: take(values, pick, width), shape: [pick.length, ...rest] }];
    }),
  );
}

/** The given rows, each of `width` numbers, of a column, in the order of `pick`. */
export function take<A extends Float32Array | Int32Array>(column: A, pick: Int32Array, width: number): A;
export function take(column: Float32Array | Int32Array, pick: Int32Array, width: number): Float32Array | Int32Array {
  const out = column.slice(0, pick.length * width);
  pick.forEach((row, n) => {
    out.set(column.subarray(row * width, (row + 1) * width), n * width);
  });
  return out;
}
