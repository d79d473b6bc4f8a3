import { betaQuantile, betaTail } from './beta.js';

/** Fisher's F distribution with a > 0 and b > 0 degrees of freedom (real numbers allowed): both tails and the quantile. */

/** P(F > x); keeps its relative precision however far out. */
export function fisherUpper(x: number, a: number, b: number): number {
  if (!(x > 0)) return x <= 0 ? 1 : NaN;
  if (x === Infinity) return 0;
  return betaTail(b / (b + a * x), (a * x) / (b + a * x), b / 2, a / 2);
}

/** P(F ≤ x). */
export function fisherLower(x: number, a: number, b: number): number {
  if (!(x > 0)) return x <= 0 ? 0 : NaN;
  if (x === Infinity) return 1;
  return betaTail((a * x) / (b + a * x), b / (b + a * x), a / 2, b / 2);
}

/** The x with P(F ≤ x) = p. @param p in [0, 1]; 1 gives ∞ */
export function fisherQuantile(p: number, a: number, b: number): number {
  if (!(p >= 0 && p <= 1)) return NaN;
  // F·a/b is the odds of a beta variable; the odds come from the end at which that variable is small.
  if (p <= 0.5) {
    const share = betaQuantile(p, a / 2, b / 2);
    return ((b / a) * share) / (1 - share);
  }
  const rest = betaQuantile(1 - p, b / 2, a / 2);
  return ((b / a) * (1 - rest)) / rest;
}
