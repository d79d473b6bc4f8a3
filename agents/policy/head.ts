import tf from '@tensorflow/tfjs';
import { expectLength } from '../../core/check.js';
import type { Source } from '../../core/random.js';
import type { Decision } from '../contract.js';

/**
 * How the numbers of a network become an action: the family of distributions over one action space. Everything works
 * on one row of flat arrays, (array, offset), so that heads can be laid side by side.
 */
export interface ActionHead {
  /** Numbers the network gives per row. */
  readonly outputs: number;
  /** Numbers per action. */
  readonly width: number;
  /** Draws an action, writes it at `action[place…]` and returns ln π of it (ln density, for amounts). */
  draw(output: Float32Array, at: number, random: Source, action: Int32Array | Float32Array, place: number): number;
  /** Writes the most probable action (the median, for amounts); ties go to the lower code. */
  best(output: Float32Array, at: number, action: Int32Array | Float32Array, place: number): void;
  /**
   * Adds ln π(action) and the entropy to the score, and writes their derivatives by `output[at + i]` at the same
   * places of the score's slopes.
   */
  score(output: Float32Array, at: number, action: Int32Array | Float32Array, place: number, score: Score): void;
}

/** What `ActionHead.score` says of one row. */
export interface Score {
  logProbability: number;
  /** In nats. For slates and squashed amounts an estimate; the head says which. */
  entropy: number;
  /** ∂ ln π / ∂ output, laid out like the outputs. */
  readonly logProbabilitySlope: Float32Array;
  /** ∂ entropy / ∂ output, laid out like the outputs. */
  readonly entropySlope: Float32Array;
}

/** A zeroed score with room for the slopes of `outputs` numbers. */
export function emptyScore(outputs: number): Score {
  return {
    logProbability: 0,
    entropy: 0,
    logProbabilitySlope: new Float32Array(outputs),
    entropySlope: new Float32Array(outputs),
  };
}

/** Smallest propensity written: Float32's smallest normal number, so that a drawn action never has probability 0. */
const SMALLEST = 2 ** -126;

/**
 * Decides every row of a batch.
 *
 * @param outputs [B, head.outputs]
 * @param out     its propensity is exact: the probability (for amounts the density) of what was drawn; 1 when
 *                `explore` is off, because the choice is then certain
 */
export function decide(head: ActionHead, outputs: Float32Array, random: Source, out: Decision, explore: boolean): void {
  const rows = out.propensity.length;
  expectLength('decide: network outputs', outputs, { rows, outputs: head.outputs });
  expectLength('decide: action', out.action, { rows, width: head.width });
  for (let n = 0; n < rows; n++) {
    if (explore) {
      const logProbability = head.draw(outputs, n * head.outputs, random, out.action, n * head.width);
      out.propensity[n] = Math.max(Math.exp(logProbability), SMALLEST);
    } else {
      head.best(outputs, n * head.outputs, out.action, n * head.width);
      out.propensity[n] = 1;
    }
  }
}

/**
 * ln π and entropy of given actions as tensors with exact gradients: one fused operation, whose numbers and slopes
 * come from `head.score` alone, so that what learns and what draws cannot disagree.
 *
 * @param outputs [rows, head.outputs]
 * @param action  [rows, head.width]
 */
export function scoreTensors(
  head: ActionHead,
  outputs: tf.Tensor2D,
  action: Int32Array | Float32Array,
): { readonly logProbability: tf.Tensor1D; readonly entropy: tf.Tensor1D } {
  const rows = outputs.shape[0];
  expectLength('scoreTensors: action', action, { rows, width: head.width });
  const fused = tf.customGrad((input: unknown) => {
    if (!(input instanceof tf.Tensor)) throw new TypeError('score: the outputs are not a tensor');
    const numbers = input.dataSync<'float32'>();
    const score = emptyScore(rows * head.outputs);
    // Row 0: ln π; row 1: entropy.
    const both = new Float32Array(2 * rows);
    for (let n = 0; n < rows; n++) {
      score.logProbability = 0;
      score.entropy = 0;
      head.score(numbers, n * head.outputs, action, n * head.width, score);
      both[n] = score.logProbability;
      both[rows + n] = score.entropy;
    }
    const gradFunc = (dy: tf.Tensor): tf.Tensor => {
      const by = dy.dataSync<'float32'>();
      const gradient = new Float32Array(rows * head.outputs);
      for (let i = 0; i < gradient.length; i++) {
        const n = Math.floor(i / head.outputs);
        gradient[i] = by[n] * score.logProbabilitySlope[i] + by[rows + n] * score.entropySlope[i];
      }
      return tf.tensor2d(gradient, [rows, head.outputs]);
    };
    return { value: tf.tensor2d(both, [2, rows]), gradFunc };
  });
  const both = fused(outputs);
  return {
    logProbability: tf.slice(both, [0, 0], [1, rows]).as1D(),
    entropy: tf.slice(both, [1, 0], [1, rows]).as1D(),
  };
}

/** Independent heads side by side: probabilities multiply, entropies add. */
export function sideBySide(parts: readonly ActionHead[]): ActionHead {
  if (parts.length === 1) return parts[0];
  const outputAt = starts(parts.map((part) => part.outputs));
  const actionAt = starts(parts.map((part) => part.width));
  return {
    outputs: parts.reduce((sum, part) => sum + part.outputs, 0),
    width: parts.reduce((sum, part) => sum + part.width, 0),
    draw: (output, at, random, action, place) =>
      parts.reduce((sum, part, i) => sum + part.draw(output, at + outputAt[i], random, action, place + actionAt[i]), 0),
    best: (output, at, action, place) => {
      parts.forEach((part, i) => part.best(output, at + outputAt[i], action, place + actionAt[i]));
    },
    score: (output, at, action, place, score) => {
      parts.forEach((part, i) => part.score(output, at + outputAt[i], action, place + actionAt[i], score));
    },
  };
}

function starts(sizes: readonly number[]): number[] {
  let at = 0;
  return sizes.map((size) => (at += size) - size);
}
