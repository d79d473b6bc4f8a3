import { normalInterval } from '../../../core/stats/intervals.js';
import type { Curve, Estimate } from '../../contract.js';
import type { Metric, Trial } from '../contract.js';

/** The difference of one day alone, and whether it moves as the days go by: a novelty that wears off, or is learned. */
export interface Drift {
  readonly curve: Curve;
  /** Change of the daily difference per day, by least squares weighted with the days' precisions. */
  readonly slope: Estimate;
}

/**
 * Daily differences of a mean and their trend. A unit that is in the test but not seen on a day counts as 0 where units
 * are users; sessions, requests and windows belong to one day.
 *
 * Nothing for other kinds of metrics, or fewer than three days.
 */
export function driftOf(trial: Trial, metric: Metric, arm: number, level: number): Drift | undefined {
  const { day, unit, columns } = trial.observations;
  if (metric.kind !== 'mean' || day === undefined) return undefined;
  const days = dailyDifferences(trial, { day, unit, values: columns[metric.column] }, arm);
  if (days.length < 3) return undefined;
  const name = trial.arms[arm];
  return {
    curve: {
      chart: `${metric.name}: difference of each day alone`,
      name,
      xLabel: 'day of the test',
      yLabel: `${metric.name}, ${name} − ${trial.arms[0]}`,
      points: days.map((one) => [one.day, one.difference]),
    },
    slope: slopeOf(days, level),
  };
}

interface Daily {
  readonly day: number;
  readonly difference: number;
  readonly variance: number;
}

function dailyDifferences(
  trial: Trial,
  { day, unit, values }: { readonly day: Int32Array; readonly unit: Int32Array; readonly values: Float64Array },
  arm: number,
): Daily[] {
  const users = trial.unit.startsWith('user');
  const sum = new Float64Array(trial.arm.length);
  const found: Daily[] = [];
  for (let from = 0; from < day.length;) {
    let to = from;
    const seen = new Set<number>();
    for (; to < day.length && day[to] === day[from]; to++) {
      sum[unit[to]] += values[to];
      seen.add(unit[to]);
    }
    const of = (wanted: number): { mean: number; variance: number } => {
      const mine = [...seen].filter((u) => trial.arm[u] === wanted);
      const n = users ? trial.arm.reduce((count, a) => count + (a === wanted ? 1 : 0), 0) : mine.length;
      const mean = mine.reduce((total, u) => total + sum[u], 0) / n;
      const squares = mine.reduce((total, u) => total + (sum[u] - mean) ** 2, 0) + (n - mine.length) * mean ** 2;
      return { mean, variance: squares / (n - 1) / n };
    };
    const [treated, control] = [of(arm), of(0)];
    const variance = treated.variance + control.variance;
    if (variance > 0) found.push({ day: day[from], difference: treated.mean - control.mean, variance });
    for (const u of seen) sum[u] = 0;
    from = to;
  }
  return found;
}

function slopeOf(days: readonly Daily[], level: number): Estimate {
  const total = days.reduce((sum, { variance }) => sum + 1 / variance, 0);
  const centre = days.reduce((sum, { day, variance }) => sum + day / variance, 0) / total;
  const spread = days.reduce((sum, { day, variance }) => sum + (day - centre) ** 2 / variance, 0);
  const value = days.reduce((sum, { day, difference, variance }) => sum + ((day - centre) * difference) / variance, 0);
  const slope = value / spread;
  const standardError = Math.sqrt(1 / spread);
  const { low, high } = normalInterval(slope, standardError, level);
  return {
    value: slope,
    standardError,
    interval: [low, high],
    method: `weighted least squares over ${days.length} days`,
  };
}
