import { varianceAlong, type Sums } from './sums.js';

/** A metric in one arm: all that a comparison needs of it. */
export interface ArmValue {
  readonly value: number;
  /** Of the value, not of one unit: the squared standard error. */
  readonly variance: number;
  /** What was randomised: units, or clusters where whole clusters were. */
  readonly units: number;
}

/** How a metric is made of the columns of its sums. */
export type Form = 'mean' | 'proportion' | 'ratio';

/** Column 0 of the sums as a mean, with the divisor n − 1: variance s² / n. */
export function meanOf(sums: Sums): ArmValue {
  return { value: sums.mean[0], variance: varianceAlong(sums, gradient(sums, 'mean')) / sums.n, units: sums.n };
}

/** Column 0 of zeros and ones as a proportion: variance p(1 − p) / n, without the n − 1 of means. */
export function proportionOf({ n, mean, products }: Sums): ArmValue {
  return { value: mean[0], variance: n < 2 ? NaN : products[0] / n / n, units: n };
}

/**
 * Column 0 over column 1, R = Σ M / Σ D, by the delta method (Deng, Knoblich and Lu 2018, eq. 3; there for user-level
 * sums): variance [v_M/d² + v_D m²/d⁴ − 2 c m/d³] / n with m, d the means of a row and n − 1 in v and c. NaN where Σ D is 0.
 */
export function ratioOf(sums: Sums): ArmValue {
  if (sums.mean[1] === 0) return { value: NaN, variance: NaN, units: sums.n };
  const variance = varianceAlong(sums, gradient(sums, 'ratio')) / sums.n;
  return { value: sums.mean[0] / sums.mean[1], variance, units: sums.n };
}

/** The metric of the first columns of `sums`. */
export function armValue(sums: Sums, form: Form): ArmValue {
  return form === 'mean' ? meanOf(sums) : form === 'proportion' ? proportionOf(sums) : ratioOf(sums);
}

/** How the value moves with the mean of each column, from column `at` on; 0 for all other columns. */
export function gradient({ mean }: Sums, form: Form, at = 0): number[] {
  const g = Array.from(mean, () => 0);
  g[at] = form === 'ratio' ? 1 / mean[at + 1] : 1;
  if (form === 'ratio') g[at + 1] = -mean[at] / mean[at + 1] ** 2;
  return g;
}
