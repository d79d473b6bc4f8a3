import { chiSquareUpper } from '../../../core/stats/chi-square.js';
import type { ArmValue } from './arm-value.js';
import { neverZero, tested, type TestedEffect } from './welch.js';

/** One part of the units, compared within itself. */
export interface Stratum {
  readonly control: ArmValue;
  readonly arm: ArmValue;
  /** Share of the population, in any unit; by default all units of the part. */
  readonly weight?: number;
}

/**
 * Cochran's Q (1954): is the effect the same in every part? Q = Σ w (Δ − Δ̄)² with w = 1/SE² and Δ̄ their weighted mean,
 * chi-square with parts − 1 degrees of freedom. Parts without a standard error above 0 are left out.
 *
 * @returns null with fewer than two parts
 */
export function sameEffect(
  effects: readonly { readonly effect: number; readonly standardError: number }[],
): { readonly q: number; readonly degrees: number; readonly pValue: number } | null {
  const usable = effects.filter(({ effect, standardError }) => Number.isFinite(effect) && standardError > 0);
  if (usable.length < 2) return null;
  const weights = usable.map(({ standardError }) => 1 / standardError ** 2);
  const whole = weights.reduce((a, b) => a + b, 0);
  const mean = usable.reduce((sum, { effect }, i) => sum + (weights[i] / whole) * effect, 0);
  const q = usable.reduce((sum, { effect }, i) => sum + weights[i] * (effect - mean) ** 2, 0);
  const degrees = usable.length - 1;
  return { q, degrees, pValue: neverZero(chiSquareUpper(q, degrees)) };
}

/**
 * The difference by segments put together again (post-stratification, Miratrix, Sekhon and Yu 2013): Σ W Δ with
 * W the share of all units in the part, variance Σ W² (v_A + v_B). Takes out what the arms differ by only because
 * chance gave them different mixes. Degrees of freedom by Welch and Satterthwaite over all parts and arms.
 */
export function stratified(strata: readonly Stratum[], level: number): TestedEffect {
  const weights = strata.map(({ control, arm, weight }) => weight ?? control.units + arm.units);
  const whole = weights.reduce((a, b) => a + b, 0);
  let [effect, variance, squares] = [0, 0, 0];
  strata.forEach(({ control, arm }, i) => {
    const share = weights[i] / whole;
    effect += share * (arm.value - control.value);
    for (const { variance: v, units } of [control, arm]) {
      variance += share * share * v;
      squares += (share * share * v) ** 2 / (units - 1);
    }
  });
  return tested(effect, Math.sqrt(variance), (variance * variance) / squares, level);
}
