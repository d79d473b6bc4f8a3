import tf from '@tensorflow/tfjs';
import { affineRows, type Affine } from '../../core/affine-rows.js';
import type { Rng } from '../../core/random.js';
import type { InputTensors } from '../../core/tensor/compiled-programs.js';
import { dense, type Layer } from '../../core/tensor/layers.js';
import { PlainNetwork } from './plain-network.js';
import { matrix, PolicyNetwork } from './policy-network.js';

export interface ValueShape {
  /** Numbers of a context, of an action and of its embedding. */
  readonly context: number;
  readonly action: number;
  readonly embedding: number;
  readonly hidden: readonly number[];
  /** H */
  readonly outcomes: number;
  readonly dropout: number;
}

/** Q(x, a) of H outcomes: an embedded action beside the context, then [BatchNorm → Linear → ReLU → Dropout] blocks and a line. */
export class ValueNetwork {
  readonly shape: ValueShape;
  readonly blocks: PolicyNetwork;
  readonly #embed: Layer;

  constructor(shape: ValueShape, random: Rng) {
    const { context, action, embedding, hidden, outcomes: outputs, dropout } = shape;
    this.shape = shape;
    this.blocks = new PolicyNetwork(
      { inputs: context + embedding, hidden, outputs, dropout, startAtZero: true, onNumbers: false },
      random,
    );
    const options = { name: 'embed', inputs: action, outputs: embedding, activation: 'relu', onNumbers: true } as const;
    this.#embed = dense(this.blocks.parameters, options, random);
  }

  /** Q of the actions taken, [rows, H], from `x` and `action`; and the moments for `absorb`. */
  forward(inputs: InputTensors): ReturnType<PolicyNetwork['forward']> {
    const embedded = this.#embed(matrix(inputs['action']));
    return this.blocks.forward(matrix(tf.concat([matrix(inputs['x']), embedded], 1)), inputs);
  }

  /** The network as it serves, for these actions, [A, action]. */
  plain(features: Float32Array): PlainValues {
    const { context, action, embedding } = this.shape;
    const A = features.length / action;
    const { parameters } = this.blocks;
    const embedded = new Float32Array(A * embedding);
    const [weights, bias] = ['embed.weights', 'embed.bias'].map((name) => parameters.numbers(name).slice());
    affineRows({ inputs: action, outputs: embedding, weights, bias }, features, A, true, embedded);
    const [first, ...rest] = this.blocks.plain().layers;
    const split = context * first.outputs;
    const ofAction = new Float32Array(A * first.outputs);
    const actionPart = {
      ...first,
      inputs: embedding,
      weights: first.weights.slice(split),
      bias: new Float32Array(first.outputs),
    };
    affineRows(actionPart, embedded, A, false, ofAction);
    return new PlainValues({ ...first, inputs: context, weights: first.weights.slice(0, split) }, ofAction, rest);
  }
}

/** Q of every action, without a backend: the first block's product is taken apart into context and action. */
export class PlainValues {
  readonly actions: number;
  readonly outcomes: number;
  readonly #first: Affine;
  readonly #ofAction: Float32Array;
  readonly #rest: PlainNetwork;
  #ofContext = new Float32Array(0);
  #pairs = new Float32Array(0);

  /** @param ofAction [A, first.outputs] what an action adds to the first block */
  constructor(first: Affine, ofAction: Float32Array, rest: readonly Affine[]) {
    this.#first = first;
    this.#ofAction = ofAction;
    this.#rest = new PlainNetwork(rest);
    this.actions = ofAction.length / first.outputs;
    this.outcomes = this.#rest.outputs;
  }

  /** Q of every action for the rows at the start of `x`, [rows, A, H]; overwritten by the next call. */
  rows(x: Float32Array, rows: number): Float32Array {
    const { outputs } = this.#first;
    const [A, width] = [this.actions, outputs];
    if (this.#ofContext.length < rows * width) {
      this.#ofContext = new Float32Array(rows * width);
      this.#pairs = new Float32Array(rows * A * width);
    }
    affineRows(this.#first, x, rows, false, this.#ofContext);
    const [context, action, pairs] = [this.#ofContext, this.#ofAction, this.#pairs];
    for (let n = 0, to = 0; n < rows; n++) {
      for (let a = 0, from = 0; a < A; a++) {
        for (let k = n * width; k < (n + 1) * width; k++, from++, to++) {
          const value = context[k] + action[from];
          pairs[to] = value > 0 ? value : 0;
        }
      }
    }
    return this.#rest.rows(pairs, rows * A);
  }
}
