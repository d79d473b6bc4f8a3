import { betaQuantile } from './beta.js';
import type { Interval } from './intervals.js';

/**
 * Intervals of a mean that hold at every sample size, for independent values that never leave a known range. The range
 * has to be known beforehand: taken from the sample (its maximum, as some libraries do) it voids the guarantee, because
 * what the sample has not shown yet is what the bound is about.
 */

/**
 * Hoeffding (1963): a mean of n values in a range of this width exceeds its expectation by more than
 *
 *     width · √(ln(1/miss) / (2n))
 *
 * with a probability of at most `miss`. For both sides together give each half of what may be missed.
 */
export function hoeffdingMargin(width: number, n: number, miss: number): number {
  return width * Math.sqrt(-Math.log(miss) / (2 * n));
}

/**
 * Empirical Bernstein (Maurer and Pontil 2009, theorem 4): on one side, with the sample variance V (divisor n − 1),
 *
 *     √(2 V ln(2/miss) / n) + 7 · width · ln(2/miss) / (3 (n − 1))
 *
 * Much narrower than Hoeffding where the values rarely use their range, wider in small samples.
 */
export function bernsteinMargin(variance: number, width: number, n: number, miss: number): number {
  if (n < 2) return Infinity;
  const log = Math.log(2 / miss);
  return Math.sqrt((2 * variance * log) / n) + (7 * width * log) / (3 * (n - 1));
}

/**
 * Clopper and Pearson (1934): the probabilities under which so few, or so many, successes among n are not too unlikely
 * (each side (1 − level)/2). `successes` may be any number from 0 to n.
 */
export function clopperPearson(successes: number, n: number, level: number): Interval {
  const tail = (1 - level) / 2;
  return {
    low: successes <= 0 ? 0 : betaQuantile(tail, successes, n - successes + 1),
    high: successes >= n ? 1 : betaQuantile(1 - tail, successes + 1, n - successes),
  };
}
