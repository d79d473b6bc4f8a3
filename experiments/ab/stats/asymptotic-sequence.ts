import { neverZero } from './welch.js';

/** What is known at one look. */
export interface SequenceLook {
  readonly difference: number;
  readonly standardError: number;
  /** Units of both arms. */
  readonly units: number;
  /** Of the interval, two-sided or one-sided as the interval is, e.g. 0.95. */
  readonly level: number;
  /** Units at which the interval is narrowest. */
  readonly tunedFor: number;
}

/** An interval that holds at all looks together, and the p-value that goes with it. */
export interface SequenceInterval {
  readonly low: number;
  readonly high: number;
  /** In (0, 1]; below 1 − level exactly when the interval leaves 0 out. */
  readonly pValue: number;
}

/**
 * The asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024): an interval that holds at
 * all looks together in large samples. With α = 1 − level, n units, s² = n·SE²:
 *
 *     ρ² = (−2 ln α + ln(1 − 2 ln α)) / n*      half = s·√(2(nρ² + 1)/(nρ)²·ln(√(nρ² + 1)/α))
 *     p = min(1, 1/E)                           E = exp(ρ² n t²/(2(nρ² + 1)))/√(nρ² + 1),  t = difference/SE
 */
export function asymptoticSequence(look: SequenceLook): SequenceInterval {
  const { difference, standardError, units, level, tunedFor } = look;
  const half = standardError * sequenceBoundary({ units, level, tunedFor });
  const grown = units * mixingRate(1 - level, tunedFor);
  const t = difference / standardError;
  const log = (grown / (2 * (grown + 1))) * t * t - Math.log1p(grown) / 2;
  return { low: difference - half, high: difference + half, pValue: neverZero(Math.exp(-log)) };
}

/**
 * The same for one side (there, theorem 2.5 with the mixture over positive effects): ρ of 2α, ln(1 + √(nρ² + 1)/(2α)) in
 * place of the logarithm above. The p-value is the α at which the bound touches 0 with ρ kept,
 * p = √(nρ² + 1)/(2(exp(ρ² n t²/(2(nρ² + 1))) − 1)); no bisection as elsewhere is needed.
 *
 * @param side 'greater': the effect is at least `low`; 'less': at most `high`. The other end is infinite.
 */
export function asymptoticBound(look: SequenceLook, side: 'greater' | 'less'): SequenceInterval {
  const { difference, standardError, units, level, tunedFor } = look;
  const alpha = 1 - level;
  const grown = units * mixingRate(2 * alpha, tunedFor);
  const root = Math.sqrt(grown + 1);
  const half = standardError * Math.sqrt(((2 * (grown + 1)) / grown) * Math.log1p(root / (2 * alpha)));
  const t = (side === 'greater' ? difference : -difference) / standardError;
  const pValue = t > 0 ? neverZero(root / (2 * Math.expm1((grown / (2 * (grown + 1))) * t * t))) : 1;
  return side === 'greater'
    ? { low: difference - half, high: Infinity, pValue }
    : { low: -Infinity, high: difference + half, pValue };
}

/** How many standard errors the two-sided sequence reaches to each side at a look. */
export function sequenceBoundary({
  units,
  level,
  tunedFor,
}: Pick<SequenceLook, 'units' | 'level' | 'tunedFor'>): number {
  const alpha = 1 - level;
  const grown = units * mixingRate(alpha, tunedFor);
  return Math.sqrt(((2 * (grown + 1)) / grown) * (Math.log1p(grown) / 2 - Math.log(alpha)));
}

/** ρ²: how fast the mixture learns, so that the sequence is narrowest at n*. */
function mixingRate(alpha: number, tunedFor: number): number {
  return (-2 * Math.log(alpha) + Math.log1p(-2 * Math.log(alpha))) / tunedFor;
}
