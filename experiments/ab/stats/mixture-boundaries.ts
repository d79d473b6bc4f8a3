import { complaint } from '../../../core/check.js';
import { betaTail } from '../../../core/stats/beta.js';
import { binet, deviance, gammaLower, gammaUpper } from '../../../core/stats/gamma.js';
import { normalLower } from '../../../core/stats/normal.js';
import { neverZero } from './welch.js';

/**
 * A mixture supermartingale m(s, v) (Howard, Ramdas, McAuliffe and Sekhon 2021): s is a sum of centred observations, v
 * its accumulated variance ("intrinsic time"). Under the null P(m ever reaches 1/α) ≤ α, so that s crosses the curve
 * m(s, v) = 1/α with at most that probability, however often one looks.
 */
export interface Mixture {
  /** ln m(s, v), v ≥ 0; grows with s where s ≥ 0. */
  logValue(s: number, v: number): number;
  /** The largest s there can be at v. */
  largest(v: number): number;
  /** Whether sums below 0 count as much as those above. */
  readonly twoSided: boolean;
}

/** For which v the curve is tightest. */
export interface Tuning {
  /** The accumulated variance at which the boundary is lowest, above 0. */
  readonly at: number;
  /** The α for which it is, in (0, 1); below 1/2 where only one side counts. 0.05 when left out. */
  readonly alpha?: number;
}

/** Normal mixture over both signs, sub-Gaussian sums (eq. 14): ln m = ½ ln(ρ/(v + ρ)) + s²/(2(v + ρ)). */
export function normalMixture(tuning: Tuning): Mixture {
  const rho = bestRho(tuning, true);
  return {
    logValue: (s, v) => 0.5 * Math.log(rho / (v + rho)) + (s * s) / (2 * (v + rho)),
    largest: () => Infinity,
    twoSided: true,
  };
}

/** Half-normal mixture, sub-Gaussian sums of one sign (eq. 15): ln m = ½ ln(4ρ/(v + ρ)) + s²/(2(v + ρ)) + ln Φ(s/√(v + ρ)). */
export function oneSidedNormalMixture(tuning: Tuning): Mixture {
  const rho = bestRho(tuning, false);
  return {
    logValue: (s, v) =>
      0.5 * Math.log((4 * rho) / (v + rho)) + (s * s) / (2 * (v + rho)) + Math.log(normalLower(s / Math.sqrt(v + rho))),
    largest: () => Infinity,
    twoSided: false,
  };
}

/**
 * Gamma-exponential mixture, sub-exponential sums with scale c (prop. 9), one-sided. With a = (v + ρ)/c², x = a + s/c and
 * a₀ = ρ/c² its gamma functions are written by Stirling's remainder μ and half deviances, in which nothing cancels:
 *
 *     ln m = ½ ln(a₀/a) + μ(a) − μ(a₀) + [a ln(a/x) − (a − x)] + ln P(a, x) − ln P(a₀, a₀)
 *
 * @param c scale, above 0
 */
export function gammaExponentialMixture(tuning: Tuning, c: number): Mixture {
  expectPositive('gamma-exponential mixture: c', c);
  const a0 = bestRho(tuning, false) / c / c;
  const start = binet(a0) + Math.log(gammaLower(a0, a0));
  return {
    logValue: (s, v) => {
      const a = v / c / c + a0;
      const x = a + s / c;
      if (x <= 0) return -Infinity;
      return 0.5 * Math.log(a0 / a) + binet(a) + deviance(a, x, -s / c) + Math.log(gammaLower(a, x)) - start;
    },
    largest: () => Infinity,
    twoSided: false,
  };
}

/**
 * Gamma-Poisson mixture, sub-Poisson sums with scale c (prop. 10), one-sided. With a, a₀ as in the gamma-exponential
 * mixture and k = a + s/c: ln m = ½ ln(a₀/k) + μ(k) − μ(a₀) + [k ln(k/a) − (k − a)] + ln Q(k, a) − ln Q(a₀, a₀).
 *
 * @param c scale, above 0
 */
export function gammaPoissonMixture(tuning: Tuning, c: number): Mixture {
  expectPositive('gamma-Poisson mixture: c', c);
  const a0 = bestRho(tuning, false) / c / c;
  const start = binet(a0) + Math.log(gammaUpper(a0, a0));
  return {
    logValue: (s, v) => {
      const a = v / c / c + a0;
      const k = a + s / c;
      if (k <= 0) return -Infinity;
      return 0.5 * Math.log(a0 / k) + binet(k) + deviance(k, a, s / c) + Math.log(gammaUpper(k, a)) - start;
    },
    largest: () => Infinity,
    twoSided: false,
  };
}

/**
 * Beta-binomial mixture (prop. 7): sums of t centred observations within [−g, h] at v = g·h·t. The observations are taken
 * for coins with chance q = g/(g + h); m is the Bayes factor of a Beta(a, b) chance with mean q and
 * a + b = max(ρ − gh, gh/1000)/(gh), truncated to chances above q where only one side counts.
 *
 * @param g how far below 0 an observation can lie, above 0
 * @param h how far above, above 0
 */
export function betaBinomialMixture(
  tuning: Tuning,
  { g, h, twoSided }: { readonly g: number; readonly h: number; readonly twoSided: boolean },
): Mixture {
  expectPositive('beta-binomial mixture: g', g);
  expectPositive('beta-binomial mixture: h', h);
  const r = Math.max(bestRho(tuning, twoSided) - g * h, 1e-3 * g * h);
  const q = g / (g + h);
  const rest = h / (g + h);
  const a = r / (h * (g + h));
  const b = r / (g * (g + h));
  /** ln of B(x, y) q^−x (1 − q)^−y without ln √2π, at x = (x + y) q + d; truncated where one side counts. */
  const at = (x: number, y: number, d: number): number => {
    const n = x + y;
    const smooth = 0.5 * (Math.log(n / x) - Math.log(y)) + binet(x) + binet(y) - binet(n);
    const log = smooth + deviance(x, n * q, d) + deviance(y, n * rest, -d);
    return twoSided ? log : log + Math.log(betaTail(rest, q, y, x));
  };
  const start = at(a, b, 0);
  return {
    logValue: (s, v) => {
      const n = v / (g * h);
      const x = a + q * n + s / (g + h);
      const y = b + rest * n - s / (g + h);
      // Beyond what t observations can add up to there is nothing.
      return x <= 0 || y <= 0 ? Infinity : at(x, y, s / (g + h)) - start;
    },
    largest: (v) => v / g,
    twoSided,
  };
}

/**
 * The boundary: the s ≥ 0 with m(s, v) = 1/α, or the largest possible s where m stays below. Also at v = 0, where
 * confseq's search, which begins at v and doubles, raises.
 *
 * @param v accumulated variance, at least 0
 * @param alpha in (0, 1)
 */
export function mixtureBoundary(mixture: Mixture, v: number, alpha: number): number {
  if (!(v >= 0 && v < Infinity))
    throw complaint('numeric', {
      where: 'mixture boundary: v',
      expected: 'a variance of at least 0',
      received: `${v}`,
    });
  expectChance('mixture boundary: alpha', alpha, 1);
  const target = -Math.log(alpha);
  const above = (s: number): boolean => mixture.logValue(s, v) >= target;
  const most = mixture.largest(v);
  let high = most;
  if (most === Infinity) for (high = Math.sqrt(v) + 1; !above(high) && high < 1e300;) high *= 2;
  else if (!above(most)) return most;
  let low = 0;
  for (let step = 0; step < 1100; step++) {
    const middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    if (above(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** An always-valid p-value of sums seen so far, in (0, 1]: 1 over the largest m there was. */
export function mixturePValue(mixture: Mixture, sums: ArrayLike<number>, variances: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < sums.length; i++) most = Math.max(most, mixture.logValue(sums[i], variances[i]));
  return neverZero(Math.exp(-most));
}

/** The ρ whose normal mixture is tightest at v: v/(2 ln(1/α) + ln(1 + 2 ln(1/α))), with 2α where one side counts. */
function bestRho({ at, alpha = 0.05 }: Tuning, twoSided: boolean): number {
  expectPositive('mixture boundary: the variance to tune for', at);
  expectChance('mixture boundary: the alpha to tune for', alpha, twoSided ? 1 : 0.5);
  const log = -2 * Math.log(twoSided ? alpha : 2 * alpha);
  return at / (log + Math.log1p(log));
}

function expectPositive(where: string, value: number): void {
  if (value > 0 && value < Infinity) return;
  throw complaint('numeric', { where, expected: 'a finite number above 0', received: `${value}` });
}

function expectChance(where: string, value: number, below: number): void {
  if (value > 0 && value < below) return;
  throw complaint('numeric', { where, expected: `a number above 0 and below ${below}`, received: `${value}` });
}
