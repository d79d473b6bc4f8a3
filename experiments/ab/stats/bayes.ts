import { normalDensity, normalLower, normalUpper } from '../../../core/stats/normal.js';

/** A normal belief about an effect before the data. */
export interface EffectPrior {
  readonly mean: number;
  readonly deviation: number;
}

/**
 * What to believe of an effect: normal around the estimate, or with a prior the precision-weighted mean of both.
 *
 * chanceToWin: Φ(μ/s). risk: what choosing the arm loses on average where it is worse, E max(0, −effect)
 * = s φ(μ/s) − μ Φ(−μ/s).
 */
export function posteriorEffect(
  effect: number,
  standardError: number,
  prior?: EffectPrior,
): { readonly chanceToWin: number; readonly risk: number } {
  const data = 1 / standardError ** 2;
  const before = prior === undefined ? 0 : 1 / prior.deviation ** 2;
  const s = 1 / Math.sqrt(data + before);
  const mean = (data * effect + before * (prior?.mean ?? 0)) / (data + before);
  const z = mean / s;
  return { chanceToWin: normalLower(z), risk: Math.max(0, s * normalDensity(z) - mean * normalUpper(z)) };
}
