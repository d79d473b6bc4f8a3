import type { Interval } from './intervals.js';
import { quantileOfSorted } from './moments.js';
import { normalLower, normalQuantile } from './normal.js';

/** Intervals from bootstrap replicates that correct what the percentiles alone get wrong. Replicates come sorted. */

/**
 * Acceleration: how the standard error changes with the value, from the influences u of the observations on it (or
 * jackknife differences; the scale cancels): Σu³ / (6 (Σu²)^(3/2)) (Efron 1987, eq. 6.6). 0 where nothing varies.
 */
export function accelerationOf(influence: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < influence.length; i++) largest = Math.max(largest, Math.abs(influence[i]));
  if (largest === 0) return 0;
  let squares = 0;
  let cubes = 0;
  for (let i = 0; i < influence.length; i++) {
    const u = influence[i] / largest;
    squares += u * u;
    cubes += u * u * u;
  }
  return cubes / (6 * squares * Math.sqrt(squares));
}

/**
 * Bias-corrected and accelerated interval (Efron 1987): the percentiles at
 *
 *     Φ(z₀ + (z₀ ± z) / (1 − a (z₀ ± z))),   z₀ = Φ⁻¹(share of the replicates below the estimate)
 *
 * where replicates that equal the estimate count half. Percentiles are shares in [0, 1] throughout.
 *
 * @returns nothing where all replicates lie on one side of the estimate: there is no correction for that
 */
export function bcaInterval(
  sorted: Float64Array,
  estimate: number,
  acceleration: number,
  level: number,
): Interval | undefined {
  let below = 0;
  let equal = 0;
  for (let r = 0; r < sorted.length; r++) {
    if (sorted[r] < estimate) below++;
    else if (sorted[r] === estimate) equal++;
  }
  const bias = normalQuantile((below + equal / 2) / sorted.length);
  if (!Number.isFinite(bias)) return undefined;
  const end = (p: number): number => {
    const z = bias + normalQuantile(p);
    return quantileOfSorted(sorted, normalLower(bias + z / (1 - acceleration * z)));
  };
  return { low: end((1 - level) / 2), high: end((1 + level) / 2) };
}

/**
 * Studentised (bootstrap-t) interval (Efron 1979; Hall 1988): the replicates are (value* − value) / error*, each with
 * its own standard error, and their quantiles t take the place of Student's:
 *
 *     value − t_high · error  to  value − t_low · error
 *
 * @returns nothing where a quantile is infinite: so many replicates had no spread that nothing can be scaled by it
 */
export function studentisedInterval(
  sorted: Float64Array,
  value: number,
  standardError: number,
  level: number,
): Interval | undefined {
  const low = value - quantileOfSorted(sorted, (1 + level) / 2) * standardError;
  const high = value - quantileOfSorted(sorted, (1 - level) / 2) * standardError;
  return Number.isFinite(low) && Number.isFinite(high) ? { low, high } : undefined;
}
