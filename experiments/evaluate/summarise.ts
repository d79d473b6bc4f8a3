import { normalInterval } from '../../core/stats/intervals.js';
import type { PerRound } from './estimators/form.js';

/** Value of a per-round form: mean(offset) + Σ numerator / Σ denominator. */
export function valueOf({ numerator, denominator, offset }: PerRound): number {
  return (
    (offset === undefined ? 0 : meanOf(offset)) +
    meanOf(numerator) / (denominator === undefined ? 1 : meanOf(denominator))
  );
}

/**
 * How much each round moves the value (its influence), by linearisation; the mean is 0:
 *
 *   offset_n − mean(offset) + (numerator_n − R·denominator_n) / mean(denominator),  R = Σ numerator / Σ denominator
 *
 * For plain means this is the round minus the mean. Differences of two policies on the same rounds subtract theirs.
 */
export function influenceOf({ numerator, denominator, offset }: PerRound): Float64Array {
  const n = numerator.length;
  const influence = new Float64Array(n);
  if (denominator === undefined) {
    const mean = meanOf(numerator);
    for (let i = 0; i < n; i++) influence[i] = numerator[i] - mean;
  } else {
    const scale = meanOf(denominator);
    const ratio = meanOf(numerator) / scale;
    for (let i = 0; i < n; i++) influence[i] = (numerator[i] - ratio * denominator[i]) / scale;
  }
  if (offset === undefined) return influence;
  const centre = meanOf(offset);
  for (let i = 0; i < n; i++) influence[i] += offset[i] - centre;
  return influence;
}

/**
 * Standard error from influences, whose mean is 0: √(Σ influence² / d / n). The divisor d is n − 1 for plain means, where
 * that makes the variance unbiased, and n for self-normalised ratios, where the delta method is asymptotic anyway. These
 * two conventions give the published figures of the men/BTS log: IPS 0.000773935 (with n: 0.000773897) and SNIPS
 * 0.000827823 (with n − 1: 0.000827865).
 */
export function standardErrorOf(influence: Float64Array, normalised: boolean): number {
  const n = influence.length;
  if (n < 2) return NaN;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += influence[i] * influence[i];
  return Math.sqrt(squares / (normalised ? n : n - 1) / n);
}

/** value ± z·standard error. */
export function deltaInterval(value: number, standardError: number, level: number): [number, number] {
  const { low, high } = normalInterval(value, standardError, level);
  return [low, high];
}

/** Mean in two passes: the second takes out what rounding did to the first, so that a constant has no spread. */
function meanOf(values: Float64Array): number {
  const n = values.length;
  let total = 0;
  for (let i = 0; i < n; i++) total += values[i];
  const mean = total / n;
  let rest = 0;
  for (let i = 0; i < n; i++) rest += values[i] - mean;
  return mean + rest / n;
}
