import { binet, deviance } from './gamma.js';
import { tailRoot } from './tail-root.js';

/** The beta distribution, right to about 1e-13 relative in both tails. */

const MOST_TERMS = 1_000_000;

/** Iₓ(a, b) = ∫₀ˣ t^(a−1) (1−t)^(b−1) dt / B(a, b), for a, b > 0 and x in [0, 1]. */
export function betaLower(x: number, a: number, b: number): number {
  return betaTail(x, 1 - x, a, b);
}

/** 1 − Iₓ(a, b), computed on its own so that it does not round to 0. */
export function betaUpper(x: number, a: number, b: number): number {
  return betaTail(1 - x, x, b, a);
}

/**
 * Iₓ(a, b) when both x and y = 1 − x are known, so that neither has to be rounded from the other.
 * By the continued fraction of Didonato and Morris (1992, algorithm 708, BFRAC), with Lentz's method.
 */
export function betaTail(x: number, y: number, a: number, b: number): number {
  if (!(x > 0)) return x <= 0 ? 0 : NaN;
  if (y <= 0) return 1;
  if (a * y < b * x) return 1 - fraction(y, x, b, a);
  return fraction(x, y, a, b);
}

/** The x with Iₓ(a, b) = p. @param p in [0, 1] */
export function betaQuantile(p: number, a: number, b: number): number {
  if (!(p >= 0 && p <= 1)) return NaN;
  if (p === 0 || p === 1) return p;
  // Solved from the side on which the answer is small: there it keeps its digits.
  return betaLower(0.5, a, b) >= p ? lowSide(p, 1 - p, a, b) : 1 - lowSide(1 - p, p, b, a);
}

/** The x whose lower tail is p and whose upper tail is q = 1 − p. */
function lowSide(p: number, q: number, a: number, b: number): number {
  const density = (x: number): number => power(x, 1 - x, a, b) / (x * (1 - x));
  const start = Math.min(0.5, a / (a + b));
  return p <= 0.5
    ? tailRoot({ probability: (x) => betaLower(x, a, b), density, falls: false, largest: 1 }, p, start)
    : tailRoot({ probability: (x) => betaUpper(x, a, b), density, falls: true, largest: 1 }, q, start);
}

/** x^a y^b / B(a, b) by deviances, so that large a and b do not cancel (Loader 2000). */
function power(x: number, y: number, a: number, b: number): number {
  const n = a + b;
  const d = x < y ? a - n * x : n * y - b;
  const log = binet(n) - binet(a) - binet(b) - deviance(a, n * x, d) - deviance(b, n * y, -d);
  return Math.exp(log) * Math.sqrt((a / n) * (b / (2 * Math.PI)));
}

function fraction(x: number, y: number, a: number, b: number): number {
  const lambda = a * y - b * x;
  let value = (a / (a + 1)) * (lambda + 1);
  let c = value;
  let d = 0;
  for (let m = 1; m < MOST_TERMS; m++) {
    const top = (((a + m - 1) * (a + b + m - 1)) / (a + 2 * m - 1) ** 2) * m * (b - m) * x * x;
    const below = m + (m * (b - m) * x) / (a + 2 * m - 1) + ((a + m) / (a + 2 * m + 1)) * (lambda + 1 + m * (2 - x));
    d = 1 / (below + top * d);
    c = below + top / c;
    const factor = c * d;
    value *= factor;
    if (Math.abs(factor - 1) < 2e-16) break;
  }
  return power(x, y, a, b) / value;
}
