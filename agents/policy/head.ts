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
  /** Numbers that `encode` writes per action. */
  readonly encoded: number;
  /** Writes what `score` needs to know of the action at `action[place…]` to `out[to…]`, in float64 where it matters. */
  encode(action: Int32Array | Float32Array, place: number, out: Float32Array, to: number): void;
  /**
   * ln π of given actions and the entropy, each [rows], in tensor operations with gradients by the outputs: the same
   * distribution that `draw` draws from, which a test holds together.
   *
   * @param outputs [rows, outputs]
   * @param actions [rows, encoded]
   */
  score(outputs: tf.Tensor2D, actions: tf.Tensor2D): Score;
}

/** What `ActionHead.score` says. */
export interface Score {
  /** [rows] */
  readonly logProbability: tf.Tensor;
  /** [rows] in nats. For slates and squashed amounts an estimate; the head says which. */
  readonly entropy: tf.Tensor;
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

/** Every action of a batch as its head encodes it, [rows, head.encoded]. */
export function encodeActions(head: ActionHead, action: Int32Array | Float32Array, rows: number): Float32Array {
  expectLength('encodeActions: action', action, { rows, width: head.width });
  const out = new Float32Array(rows * head.encoded);
  for (let n = 0; n < rows; n++) head.encode(action, n * head.width, out, n * head.encoded);
  return out;
}

/** Independent heads side by side: probabilities multiply, entropies add. */
export function sideBySide(parts: readonly ActionHead[]): ActionHead {
  if (parts.length === 1) return parts[0];
  const outputAt = starts(parts.map((part) => part.outputs));
  const actionAt = starts(parts.map((part) => part.width));
  const encodedAt = starts(parts.map((part) => part.encoded));
  return {
    outputs: parts.reduce((sum, part) => sum + part.outputs, 0),
    width: parts.reduce((sum, part) => sum + part.width, 0),
    draw: (output, at, random, action, place) =>
      parts.reduce((sum, part, i) => sum + part.draw(output, at + outputAt[i], random, action, place + actionAt[i]), 0),
    best: (output, at, action, place) => {
      parts.forEach((part, i) => part.best(output, at + outputAt[i], action, place + actionAt[i]));
    },
    encoded: parts.reduce((sum, part) => sum + part.encoded, 0),
    encode: (action, place, out, to) => {
      parts.forEach((part, i) => part.encode(action, place + actionAt[i], out, to + encodedAt[i]));
    },
    score: (outputs, actions) => {
      const [rows] = outputs.shape;
      const scores = parts.map((part, i) =>
        part.score(
          tf.slice(outputs, [0, outputAt[i]], [rows, part.outputs]),
          tf.slice(actions, [0, encodedAt[i]], [rows, part.encoded]),
        ),
      );
      return {
        logProbability: tf.addN(scores.map((score) => score.logProbability)),
        entropy: tf.addN(scores.map((score) => score.entropy)),
      };
    },
  };
}

function starts(sizes: readonly number[]): number[] {
  let at = 0;
  return sizes.map((size) => (at += size) - size);
}
