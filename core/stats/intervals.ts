import { normalQuantile } from './normal.js';
import { studentQuantile } from './student.js';

/** A two-sided confidence interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** z such that a standard normal lies in ±z with probability `level`. */
export function twoSidedZ(level: number): number {
  return normalQuantile(0.5 + level / 2);
}

/** estimate ± z·standardError: for estimates that are normal in large samples. */
export function normalInterval(estimate: number, standardError: number, level: number): Interval {
  const half = twoSidedZ(level) * standardError;
  return { low: estimate - half, high: estimate + half };
}

/**
 * Interval of a mean from its sample: mean ± t·sd / √n with Student's t of n − 1 degrees of freedom; the whole line for
 * a single number.
 *
 * @param sd sample standard deviation, divisor n − 1
 */
export function meanInterval(mean: number, sd: number, n: number, level: number): Interval {
  if (n < 2) return { low: -Infinity, high: Infinity };
  const half = (studentQuantile(0.5 + level / 2, n - 1) * sd) / Math.sqrt(n);
  return { low: mean - half, high: mean + half };
}

/**
 * Wilson's score interval of a proportion (1927): right for rare outcomes, never outside [0, 1].
 *
 *     (p̂ + z²/2n ± z·√(p̂(1 − p̂)/n + z²/4n²)) / (1 + z²/n)
 */
export function wilson(successes: number, n: number, level: number): Interval {
  if (n === 0) return { low: 0, high: 1 };
  const z = twoSidedZ(level);
  const share = successes / n;
  const centre = share + (z * z) / (2 * n);
  const half = z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  const scale = 1 + (z * z) / n;
  // With no success or no failure one end is 0 or 1 exactly; computed, it would miss by a rounding error.
  return {
    low: successes === 0 ? 0 : (centre - half) / scale,
    high: successes === n ? 1 : (centre + half) / scale,
  };
}
