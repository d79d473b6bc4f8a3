import tf from '@tensorflow/tfjs';
import { normal } from '../../core/distributions.js';
import { complaint } from '../../core/check.js';
import { width, type BoxSpace } from '../../core/space.js';
import type { ActionHead } from './head.js';

const HALF_LN_2PI = 0.5 * Math.log(2 * Math.PI);
/** Bounds of ln σ: below, the density explodes; above, everything lands on the box's edges. */
const LOWEST_LOG_DEVIATION = -5;
const HIGHEST_LOG_DEVIATION = 2;
/** How close to the edge, as a share of half the box, an amount is taken to be when it is mapped back. */
const EDGE = 1e-6;

/**
 * Independent normal amounts: the network gives W means m, then W log deviations ln σ (held inside [−5, 2]).
 *
 *     u ~ N(m, σ²),   a = u (no bounds)   or   a = middle + half · tanh(u) (both bounds)
 *     ln density(a) = ln N(u; m, σ²) − ln(half · (1 − tanh²u))
 *
 * so that a bounded amount is always inside its box and its density is exact (Haarnoja et al. 2018, appendix C).
 *
 * Entropy: of u, before squashing; it has a closed form and the same use, keeping the spread up.
 */
export function gaussian(space: BoxSpace): ActionHead {
  const count = width(space);
  const bounded = Number.isFinite(space.low) && Number.isFinite(space.high);
  if (!bounded && (Number.isFinite(space.low) || Number.isFinite(space.high))) {
    throw complaint('usage', {
      where: 'box action',
      expected: 'two finite bounds or none',
      received: `[${space.low}, ${space.high}]`,
      try: 'Give the env a finite bound on both sides.',
    });
  }
  const middle = bounded ? (space.low + space.high) / 2 : 0;
  const half = bounded ? (space.high - space.low) / 2 : 1;
  const squash = (u: number): number => (bounded ? middle + half * Math.tanh(u) : u);
  const unsquash = (a: number): number =>
    bounded ? Math.atanh(Math.min(1 - EDGE, Math.max(EDGE - 1, (a - middle) / half))) : a;
  /** ln |da/du|, written so that it stays finite far out. */
  const logStretch = (u: number): number =>
    bounded ? Math.log(half) + 2 * (Math.LN2 - Math.abs(u) - Math.log1p(Math.exp(-2 * Math.abs(u)))) : 0;
  const logDeviation = (raw: number): number => Math.min(HIGHEST_LOG_DEVIATION, Math.max(LOWEST_LOG_DEVIATION, raw));
  const logDensity = (u: number, mean: number, logSigma: number): number =>
    -0.5 * ((u - mean) / Math.exp(logSigma)) ** 2 - logSigma - HALF_LN_2PI - logStretch(u);

  return {
    outputs: 2 * count,
    width: count,
    draw(output, at, random, action, place) {
      let total = 0;
      for (let i = 0; i < count; i++) {
        const logSigma = logDeviation(output[at + count + i]);
        action[place + i] = squash(normal(random, output[at + i], Math.exp(logSigma)));
        // Of the amount as it was stored, so that `score` finds the same density.
        total += logDensity(unsquash(action[place + i]), output[at + i], logSigma);
      }
      return total;
    },
    best(output, at, action, place) {
      for (let i = 0; i < count; i++) action[place + i] = squash(output[at + i]);
    },
    encoded: 2 * count,
    encode(action, place, out, to) {
      for (let i = 0; i < count; i++) {
        const u = unsquash(action[place + i]);
        out[to + i] = u;
        out[to + count + i] = logStretch(u);
      }
    },
    score(outputs, actions) {
      const [rows] = outputs.shape;
      const half = (of: tf.Tensor2D, from: number): tf.Tensor => tf.slice(of, [0, from], [rows, count]);
      const logSigma = tf.clipByValue(half(outputs, count), LOWEST_LOG_DEVIATION, HIGHEST_LOG_DEVIATION);
      const z = tf.mul(tf.sub(half(actions, 0), half(outputs, 0)), tf.exp(tf.neg(logSigma)));
      const constant = tf.add(half(actions, count), HALF_LN_2PI);
      const logDensities = tf.sub(tf.sub(tf.mul(tf.square(z), -0.5), logSigma), constant);
      return {
        logProbability: tf.sum(logDensities, 1),
        entropy: tf.add(tf.sum(logSigma, 1), count * (HALF_LN_2PI + 0.5)),
      };
    },
  };
}
