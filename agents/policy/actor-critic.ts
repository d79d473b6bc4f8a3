import type { Rng } from '../../core/random.js';
import { mlp, type Activation, type Layer } from '../../core/tensor/layers.js';
import { ParameterSet, orthogonal } from '../../core/tensor/parameters.js';
import { compileInference } from '../../core/tensor/compile.js';
import type { Inputs as StepInputs, InputTensors } from '../../core/tensor/compiled-programs.js';
import type { EnvSpec } from '../../envs/contract.js';
import type { Decision } from '../contract.js';
import type { Trajectory } from '../trajectory.js';
import { decide, encodeActions, type ActionHead } from './head.js';
import { headOf } from './heads.js';
import { inputsOf, type Inputs } from './inputs.js';
import type { EncodedRows, Judgement, PolicyNetworks } from './networks.js';

/**
 * A policy network and a value network without shared layers, over one parameter set, so that one optimiser step moves
 * both. Weights start orthogonal with gain √2, the policy's last layer with 0.01 (it starts near uniform), the value's
 * with 1; biases at 0.
 */
export class ActorCritic implements PolicyNetworks {
  readonly parameters = new ParameterSet();
  readonly noteWidth = 0;
  readonly #head: ActionHead;
  readonly #inputs: Inputs;
  readonly #policy: Layer;
  readonly #value: Layer;
  readonly #outputsOf: (inputs: StepInputs) => Readonly<Record<string, Float32Array>>;
  readonly #valuesOf: (inputs: StepInputs) => Readonly<Record<string, Float32Array>>;

  constructor(spec: EnvSpec, hidden: readonly number[], activation: Activation, random: Rng) {
    this.#head = headOf(spec.action);
    this.#inputs = inputsOf(spec.observation, spec.action);
    const { stateWidth, choiceWidth, fan } = this.#inputs;
    const body = { hidden, activation, initialise: orthogonal(Math.SQRT2), onNumbers: true };
    this.#policy = mlp(
      this.parameters,
      {
        ...body,
        name: 'policy',
        inputs: choiceWidth,
        outputs: this.#head.outputs / fan,
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
    const choices = this.#inputs.choices(observation, rows);
    const { fan, choiceWidth } = this.#inputs;
    const { outputs } = this.#outputsOf({ choices: { values: choices, shape: [rows * fan, choiceWidth] } });
    decide(this.#head, outputs, random, out, explore);
  }

  states(observation: Float32Array, rows: number): Float32Array {
    return this.#inputs.states(observation, rows);
  }

  /** V of each row. */
  values(states: Float32Array, rows: number): Float32Array {
    return this.#valuesOf({ states: { values: states, shape: [rows, this.#inputs.stateWidth] } })['values'].slice();
  }

  encode({ observation, action, steps, worlds }: Trajectory): EncodedRows {
    const inputs = this.#inputs;
    const { stateWidth, fan, choiceWidth } = inputs;
    const rows = steps * worlds;
    const actions = encodeActions(this.#head, action, rows);
    return {
      states: { values: inputs.states(observation, rows), shape: [rows, stateWidth] },
      actions: { values: actions, shape: [rows, this.#head.encoded] },
      ...(fan === 1 ? {} : { choices: { values: inputs.choices(observation, rows), shape: [rows, fan, choiceWidth] } }),
    };
  }

  judge(inputs: InputTensors): Judgement {
    const { stateWidth, fan, choiceWidth } = this.#inputs;
    const [rows] = inputs['actions'].shape;
    const states = inputs['states'].as2D(rows, stateWidth);
    const choices = 'choices' in inputs ? inputs['choices'].as2D(rows * fan, choiceWidth) : states;
    const outputs = this.#policy(choices).as2D(rows, this.#head.outputs);
    const { logProbability, entropy } = this.#head.score(outputs, inputs['actions'].as2D(rows, this.#head.encoded));
    return { logProbability: logProbability.as1D(), entropy: entropy.as1D(), value: this.#value(states).as1D() };
  }
}
