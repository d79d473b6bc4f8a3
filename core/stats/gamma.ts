import { tailRoot } from './tail-root.js';

/** The gamma function and the gamma distribution of unit scale, right to about 1e-13 relative in both tails. */

const LOG_SQRT_2PI = 0.9189385332046727;
/** Fractions and series stop when a term no longer moves the result. */
const TINY = 1e-17;
const MOST_TERMS = 1_000_000;

/**
 * Binet's μ(z) = ln Γ(z) − [(z − ½) ln z − z + ½ ln 2π], z > 0: Stirling's series beyond 10, and below it the recursion
 * μ(z) = μ(z + 1) + (z + ½) ln(1 + 1/z) − 1, in which nothing large cancels.
 */
export function binet(z: number): number {
  let sum = 0;
  let at = z;
  for (; at < 10; at++) sum += (at + 0.5) * Math.log1p(1 / at) - 1;
  const r = 1 / at;
  const s = r * r;
  // prettier-ignore
  const series = r * (1 / 12 + s * (-1 / 360 + s * (1 / 1260 + s * (-1 / 1680 + s * (1 / 1188 + s * (-691 / 360360 + s / 156))))));
  return sum + series;
}

/** ln Γ(z) for z > 0; absolute error about 1e-15·(1 + |ln Γ(z)|). */
export function logGamma(z: number): number {
  return (z - 0.5) * Math.log(z) - z + LOG_SQRT_2PI + binet(z);
}

/**
 * Half the deviance x·ln(x/m) − d with d = x − m, without the cancellation near m = x (Loader 2000, "Fast and accurate
 * computation of binomial probabilities", section 3). Near m = x it is d that must be exact, so the caller gives it.
 */
export function deviance(x: number, m: number, d = x - m): number {
  if (Math.abs(d) >= 0.1 * (x + m)) return x * Math.log(x / m) - d;
  const v = d / (x + m);
  let sum = d * v;
  let power = 2 * x * v;
  for (let j = 1; ; j++) {
    power *= v * v;
    const next = sum + power / (2 * j + 1);
    if (next === sum) return sum;
    sum = next;
  }
}

/** x^a e^(−x) / Γ(a + 1), the Poisson probability with a real count. */
function poisson(a: number, x: number): number {
  return Math.exp(-binet(a) - deviance(a, x) - LOG_SQRT_2PI) / Math.sqrt(a);
}

/** P(a, x) = ∫₀ˣ t^(a−1) e^(−t) dt / Γ(a), for a > 0. */
export function gammaLower(a: number, x: number): number {
  if (x <= 0) return 0;
  return x < a + 1 ? lowerSeries(a, x) : 1 - upperFraction(a, x);
}

/** Q(a, x) = 1 − P(a, x), computed on its own so that it does not round to 0 in the tail. */
export function gammaUpper(a: number, x: number): number {
  if (x <= 0) return 1;
  return x < a + 1 ? 1 - lowerSeries(a, x) : upperFraction(a, x);
}

/** The x with P(a, x) = p. @param p in [0, 1] */
export function gammaQuantile(p: number, a: number): number {
  if (!(p >= 0 && p <= 1)) return NaN;
  if (p === 0 || p === 1) return p === 0 ? 0 : Infinity;
  const density = (x: number): number => (a / x) * poisson(a, x);
  // Below the median the lower tail is solved, above it the upper one: whichever is small is what must be right.
  return p <= 0.5
    ? tailRoot({ probability: (x) => gammaLower(a, x), density, falls: false }, p, a)
    : tailRoot({ probability: (x) => gammaUpper(a, x), density, falls: true }, 1 - p, a);
}

function lowerSeries(a: number, x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; k < MOST_TERMS && term > sum * TINY; k++) {
    term *= x / (a + k);
    sum += term;
  }
  return poisson(a, x) * sum;
}

/** Lentz's evaluation of Legendre's continued fraction for Q(a, x). */
function upperFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = Infinity;
  let d = 1 / b;
  let h = d;
  for (let k = 1; k < MOST_TERMS; k++) {
    const numerator = -k * (k - a);
    b += 2;
    d = 1 / (numerator * d + b);
    c = b + numerator / c;
    const factor = c * d;
    h *= factor;
    if (Math.abs(factor - 1) < 1e-16) break;
  }
  return a * poisson(a, x) * h;
}
