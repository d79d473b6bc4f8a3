import { meanInterval } from '../../core/stats/intervals.js';
import { moments } from '../../core/stats/moments.js';
import type { Estimate } from '../contract.js';

/** Mean of numbers, one per world or test, with Student's interval. */
export function meanOf(
  values: readonly number[] | Float64Array,
  level = 0.95,
): Estimate & { readonly interval: readonly [number, number] } {
  const { n, mean, variance } = moments(values);
  const { low, high } = meanInterval(mean, Math.sqrt(variance), n, level);
  return {
    value: mean,
    standardError: Math.sqrt(variance / n),
    interval: [low, high],
    method: `Student ${100 * level}%`,
  };
}

/** The same of differences within a world or test. */
export function pairedOf(
  values: readonly number[] | Float64Array,
  against: readonly number[] | Float64Array,
  level = 0.95,
): ReturnType<typeof meanOf> {
  return meanOf(
    Float64Array.from(values, (value, i) => value - against[i]),
    level,
  );
}

/** "0.123 [0.100, 0.146]". */
export function inWords({ value, interval }: Estimate, digits = 3): string {
  if (value === null) return 'refused';
  if (interval === null) return value.toFixed(digits);
  return `${value.toFixed(digits)} [${interval[0].toFixed(digits)}, ${interval[1].toFixed(digits)}]`;
}
