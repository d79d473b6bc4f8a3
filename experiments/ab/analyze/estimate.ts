import { studentQuantile } from '../../../core/stats/student.js';
import type { Estimate } from '../../contract.js';
import type { ArmValue } from '../stats/arm-value.js';
import type { TestedEffect } from '../stats/welch.js';

/** "95%" */
export const percent = (level: number): string => `${Number((100 * level).toPrecision(12))}%`;

export function estimateOf({ effect, standardError, low, high }: TestedEffect, method: string): Estimate {
  return { value: effect, standardError, interval: [low, high], method };
}

/** A number that the data cannot carry, with the reason in its place. */
export function refusedEstimate(reason: string): Estimate {
  return { value: null, standardError: null, interval: null, method: `refused: ${reason}` };
}

/** The value of one arm: ± t·SE with units − 1 degrees of freedom; the value alone where it has no spread to judge by. */
export function armEstimate({ value, variance, units }: ArmValue, level: number): Estimate {
  if (!Number.isFinite(value)) return refusedEstimate(units === 0 ? 'no units' : 'its denominator is 0');
  if (!(variance >= 0)) return { value, standardError: null, interval: null, method: 'without an interval' };
  const standardError = Math.sqrt(variance);
  const half = studentQuantile(0.5 + level / 2, units - 1) * standardError;
  return { value, standardError, interval: [value - half, value + half], method: `t ${percent(level)}` };
}
