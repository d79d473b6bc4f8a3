import { complaint } from '../../../core/check.js';

/** The shape of a stitched boundary. */
export interface Stitching {
  /** The accumulated variance from which the boundary is meant to be used, above 0; below, it is that of this one. */
  readonly from: number;
  /** Scale of the sub-gamma tail: 0 for sub-Gaussian sums; below 0 for tails that are lighter. 0 when left out. */
  readonly c?: number;
  /** How the error is shared among epochs, above 1. 1.4 when left out. */
  readonly s?: number;
  /** How much longer each epoch is than the one before, above 1. 2 when left out. */
  readonly eta?: number;
}

/**
 * Polynomial stitching (Howard, Ramdas, McAuliffe and Sekhon 2021, eq. 10), one-sided: a curve in closed form that grows
 * like √(v ln ln v), with v no smaller than `from` = v₀:
 *
 *     ℓ = s ln ln(η v/v₀) + ln(ζ(s)/(α lnˢ η))     bound = √(k₁² v ℓ + (k₂ c ℓ)²) + k₂ c ℓ
 *     k₁ = (η^¼ + η^−¼)/√2                         k₂ = (√η + 1)/2
 *
 * @param v accumulated variance, at least 0
 * @param alpha in (0, 1)
 */
export function stitchedBoundary(v: number, alpha: number, { from, c = 0, s = 1.4, eta = 2 }: Stitching): number {
  if (!(v >= 0 && alpha > 0 && alpha < 1 && from > 0 && s > 1 && eta > 1 && Number.isFinite(c)))
    throw complaint('numeric', {
      where: 'stitched boundary',
      expected: 'v ≥ 0, alpha in (0, 1), from > 0, s > 1, eta > 1 and a finite c',
      received: `v ${v}, alpha ${alpha}, from ${from}, s ${s}, eta ${eta}, c ${c}`,
    });
  const time = Math.max(v, from);
  const k1 = (eta ** 0.25 + eta ** -0.25) / Math.SQRT2;
  const k2 = (Math.sqrt(eta) + 1) / 2;
  const spread = s * Math.log(Math.log((eta * time) / from) / Math.log(eta));
  const log = spread + Math.log(zeta(s)) - Math.log(alpha);
  const linear = k2 * c * log;
  const root = Math.hypot(k1 * Math.sqrt(time * log), linear);
  // With c below 0 the sum would cancel; its product with the other root does not.
  return linear < 0 ? (k1 * k1 * time * log) / (root - linear) : root + linear;
}

/** Riemann's ζ(s), s > 1: ten terms, then Euler and Maclaurin. */
function zeta(s: number): number {
  const n = 10;
  let sum = 0;
  for (let k = 1; k < n; k++) sum += k ** -s;
  const b2 = s / (12 * n);
  const b4 = (s * (s + 1) * (s + 2)) / (720 * n ** 3);
  const b6 = (s * (s + 1) * (s + 2) * (s + 3) * (s + 4)) / (30240 * n ** 5);
  return sum + n ** -s * (n / (s - 1) + 0.5 + b2 - b4 + b6);
}
