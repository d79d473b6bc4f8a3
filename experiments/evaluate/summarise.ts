import { normalInterval } from '../../core/stats/intervals.js';
import type { PerRound } from './estimators/form.js';
import { meanOf, type Summary } from './row-sums.js';

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

/** Value and standard error of a form, without the influences being kept. */
export function summaryOf(form: PerRound): Summary {
  const { numerator, denominator, offset } = form;
  const n = numerator.length;
  const value = valueOf(form);
  if (n < 2) return { value, standardError: NaN };
  const scale = denominator === undefined ? 1 : meanOf(denominator);
  const centre = offset === undefined ? 0 : meanOf(offset);
  const ratio = value - centre;
  let squares = 0;
  for (let i = 0; i < n; i++) {
    const below = denominator === undefined ? 1 : denominator[i];
    const moved = (numerator[i] - ratio * below) / scale + (offset === undefined ? 0 : offset[i] - centre);
    squares += moved * moved;
  }
  return { value, standardError: Math.sqrt(squares / (denominator === undefined ? n - 1 : n) / n) };
}

/** value ± z·standard error. */
export function deltaInterval(value: number, standardError: number, level: number): [number, number] {
  const { low, high } = normalInterval(value, standardError, level);
  return [low, high];
}
