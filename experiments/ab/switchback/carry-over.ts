import { twoSidedZ } from '../../../core/stats/intervals.js';
import { normalUpper } from '../../../core/stats/normal.js';
import { neverZero } from '../stats/welch.js';
import { chanceOf, exposuresOf, type Exposure, type SwitchbackSeries } from './exposure.js';

/** The effect of always treating against never treating, per period. */
export interface SwitchbackEffect {
  readonly difference: number;
  readonly standardError: number;
  readonly low: number;
  readonly high: number;
  /** Two-sided, in (0, 1], normal. */
  readonly pValue: number;
  /** Periods that saw a clean control and a clean treatment. */
  readonly periods: readonly [number, number];
}

/**
 * Horvitz and Thompson's estimator with carry-over over p periods (Bojinov, Simchi-Levi and Zhao 2023, eq. 7): the mean over
 * the periods t > p of
 *
 *     Y_t [1{last p + 1 periods treated}/P − 1{last p + 1 periods control}/P],   P = 2^−(windows among them)
 *
 * Unbiased under the randomisation alone, whatever the outcomes are like, when a treatment is felt for at most p periods.
 * With A_g the sum over exposure g and r = 2^(windows that g and h share), covariances are
 *
 *     (r − 1)(A_g(1) A_h(1) + A_g(0) A_h(0)) + A_g(1) A_h(0) + A_g(0) A_h(1)
 *
 * of which the last two are never seen together; they are bounded by half the sum of their squares (as Aronow and Samii
 * 2013 do), so that the variance is too large on average, never too small.
 *
 * Outcomes far from 0 make it noisy: give a `baseline` that was known beforehand, or take `hajekSwitchback`.
 *
 * @param baseline taken from every outcome; must not come from the same outcomes
 */
export function horvitzThompsonSwitchback(
  series: readonly SwitchbackSeries[],
  {
    carryOver,
    level,
    baseline = 0,
  }: { readonly carryOver: number; readonly level: number; readonly baseline?: number },
): SwitchbackEffect {
  const exposures = exposuresOf(series, carryOver);
  return effectOf(exposures, level, { from: [baseline, baseline], difference: null });
}

/**
 * The same with both arms as weighted means (Hájek), Σ (Y/P) ÷ Σ (1/P) over each arm's clean periods: a constant added to
 * all outcomes does not matter, and the spread is usually far smaller; the bias is of order 1/windows. The variance is that
 * of Horvitz and Thompson's estimator for the residuals. NaN where an arm has no clean period.
 */
export function hajekSwitchback(
  series: readonly SwitchbackSeries[],
  { carryOver, level }: { readonly carryOver: number; readonly level: number },
): SwitchbackEffect {
  const exposures = exposuresOf(series, carryOver);
  const mean = (arm: 0 | 1): number => {
    const clean = exposures.filter((exposure) => exposure.clean === arm);
    const total = (part: (exposure: Exposure) => number): number =>
      clean.reduce((sum, exposure) => sum + part(exposure) / chanceOf(exposure), 0);
    return total(({ sum }) => sum) / total(({ outcomes }) => outcomes);
  };
  const from = [mean(0), mean(1)] as const;
  return effectOf(exposures, level, { from, difference: from[1] - from[0] });
}

interface Centre {
  /** Taken from the outcomes of the control and of the treatment. */
  readonly from: readonly [number, number];
  /** Already known, or null: the difference of what is left. */
  readonly difference: number | null;
}

function effectOf(
  exposures: readonly Exposure[],
  level: number,
  { from, difference: known }: Centre,
): SwitchbackEffect {
  const periods = exposures.reduce((sum, { outcomes }) => sum + outcomes, 0);
  const left = exposures.map(({ clean, sum, outcomes }) => (clean === null ? 0 : sum - outcomes * from[clean]));
  const signed = exposures.reduce(
    (sum, exposure, g) => sum + ((exposure.clean === 1 ? 1 : -1) * left[g]) / chanceOf(exposure),
    0,
  );
  const difference = known ?? signed / periods;
  const standardError = Math.sqrt(Math.max(0, varianceBound(exposures, left))) / periods;
  const half = twoSidedZ(level) * standardError;
  const clean = (arm: 0 | 1): number =>
    exposures.reduce((sum, exposure) => sum + (exposure.clean === arm ? exposure.outcomes : 0), 0);
  return {
    difference,
    standardError,
    low: difference - half,
    high: difference + half,
    pValue: difference === 0 ? 1 : neverZero(2 * normalUpper(Math.abs(difference) / standardError)),
    periods: [clean(0), clean(1)],
  };
}

/** Unbiased for an upper bound of the variance of Σ_g ± A_g/P_g. Exposures that share windows stand together. */
function varianceBound(exposures: readonly Exposure[], left: readonly number[]): number {
  let variance = 0;
  for (let g = 0; g < exposures.length; g++) {
    const one = exposures[g];
    // On its own: (r − 1) A² and the bound of 2 A(1) A(0), with r = 1/P.
    if (one.clean !== null) variance += left[g] ** 2 / chanceOf(one) ** 2;
    for (let h = g + 1; h < exposures.length && exposures[h].from <= one.to; h++) {
      const other = exposures[h];
      const shared = 2 ** (one.to - other.from + 1);
      const both = chanceOf({ from: one.from, to: other.to });
      if (one.clean !== null && one.clean === other.clean) variance += (2 * (shared - 1) * left[g] * left[h]) / both;
      // 2 [A_g(1) A_h(0) + A_g(0) A_h(1)] is at most the sum of all four squares.
      if (one.clean !== null) variance += left[g] ** 2 / chanceOf(one);
      if (other.clean !== null) variance += left[h] ** 2 / chanceOf(other);
    }
  }
  return variance;
}
