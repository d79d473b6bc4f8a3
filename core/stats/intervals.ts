import { normalQuantile } from './normal.js';

/** A two-sided interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** z such that a standard normal lies in ±z with probability `level`. */
export function twoSidedZ(level: number): number {
  return normalQuantile(0.5 + level / 2);
}

/** estimate ± z·standardError. */
export function normalInterval(estimate: number, standardError: number, level: number): Interval {
  const half = twoSidedZ(level) * standardError;
  return { low: estimate - half, high: estimate + half };
}

/** Interval of a mean from its sample: mean ± z·√(variance / n). */
export function meanInterval(mean: number, variance: number, n: number, level: number): Interval {
  return normalInterval(mean, Math.sqrt(variance / n), level);
}

/**
 * Wilson's score interval of a proportion (1927): right for rare outcomes, never outside [0, 1].
 *
 *   (p̂ + z²/2n ± z·√(p̂(1 − p̂)/n + z²/4n²)) / (1 + z²/n)
 */
export function wilson(successes: number, n: number, level: number): Interval {
  if (n === 0) return { low: 0, high: 1 };
  const z = twoSidedZ(level);
  const p = successes / n;
  const centre = p + (z * z) / (2 * n);
  const half = z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  const scale = 1 + (z * z) / n;
  return { low: Math.max(0, (centre - half) / scale), high: Math.min(1, (centre + half) / scale) };
}
