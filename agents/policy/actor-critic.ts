import tf from '@tensorflow/tfjs';
import type { Rng } from '../../core/random.js';
import { mlp, type Activation, type Layer } from '../../core/tensor/layers.js';
import { ParameterSet, orthogonal } from '../../core/tensor/parameters.js';
import { infer } from '../../core/tensor/train.js';
import type { EnvSpec } from '../../envs/contract.js';
import type { Decision } from '../contract.js';
import { decide, scoreTensors, type ActionHead } from './head.js';
import { headOf } from './heads.js';
import { inputsOf, type Inputs } from './inputs.js';

/** Observations of some decisions, encoded once for many passes. */
export interface EncodedRows {
  readonly rows: number;
  /** [rows, inputs.stateWidth] */
  readonly states: Float32Array;
  /** [rows · inputs.fan, inputs.choiceWidth] */
  readonly choices: Float32Array;
}

/** What both networks say of a minibatch, each [rows]. */
export interface Judgement {
  /** ln π(action | observation) */
  readonly logProbability: tf.Tensor1D;
  readonly entropy: tf.Tensor1D;
  readonly value: tf.Tensor1D;
}

/**
 * A policy network and a value network without shared layers, over one parameter set, so that one optimiser step moves
 * both. Weights start orthogonal with gain √2, the policy's last layer with 0.01 (it starts near uniform), the value's
 * with 1; biases at 0.
 */
export class ActorCritic {
  readonly parameters = new ParameterSet();
  readonly head: ActionHead;
  readonly inputs: Inputs;
  readonly #policy: Layer;
  readonly #value: Layer;

  constructor(spec: EnvSpec, hidden: readonly number[], activation: Activation, random: Rng) {
    this.head = headOf(spec.action);
    this.inputs = inputsOf(spec.observation, spec.action);
    const { stateWidth, choiceWidth, fan } = this.inputs;
    const body = { hidden, activation, initialise: orthogonal(Math.SQRT2), onNumbers: true };
    this.#policy = mlp(
      this.parameters,
      {
        ...body,
        name: 'policy',
        inputs: choiceWidth,
        outputs: this.head.outputs / fan,
        initialiseLast: orthogonal(0.01),
      },
      random.fork('policy'),
    );
    this.#value = mlp(
      this.parameters,
      { ...body, name: 'value', inputs: stateWidth, outputs: 1, initialiseLast: orthogonal(1) },
      random.fork('value'),
    );
  }

  /** Decides every row of `observation`; see `decide`. */
  act(observation: Float32Array, random: Rng, out: Decision, explore: boolean): void {
    const rows = out.propensity.length;
    const choices = this.inputs.choices(observation, rows);
    const outputs = infer(this.parameters, () => this.#outputs(choices, rows));
    decide(this.head, outputs, random, out, explore);
  }

  encode(observation: Float32Array, rows: number): EncodedRows {
    const { inputs } = this;
    const states = inputs.states(observation, rows);
    return { rows, states, choices: inputs.fan === 1 ? states : inputs.choices(observation, rows) };
  }

  /** V of each row. */
  values(states: Float32Array, rows: number): Float32Array {
    return infer(this.parameters, () => this.#value(tf.tensor2d(states, [rows, this.inputs.stateWidth])));
  }

  /** For the loss inside a training step. */
  judge({ rows, states, choices }: EncodedRows, action: Int32Array | Float32Array): Judgement {
    const value = this.#value(tf.tensor2d(states, [rows, this.inputs.stateWidth])).as1D();
    return { ...scoreTensors(this.head, this.#outputs(choices, rows), action), value };
  }

  #outputs(choices: Float32Array, rows: number): tf.Tensor2D {
    const { fan, choiceWidth } = this.inputs;
    return this.#policy(tf.tensor2d(choices, [rows * fan, choiceWidth])).as2D(rows, this.head.outputs);
  }
}

/** The given decisions out of encoded ones, in the order of `pick`. */
export function takeRows({ stateWidth, fan, choiceWidth }: Inputs, all: EncodedRows, pick: Int32Array): EncodedRows {
  const states = take(all.states, pick, stateWidth);
  const choices = all.choices === all.states ? states : take(all.choices, pick, fan * choiceWidth);
  return { rows: pick.length, states, choices };
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
