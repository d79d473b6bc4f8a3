import { complaint } from '../../../core/check.js';
import { rootBetween } from '../../../core/stats/root.js';
import type { Noise } from './noise.js';
import { driftOfRule, expectedShareOfRule, powerOfRule, unitsOfRule, type Rule } from './rule.js';

/** How a test is laid out. */
export interface TestPlan {
  readonly rule: Rule;
  /** κ: units of the control per unit of the treatment; 1 unless given. */
  readonly controlRatio?: number;
  /**
   * A test of non-inferiority: the largest change for the worse that is tolerated, above 0, in units of the effect. What
   * has to be found is then effect + margin, on the side that is better.
   */
  readonly margin?: number;
}

/** Units a test needs, rounded up. */
export interface UnitsNeeded {
  readonly control: number;
  readonly treatment: number;
  readonly total: number;
}

/**
 * The power of a test with so many units in both arms together: P(it finds the effect on its own side). A two-sided test
 * that rejects on the wrong side has not found it.
 *
 * @param effect not 0 without a margin; with one, positive is better
 */
export function powerOf(noise: Noise, effect: number, units: number, plan: TestPlan): number {
  const drift = driftAt1(noise, effect, plan) * Math.sqrt(units);
  return powerOfRule(plan.rule, drift, units);
}

/** The units that such a test sees on average before it stops, of `units` in both arms together. */
export function expectedUnits(noise: Noise, effect: number, units: number, plan: TestPlan): number {
  return units * expectedShareOfRule(plan.rule, driftAt1(noise, effect, plan) * Math.sqrt(units), units);
}

/**
 * The units that find an effect with that power. For a fixed horizon
 *
 *     n_T = (z_α + z_β)²/d² · (v_C/κ + v_T),   n_C = κ n_T
 *
 * each rounded up; `total` is their sum.
 */
export function unitsFor(noise: Noise, effect: number, power: number, plan: TestPlan): UnitsNeeded {
  expectPower(power);
  const kappa = ratioOf(plan);
  const at1 = driftAt1(noise, effect, plan);
  if (!(at1 > 0))
    throw complaint('usage', {
      where: 'power: effect',
      expected: plan.margin === undefined ? 'an effect other than 0' : 'an effect better than −margin',
      received: `${effect}`,
    });
  // A hair above a whole number is rounding.
  const up = (n: number): number => Math.ceil(n * (1 - 1e-12));
  const treatment = up(unitsOfRule(plan.rule, power, at1) / (1 + kappa));
  const control = up(kappa * treatment);
  return { control, treatment, total: control + treatment };
}

/**
 * The smallest effect that so many units in both arms together find with that power (MDE), above 0 or below; null where
 * even the largest possible one is not found. With a margin: the smallest true effect at which non-inferiority is shown,
 * which may be below 0.
 */
export function smallestEffect(
  noise: Noise,
  units: number,
  power: number,
  plan: TestPlan & { readonly direction?: 'rise' | 'fall' },
): number | null {
  expectPower(power);
  const sign = plan.direction === 'fall' && plan.margin === undefined ? -1 : 1;
  const needed = driftOfRule(plan.rule, power, units);
  const margin = plan.margin ?? 0;
  const missing = (distance: number): number => {
    const effect = sign * (distance - margin);
    return driftAt1(noise, effect, plan) * Math.sqrt(units) - needed;
  };
  const most = (sign > 0 ? noise.range[1] : -noise.range[0]) + margin;
  const start = (needed / Math.sqrt(units)) * errorAt1(noise, 0, ratioOf(plan));
  if (!(start > 0)) return 0;
  let high = Math.min(start, most === Infinity ? Infinity : most * (1 - 1e-10));
  // The effect moves its own noise (a proportion's variance grows towards ½), hence a search. Nearly the whole range must do.
  for (let step = 0; missing(high) < 0; step++) {
    if (step > 200 || high >= most * (1 - 1e-9)) return null;
    high = Math.min(2 * high, most === Infinity ? Infinity : most * (1 - 1e-10));
  }
  const distance = missing(high) === 0 ? high : rootBetween(missing, high * 1e-9, high);
  return sign * (distance - margin);
}

/** Effect (from the margin) ÷ standard error with one unit in all. */
function driftAt1(noise: Noise, effect: number, plan: TestPlan): number {
  const margin = plan.margin ?? 0;
  if (!(margin >= 0))
    throw complaint('usage', { where: 'power: margin', expected: 'a number of at least 0', received: `${margin}` });
  const distance = plan.margin === undefined ? Math.abs(effect) : effect + margin;
  return Math.max(0, distance) / errorAt1(noise, effect, ratioOf(plan));
}

/** √((1 + κ)(v_C/κ + v_T)). */
function errorAt1(noise: Noise, effect: number, kappa: number): number {
  const [low, high] = noise.range;
  if (!(effect > low && effect < high))
    throw complaint('usage', {
      where: 'power: effect',
      expected: `an effect between ${low} and ${high}`,
      received: `${effect}`,
    });
  const [control, arm] = noise.variances(effect);
  return Math.sqrt((1 + kappa) * (control / kappa + arm));
}

function ratioOf({ controlRatio = 1 }: TestPlan): number {
  if (controlRatio > 0 && controlRatio < Infinity) return controlRatio;
  throw complaint('usage', {
    where: 'power: control ratio',
    expected: 'a number above 0',
    received: `${controlRatio}`,
  });
}

function expectPower(power: number): void {
  if (power > 0 && power < 1) return;
  throw complaint('usage', { where: 'power', expected: 'a power in (0, 1)', received: `${power}` });
}
