import tf from '@tensorflow/tfjs';
import { categorical } from '../../core/distributions.js';
import type { Rng } from '../../core/random.js';
import { compileInference } from '../../core/tensor/compile.js';
import type { Inputs as StepInputs, InputTensors } from '../../core/tensor/compiled-programs.js';
import { mlp, type Activation, type Layer } from '../../core/tensor/layers.js';
import { ParameterSet, orthogonal } from '../../core/tensor/parameters.js';
import type { Decision } from '../contract.js';
import type { ActionHead } from '../policy/head.js';
import type { EncodedRows, Judgement, PolicyNetworks } from '../policy/networks.js';
import { oneHot } from '../policy/one-hot.js';
import { plackettLuce } from '../policy/plackett-luce.js';
import type { Trajectory } from '../trajectory.js';
import { FeedEncoding } from './encoding.js';
import { NEVER, type Exploration } from './exploration.js';
import { expectInjected, type FeedPlaces } from './places.js';
import { scoreNetwork } from './score-network.js';
import { writeBest, type SupervisedScores } from './scores.js';
import { WATCHED, writeWatched } from './watched.js';

export interface FeedNetworksOptions {
  readonly places: FeedPlaces;
  readonly exploration: Exploration;
  /** Injected candidates that every observation must end with; undefined where nobody cares. */
  readonly injected: number | undefined;
  /** The ranker, asked once per decision; undefined where it is not needed at all. */
  readonly scores: SupervisedScores | undefined;
  /** Features that users and items share. */
  readonly shared: number;
  /** What f and the network's own number count in a score z; f counts 0 where the network stands alone. */
  readonly scale: { readonly f: number; readonly h: number };
  /** What f counts in the scores of the supervised policy that this one is compared with, and may be cloned from. */
  readonly sharpness: number;
  readonly temperature: number;
  readonly hidden: readonly number[];
  readonly activation: Activation;
}

/** Values are computed for multiples of so many states. */
const VALUE_ROWS = 256;

/**
 * The policy and value networks of a feed session: z(s, a) = scale_f · f(s, a) + scale_h · h_θ(s, a) over the candidates,
 * from which an exploration strategy makes chances, and V(s) from the state alone. The notes of a decision are the
 * ranker's probabilities [K, H] (where there is a ranker), so that it is not asked again, and the numbers of watched.ts.
 */
export class FeedNetworks implements PolicyNetworks {
  readonly parameters = new ParameterSet();
  readonly noteWidth: number;
  readonly options: FeedNetworksOptions;
  readonly #encoding: FeedEncoding;
  readonly #score: (states: tf.Tensor2D, choices: tf.Tensor2D) => tf.Tensor2D;
  readonly #value: Layer;
  readonly #slates: ActionHead;
  readonly #scoresOf: (inputs: StepInputs) => Readonly<Record<string, Float32Array>>;
  readonly #valuesOf: (inputs: StepInputs) => Readonly<Record<string, Float32Array>>;
  readonly #ranked: number;
  #checked = false;
  // Scratch: of one decision, and of a batch.
  readonly #f: Float64Array;
  readonly #chances: Float64Array;
  readonly #open: Uint8Array;
  readonly #logits: Float32Array;
  #choices = new Float32Array(0);
  #probabilities = new Float32Array(0);
  #z = new Float64Array(0);

  constructor(options: FeedNetworksOptions, random: Rng) {
    const { places, shared, scale, hidden, activation, scores } = options;
    const { K, H, size } = places;
    this.options = options;
    this.#ranked = scores === undefined ? 0 : K * H;
    this.noteWidth = this.#ranked + WATCHED.length;
    this.#encoding = new FeedEncoding(places, shared, scale.f);
    const { stateWidth, choiceWidth } = this.#encoding;
    const silent = scale.f !== 0;
    const shape = { stateWidth, choiceWidth, K, hidden, activation, silent };
    this.#score = scoreNetwork(this.parameters, shape, random.fork('policy'));
    this.#value = mlp(
      this.parameters,
      {
        name: 'value',
        inputs: stateWidth,
        hidden,
        outputs: 1,
        activation,
        initialise: orthogonal(Math.SQRT2),
        initialiseLast: orthogonal(1),
        onNumbers: true,
      },
      random.fork('value'),
    );
    this.#slates = plackettLuce(K, size);
    this.#scoresOf = compileInference(this.parameters, (inputs) => ({ h: this.#ownScores(inputs) }));
    this.#valuesOf = compileInference(this.parameters, ({ states }) => ({
      values: this.#value(states.as2D(states.size / stateWidth, stateWidth)),
    }));
    this.#f = new Float64Array(K);
    this.#chances = new Float64Array(K);
    this.#open = new Uint8Array(K);
    this.#logits = new Float32Array(K);
  }

  /** h of every candidate, [rows, K]. */
  #ownScores({ states, choices }: InputTensors): tf.Tensor2D {
    const { stateWidth, choiceWidth } = this.#encoding;
    const rows = states.size / stateWidth;
    return this.#score(states.as2D(rows, stateWidth), choices.as2D(rows * this.options.places.K, choiceWidth));
  }

  act(observation: Float32Array, random: Rng, out: Decision, explore: boolean, notes: Float32Array): void {
    const rows = out.propensity.length;
    const { places, injected, scores } = this.options;
    const { K, size } = places;
    if (!this.#checked && injected !== undefined) expectInjected('recomind', places, injected, observation, rows);
    this.#checked = true;
    const probabilities = this.rank(observation, rows);
    const z = this.scores(observation, probabilities, rows);
    for (let b = 0; b < rows; b++) {
      const own = z.subarray(b * K, (b + 1) * K);
      if (explore) {
        notes.set(probabilities.subarray(b * this.#ranked, (b + 1) * this.#ranked), b * this.noteWidth);
        if (scores !== undefined) scores.scores(probabilities, b * this.#ranked, this.#f);
        writeWatched(own, this.#f, this.options, notes, b * this.noteWidth + this.#ranked);
        out.propensity[b] = this.#draw(own, observation, b, random, out.action);
      } else {
        this.#openGreedy();
        writeBest(own, this.#open, out.action, b * size, size);
        out.propensity[b] = 1;
      }
    }
  }

  /** The ranker's probabilities of every candidate, [rows, K, H]; empty without a ranker. Overwritten by the next call. */
  rank(observation: Float32Array, rows: number): Float32Array {
    const length = rows * this.#ranked;
    if (this.#probabilities.length !== length) this.#probabilities = new Float32Array(length);
    this.options.scores?.rank(observation, rows, this.#probabilities);
    return this.#probabilities;
  }

  /**
   * z of every candidate, not yet divided by the temperature, [rows, K]. Overwritten by the next call.
   *
   * @param probabilities [rows, K, H] of the ranker, or empty
   */
  scores(observation: Float32Array, probabilities: Float32Array, rows: number): Float64Array {
    const { places, scale, scores } = this.options;
    const { K, width } = places;
    const { choiceWidth, stateWidth } = this.#encoding;
    if (this.#z.length !== rows * K) {
      this.#z = new Float64Array(rows * K);
      this.#choices = new Float32Array(rows * K * choiceWidth);
    }
    const f = this.#f;
    const z = this.#z;
    for (let b = 0; b < rows; b++) {
      const from = { values: probabilities, at: b * this.#ranked };
      scores?.scores(probabilities, from.at, f);
      this.#encoding.choices(observation, b * width, f, from, this.#choices, b * K * choiceWidth);
      for (let k = 0; k < K; k++) z[b * K + k] = scale.f === 0 ? 0 : scale.f * f[k];
    }
    const { h } = this.#scoresOf({
      states: { values: this.#encoding.states(observation, rows), shape: [rows, stateWidth] },
      choices: { values: this.#choices, shape: [rows, K, choiceWidth] },
    });
    for (let i = 0; i < z.length; i++) z[i] += scale.h * h[i];
    return z;
  }

  /** Marks the candidates among which the greedy choice is made. */
  #openGreedy(): void {
    this.#open.fill(1, 0, this.options.exploration.greedy);
    this.#open.fill(0, this.options.exploration.greedy);
  }

  /** Draws one decision and returns its propensity. */
  #draw(z: Float64Array, observation: Float32Array, b: number, random: Rng, action: Int32Array | Float32Array): number {
    const { places, exploration, temperature } = this.options;
    const { K, size, width, group } = places;
    if (size > 1) {
      for (let k = 0; k < K; k++) this.#logits[k] = k < exploration.softmax ? z[k] / temperature : NEVER;
      return Math.exp(this.#slates.draw(this.#logits, 0, random, action, b * size));
    }
    const scaled = this.#f;
    for (let k = 0; k < K; k++) scaled[k] = z[k] / temperature;
    exploration.chances(scaled, observation, b * width + group, this.#chances);
    const pick = categorical(random, this.#chances);
    action[b] = pick;
    return this.#chances[pick];
  }

  states(observation: Float32Array, rows: number): Float32Array {
    return this.#encoding.states(observation, rows);
  }

  values(states: Float32Array, rows: number): Float32Array {
    const { stateWidth } = this.#encoding;
    // Lengths vary with the number of sessions cut off; rounded up, few programs serve them all.
    const padded = Math.ceil(rows / VALUE_ROWS) * VALUE_ROWS;
    const filled = new Float32Array(padded * stateWidth);
    filled.set(states);
    return this.#valuesOf({ states: { values: filled, shape: [padded, stateWidth] } })['values'].slice(0, rows);
  }

  encode({ observation, action, notes, steps, worlds }: Trajectory): EncodedRows {
    const { places, scores, exploration } = this.options;
    const { K, size, width } = places;
    const { stateWidth, choiceWidth } = this.#encoding;
    const rows = steps * worlds;
    const choices = new Float32Array(rows * K * choiceWidth);
    const supervised = new Float32Array(scores === undefined ? 0 : rows * K);
    for (let row = 0; row < rows; row++) {
      const from = { values: notes, at: row * this.noteWidth };
      if (scores !== undefined) {
        scores.scores(notes, from.at, this.#f);
        supervised.set(this.#f, row * K);
      }
      this.#encoding.choices(observation, row * width, this.#f, from, choices, row * K * choiceWidth);
    }
    return {
      states: { values: this.#encoding.states(observation, rows), shape: [rows, stateWidth] },
      choices: { values: choices, shape: [rows, K, choiceWidth] },
      actions: { values: Float32Array.from(action), shape: [rows, size] },
      ...(scores === undefined ? {} : { supervised: { values: supervised, shape: [rows, K] } }),
      ...exploration.inputs(observation, rows),
    };
  }

  /** z of every candidate inside a training step, not yet divided by the temperature, [rows, K]. */
  scoreTensors(inputs: InputTensors): tf.Tensor2D {
    const { scale } = this.options;
    const h = this.#ownScores(inputs);
    const scaled = scale.h === 1 ? h : tf.mul(h, scale.h);
    const z = scale.f === 0 ? scaled : tf.add(scaled, tf.mul(inputs['supervised'], scale.f));
    return z.as2D(h.shape[0], h.shape[1]);
  }

  /** V inside a training step, [rows]. */
  valueTensor({ states }: InputTensors): tf.Tensor1D {
    const { stateWidth } = this.#encoding;
    return this.#value(states.as2D(states.size / stateWidth, stateWidth)).as1D();
  }

  judge(inputs: InputTensors): Judgement {
    const { places, exploration, temperature } = this.options;
    const { K, size } = places;
    const z = this.scoreTensors(inputs);
    const [rows] = z.shape;
    const scaled = tf.div(z, temperature).as2D(rows, K);
    const value = this.valueTensor(inputs);
    const actions = inputs['actions'].as2D(rows, size);
    if (size > 1) {
      const n = exploration.softmax;
      const open =
        n === K
          ? scaled
          : tf.pad(
              tf.slice(scaled, [0, 0], [rows, n]),
              [
                [0, 0],
                [0, K - n],
              ],
              NEVER,
            );
      const { logProbability, entropy } = this.#slates.score(open.as2D(rows, K), actions);
      return { logProbability: logProbability.as1D(), entropy: entropy.as1D(), value };
    }
    const logs = exploration.logChances(scaled, inputs);
    const taken = oneHot(actions.as1D(), K);
    const logProbability = tf.sum(tf.mul(logs, taken), 1).as1D();
    const entropy = tf.neg(tf.sum(tf.mul(tf.exp(logs), logs), 1)).as1D();
    return { logProbability, entropy, value };
  }
}
