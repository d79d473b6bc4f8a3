import { moments } from '../../../core/stats/moments.js';
import { normalInterval } from '../../../core/stats/intervals.js';
import { quantileOfSorted } from '../../../core/stats/moments.js';
import type { Estimate } from '../../contract.js';
import type { Metric, Trial } from '../contract.js';

/** One effect, known because every unit was seen under both arms with the same luck. */
export interface PairedEffect {
  /** Interval of the mean of the pairs' differences. */
  readonly difference: Estimate;
  /** What the interval would be if the two arms had met other users and other luck. */
  readonly unpaired: Estimate;
  /** treated ÷ control − 1, by the same pairs; refused where the control is 0. All are, where a ratio divides by 0. */
  readonly relative: Estimate;
}

/**
 * The difference of a metric between two plays of the same units, one under each arm. By linearisation: of a mean the
 * influence of a unit is x_u − mean, of a ratio (numerator_u − R·denominator_u) ÷ mean denominator; the standard error is
 * that of the difference of the two influences, so what luck does to both arms alike cancels; of the relative effect B/A − 1
 * it is that of (influence_B − (B/A)·influence_A) / A. A quantile has no interval.
 */
export function pairedEffect(treated: Trial, control: Trial, metric: Metric, level: number): PairedEffect {
  const own = summaryOf(treated, metric);
  const other = summaryOf(control, metric);
  const value = own.value - other.value;
  if (!Number.isFinite(value)) {
    const nothing = refused('paired plays: a play without anything to divide by');
    return { difference: nothing, unpaired: nothing, relative: nothing };
  }
  const none = (method: string): Estimate => ({ value, standardError: null, interval: null, method });
  if (own.influence === undefined || other.influence === undefined || own.influence.length !== other.influence.length)
    return {
      difference: none('paired plays'),
      unpaired: none('unpaired plays'),
      relative: { ...none('paired plays'), value: other.value === 0 ? null : value / other.value },
    };
  const against = other.influence;
  const n = against.length;
  const paired = moments(own.influence.map((x, u) => x - against[u])).variance / n;
  const unpaired = (moments(own.influence).variance + moments(against).variance) / n;
  const ratio = own.value / other.value;
  const scaled = moments(own.influence.map((x, u) => (x - ratio * against[u]) / other.value)).variance / n;
  const estimate = (at: number, variance: number, method: string): Estimate => {
    const standardError = Math.sqrt(variance);
    const { low, high } = normalInterval(at, standardError, level);
    return { value: at, standardError, interval: [low, high], method };
  };
  return {
    difference: estimate(value, paired, `paired plays of ${n} units, ${100 * level}%`),
    unpaired: estimate(value, unpaired, `unpaired plays of ${n} units each, ${100 * level}%`),
    relative:
      other.value === 0
        ? refused('paired plays: the control is 0')
        : estimate(ratio - 1, scaled, `paired plays of ${n} units, ${100 * level}%`),
  };
}

const refused = (method: string): Estimate => ({ value: null, standardError: null, interval: null, method });

/** A metric over all units of a trial, and how much each unit moves it. */
function summaryOf(trial: Trial, metric: Metric): { readonly value: number; readonly influence?: Float64Array } {
  const sums = unitSums(trial, metric.column);
  switch (metric.kind) {
    case 'mean':
      return centred(sums);
    case 'proportion':
      return centred(sums.map((sum) => (sum > 0 ? 1 : 0)));
    case 'ratio': {
      const below = unitSums(trial, metric.denominator ?? metric.column);
      // Sums, not means: equal counts give equal values, to the last digit.
      const value = total(sums) / total(below);
      const scale = total(below) / below.length;
      return { value, influence: sums.map((sum, u) => (sum - value * below[u]) / scale) };
    }
    case 'quantile':
      return { value: quantileOfSorted(sums.sort(), metric.quantile ?? 0.5) };
  }
}

function centred(values: Float64Array): { value: number; influence: Float64Array } {
  const { mean } = moments(values);
  return { value: mean, influence: values.map((x) => x - mean) };
}

const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);

/** [U] what was seen of each unit, added up. */
export function unitSums({ arm, observations: { unit, columns } }: Trial, column: string): Float64Array {
  const sums = new Float64Array(arm.length);
  const values = columns[column];
  for (let n = 0; n < unit.length; n++) sums[unit[n]] += values[n];
  return sums;
}
