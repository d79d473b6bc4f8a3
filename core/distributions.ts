import type { Source } from './random.js';
import { normalQuantile } from './stats/normal.js';

/** Functions of a source of uniform numbers; each says how many of them it takes. */

/** Uniform in [low, high). One draw. */
export function uniform(source: Source, low = 0, high = 1): number {
  return low + (high - low) * source.next();
}

/** A whole number in [0, n). One draw; the bias from 2⁻³² steps is below n·2⁻³². */
export function uniformInt(source: Source, n: number): number {
  return Math.floor(source.next() * n);
}

/** 1 with probability p. One draw. */
export function bernoulli(source: Source, p: number): 0 | 1 {
  return source.next() < p ? 1 : 0;
}

/**
 * Normal by inverting its distribution function: one draw, and monotone in it, so that paired worlds which draw at the
 * same address differ smoothly when their parameters do.
 */
export function normal(source: Source, mean = 0, deviation = 1): number {
  // Half a 2⁻³² step away from 0 keeps the quantile finite.
  return mean + deviation * normalQuantile(source.next() + 2 ** -33);
}

/** Exponential with that mean. One draw. */
export function exponential(source: Source, mean = 1): number {
  return -mean * Math.log1p(-source.next());
}

/** Standard Gumbel. One draw. The arg-max of logits plus Gumbels is a draw from their softmax. */
export function gumbel(source: Source): number {
  return -Math.log(-Math.log(source.next() + 2 ** -33));
}

/**
 * Row of a table of non-negative weights, in proportion to them: w[at … at + n). One draw.
 *
 * @returns an index in [0, n); the last one of positive weight when rounding would run past the end
 */
export function categorical(source: Source, weights: ArrayLike<number>, at = 0, n = weights.length): number {
  let total = 0;
  for (let i = 0; i < n; i++) total += weights[at + i];
  let left = source.next() * total;
  let chosen = 0;
  for (let i = 0; i < n; i++) {
    const weight = weights[at + i];
    if (weight <= 0) continue;
    chosen = i;
    left -= weight;
    if (left < 0) return i;
  }
  return chosen;
}

/** Shuffles in place (Fisher and Yates). length − 1 draws. */
export function shuffle(source: Source, values: Int32Array | Float32Array | Float64Array): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = uniformInt(source, i + 1);
    const kept = values[i];
    values[i] = values[j];
    values[j] = kept;
  }
}
