import type { Estimator } from './estimators/form.js';
import type { Terms } from './rounds.js';

/** Rows that are summarised while they are in the nearest caches. */
const BLOCK = 4096;

/** An estimate of a mean and how sure it is. */
export interface Summary {
  readonly value: number;
  readonly standardError: number;
}

/** An estimator whose rounds depend on their own row alone, with its setting. */
export interface RowEstimator {
  readonly estimator: Estimator;
  readonly setting: number;
}

/**
 * Means and standard errors (divisor n − 1) of several row-wise estimators in one walk over the log: a block of rows at a
 * time, so that the terms are fetched once for all of them and no per-round column is ever whole. Blocks are joined by
 * their means and squared deviations (Chan, Golub and LeVeque 1983), each found in two passes, so that a constant has no
 * spread.
 */
export function summariseRows(terms: Terms, estimators: readonly RowEstimator[]): Summary[] {
  const n = terms.weight.length;
  const mean = new Float64Array(estimators.length);
  const squares = new Float64Array(estimators.length);
  for (let from = 0; from < n; from += BLOCK) {
    const block = rowsOf(terms, from, Math.min(from + BLOCK, n));
    for (let e = 0; e < estimators.length; e++) {
      const { estimator, setting } = estimators[e];
      const { numerator } = estimator.perRound(block, setting);
      const size = numerator.length;
      const centre = meanOf(numerator);
      const away = centre - mean[e];
      mean[e] += (away * size) / (from + size);
      squares[e] += squaresAround(numerator, centre) + (away * away * from * size) / (from + size);
    }
  }
  return estimators.map((_, e) => ({
    value: n === 0 ? NaN : mean[e],
    standardError: n < 2 ? NaN : Math.sqrt(squares[e] / (n - 1) / n),
  }));
}

/** The terms of some rows, without copying. */
function rowsOf({ reward, weight, direct, guess }: Terms, from: number, to: number): Terms {
  return {
    reward: reward.subarray(from, to),
    weight: weight.subarray(from, to),
    ...(direct === undefined ? {} : { direct: direct.subarray(from, to) }),
    ...(guess === undefined ? {} : { guess: guess.subarray(from, to) }),
  };
}

/** Mean in two passes: the second takes out what rounding did to the first. Four sums, so that additions need not wait. */
export function meanOf(values: Float64Array): number {
  const n = values.length;
  const whole = n - (n % 4);
  const first = sumAround(values, whole, 0) / n;
  return first + sumAround(values, whole, first) / n;
}

function sumAround(values: Float64Array, whole: number, centre: number): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < whole; i += 4) {
    a += values[i] - centre;
    b += values[i + 1] - centre;
    c += values[i + 2] - centre;
    d += values[i + 3] - centre;
  }
  for (let i = whole; i < values.length; i++) a += values[i] - centre;
  return a + b + (c + d);
}

function squaresAround(values: Float64Array, centre: number): number {
  const whole = values.length - (values.length % 4);
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < whole; i += 4) {
    const [p, q, r, s] = [values[i] - centre, values[i + 1] - centre, values[i + 2] - centre, values[i + 3] - centre];
    a += p * p;
    b += q * q;
    c += r * r;
    d += s * s;
  }
  for (let i = whole; i < values.length; i++) a += (values[i] - centre) ** 2;
  return a + b + (c + d);
}
