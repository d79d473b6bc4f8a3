import { studentQuantile } from '../../../core/stats/student.js';
import type { TestedEffect } from './welch.js';

/**
 * A guardrail: is the relative change for the worse surely within a margin? One-sided, at the level of the analysis:
 *
 * kept: the bound of the change for the worse lies below the margin. broken: the change lies beyond the margin with the
 * same confidence. unclear: neither, so more units are needed; a difference that is merely "not significant" is unclear.
 *
 * @param relative arm against control
 * @param margin   the largest tolerated change for the worse, e.g. 0.01; 0 asks for no change for the worse at all
 */
export function guardrail(
  { effect, standardError, degrees }: TestedEffect,
  better: 'higher' | 'lower',
  margin: number,
  level: number,
): 'kept' | 'broken' | 'unclear' {
  const worse = better === 'higher' ? -effect : effect;
  const half = studentQuantile(level, degrees) * standardError;
  if (worse + half < margin) return 'kept';
  return worse - half > margin ? 'broken' : 'unclear';
}
