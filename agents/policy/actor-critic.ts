import type tf from '@tensorflow/tfjs';
import type { Rng } from '../../core/random.js';
import { mlp, type Activation, type Layer } from '../../core/tensor/layers.js';
import { ParameterSet, orthogonal } from '../../core/tensor/parameters.js';
import { compileInference } from '../../core/tensor/compile.js';
import type { Inputs as StepInputs, InputTensors } from '../../core/tensor/compiled-programs.js';
import type { EnvSpec } from '../../envs/contract.js';
import type { Decision } from '../contract.js';
import { decide, type ActionHead } from './head.js';
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
  readonly #outputsOf: (inputs: StepInputs) => Readonly<Record<string, Float32Array>>;
  readonly #valuesOf: (inputs: StepInputs) => Readonly<Record<string, Float32Array>>;

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
    this.#outputsOf = compileInference(this.parameters, ({ choices }) => ({
      outputs: this.#policy(choices.as2D(choices.size / choiceWidth, choiceWidth)),
    }));
    this.#valuesOf = compileInference(this.parameters, ({ states }) => ({
      values: this.#value(states.as2D(states.size / stateWidth, stateWidth)),
    }));
  }

  /** Decides every row of `observation`; see `decide`. */
  act(observation: Float32Array, random: Rng, out: Decision, explore: boolean): void {
    const rows = out.propensity.length;
    const choices = this.inputs.choices(observation, rows);
    const { fan, choiceWidth } = this.inputs;
    const { outputs } = this.#outputsOf({ choices: { values: choices, shape: [rows * fan, choiceWidth] } });
    decide(this.head, outputs, random, out, explore);
  }

  encode(observation: Float32Array, rows: number): EncodedRows {
    const { inputs } = this;
    const states = inputs.states(observation, rows);
    return { rows, states, choices: inputs.fan === 1 ? states : inputs.choices(observation, rows) };
  }

  /** V of each row. */
  values(states: Float32Array, rows: number): Float32Array {
    return this.#valuesOf({ states: { values: states, shape: [rows, this.inputs.stateWidth] } })['values'].slice();
  }

  /** Encoded rows and actions as inputs of a training step; `judge` reads them back. */
  stepInputs({ rows, states, choices }: EncodedRows, actions: Float32Array): StepInputs {
    const { stateWidth, fan, choiceWidth } = this.inputs;
    return {
      states: { values: states, shape: [rows, stateWidth] },
      actions: { values: actions, shape: [rows, this.head.encoded] },
      ...(choices === states ? {} : { choices: { values: choices, shape: [rows * fan, choiceWidth] } }),
    };
  }

  /** For the loss inside a training step, on tensors of `stepInputs`. */
  judge(inputs: InputTensors): Judgement {
    const { stateWidth, fan, choiceWidth } = this.inputs;
    const [rows] = inputs['actions'].shape;
    const states = inputs['states'].as2D(rows, stateWidth);
    const choices = 'choices' in inputs ? inputs['choices'].as2D(rows * fan, choiceWidth) : states;
    const outputs = this.#policy(choices).as2D(rows, this.head.outputs);
    const { logProbability, entropy } = this.head.score(outputs, inputs['actions'].as2D(rows, this.head.encoded));
    return { logProbability: logProbability.as1D(), entropy: entropy.as1D(), value: this.#value(states).as1D() };
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
