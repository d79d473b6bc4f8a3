import { betaTail } from './beta.js';
import { binet } from './gamma.js';
import { normalQuantile } from './normal.js';
import { tailRoot } from './tail-root.js';

/** Student's t with ν > 0 degrees of freedom (real numbers allowed): both tails and the quantile. */

/** P(T > t); keeps its relative precision however far out. */
export function studentUpper(t: number, nu: number): number {
  if (t < 0) return 1 - studentUpper(-t, nu);
  const s = t * t;
  return 0.5 * betaTail(nu / (nu + s), s / (nu + s), nu / 2, 0.5);
}

/** P(T ≤ t). */
export function studentLower(t: number, nu: number): number {
  return studentUpper(-t, nu);
}

/** The t with P(T ≤ t) = p. @param p in [0, 1]; 0 and 1 give −∞ and ∞ */
export function studentQuantile(p: number, nu: number): number {
  if (!(p >= 0 && p <= 1) || !(nu > 0)) return NaN;
  if (p === 0.5) return 0;
  const tail = Math.min(p, 1 - p);
  if (tail === 0) return p === 0 ? -Infinity : Infinity;
  const upper = {
    probability: (t: number) => studentUpper(t, nu),
    density: (t: number) => studentDensity(t, nu),
    falls: true,
  };
  const size = tailRoot(upper, tail, Math.max(-normalQuantile(tail), 1e-9));
  return p < 0.5 ? -size : size;
}

/** Γ((ν+1)/2) / (Γ(ν/2)·√(νπ)) · (1 + t²/ν)^(−(ν+1)/2). */
function studentDensity(t: number, nu: number): number {
  const half = nu / 2;
  const ratio = half * Math.log1p(0.5 / half) - 0.5 + binet(half + 0.5) - binet(half);
  return Math.exp(ratio - 0.5 * (nu + 1) * Math.log1p((t * t) / nu)) / Math.sqrt(2 * Math.PI);
}
