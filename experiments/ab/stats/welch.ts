import { studentQuantile, studentUpper } from '../../../core/stats/student.js';
import type { ArmValue } from './arm-value.js';

/** An effect with its test against 0. */
export interface TestedEffect {
  readonly effect: number;
  readonly standardError: number;
  /** Of Student's t; not a whole number. */
  readonly degrees: number;
  readonly low: number;
  readonly high: number;
  /** Two-sided, in (0, 1]. */
  readonly pValue: number;
}

/**
 * Welch's test (1947) of arm − control: SE² = v_A + v_B and
 * degrees = (v_A + v_B)² / (v_A²/(n_A − 1) + v_B²/(n_B − 1)), with v the variance of each arm's value.
 *
 * @param level two-sided, e.g. 0.95
 */
export function welch(control: ArmValue, arm: ArmValue, level: number): TestedEffect {
  const standardError = Math.sqrt(control.variance + arm.variance);
  return tested(arm.value - control.value, standardError, welchDegrees(control, arm), level);
}

export function welchDegrees(control: ArmValue, arm: ArmValue): number {
  const all = control.variance + arm.variance;
  // Shares of the variance instead of squares: variances near the smallest numbers would round to 0.
  const [a, b] = [control.variance / all, arm.variance / all];
  return 1 / ((a * a) / (control.units - 1) + (b * b) / (arm.units - 1));
}

/**
 * An effect over its standard error as Student's t. The p-value is twice the upper tail, computed as such: 2(1 − cdf)
 * of other libraries is exactly 0 from about 8 standard errors on. Where even the tail is below the smallest number
 * there is, that number stands for it, so that p is never 0.
 */
export function tested(effect: number, standardError: number, degrees: number, level: number): TestedEffect {
  const half = studentQuantile(0.5 + level / 2, degrees) * standardError;
  const pValue = neverZero(2 * studentUpper(Math.abs(effect) / standardError, degrees));
  return { effect, standardError, degrees, low: effect - half, high: effect + half, pValue };
}

/** A probability that rounded to 0 as the smallest positive number; above 1 by rounding as 1. */
export function neverZero(p: number): number {
  return Math.min(1, Math.max(Number.MIN_VALUE, p));
}
