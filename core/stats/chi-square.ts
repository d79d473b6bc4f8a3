import { gammaLower, gammaQuantile, gammaUpper } from './gamma.js';

/** The chi-square distribution with k > 0 degrees of freedom. */

/** P(X > x); keeps its relative precision however far out. */
export function chiSquareUpper(x: number, k: number): number {
  return gammaUpper(k / 2, x / 2);
}

/** P(X ≤ x). */
export function chiSquareLower(x: number, k: number): number {
  return gammaLower(k / 2, x / 2);
}

/** The x with P(X ≤ x) = p. @param p in [0, 1] */
export function chiSquareQuantile(p: number, k: number): number {
  return 2 * gammaQuantile(p, k / 2);
}
