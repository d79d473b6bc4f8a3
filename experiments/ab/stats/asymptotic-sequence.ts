import { neverZero } from './welch.js';

/** What is known at one look. */
export interface SequenceLook {
  readonly difference: number;
  readonly standardError: number;
  /** Units of both arms. */
  readonly units: number;
  /** Two-sided, e.g. 0.95. */
  readonly level: number;
  /** Units at which the interval is narrowest. */
  readonly tunedFor: number;
}

/**
 * The asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024): an interval that holds at
 * all looks together in large samples. With α = 1 − level, n units, s² = n·SE²:
 *
 *     ρ² = (−2 ln α + ln(1 − 2 ln α)) / n*      half = s·√(2(nρ² + 1)/(nρ)²·ln(√(nρ² + 1)/α))
 *     p = min(1, 1/E)                           E = exp(ρ² n t²/(2(nρ² + 1)))/√(nρ² + 1),  t = difference/SE
 */
export function asymptoticSequence({ difference, standardError, units, level, tunedFor }: SequenceLook): {
  readonly low: number;
  readonly high: number;
  readonly pValue: number;
} {
  const alpha = 1 - level;
  const rho2 = (-2 * Math.log(alpha) + Math.log(1 - 2 * Math.log(alpha))) / tunedFor;
  const scale = units * rho2 + 1;
  const half = standardError * Math.sqrt(((2 * scale) / (units * rho2)) * Math.log(Math.sqrt(scale) / alpha));
  const t = difference / standardError;
  const log = ((units * rho2) / (2 * scale)) * t * t - Math.log(scale) / 2;
  return { low: difference - half, high: difference + half, pValue: neverZero(Math.exp(-log)) };
}
