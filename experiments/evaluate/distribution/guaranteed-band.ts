import { complaint } from '../../../core/check.js';
import { bernsteinMargin } from '../../../core/stats/mean-bounds.js';
import type { ReturnTerms } from './estimators.js';

/**
 * A band around a distribution function: low ≤ P(return ≤ point) ≤ high at every point at once. Between two points the
 * function is at least the lower point's `low` and at most the upper point's `high`.
 */
export interface GuaranteedBand {
  readonly point: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
  /** What no weight can exceed, as it was given. */
  readonly maxWeight: number;
  readonly level: number;
}

/** Returns at which the function is bounded; between them it is bounded because it never falls. */
const POINTS = 20;
/** Every so manieth unit only chooses the points. */
const CHOOSERS = 4;

/**
 * A band that holds the distribution function of the return under the policy at every sample size (Chandak et al. 2021,
 * "Universal off-policy evaluation"): bounds at some returns, each missing with its share of 1 − level, and monotony in
 * between. At each return the mean of w·1{G ≤ g} is bounded by empirical Bernstein (Maurer and Pontil 2009), and so is
 * that of w·1{G > g}, because the weights' mean is 1; the narrower side of either counts.
 *
 * It needs what no weight **can** exceed: for sessions the product of the largest ratios. The largest weight of the sample
 * does not do.
 *
 * The returns are quantiles of those of every fourth unit; the bounds are from the other units alone, because bounds at
 * points that were chosen by the same units would not be guaranteed.
 *
 * @throws a data error when a weight is larger
 */
export function guaranteedBand(
  { grid, bin, weight }: ReturnTerms,
  { maxWeight, level }: { readonly maxWeight: number; readonly level: number },
): GuaranteedBand {
  const over = weight.findIndex((w) => w > maxWeight * (1 + 1e-12));
  if (over >= 0) {
    throw complaint('data', {
      where: `evaluate distribution: largest possible weight ${maxWeight}`,
      expected: 'no larger weight in the log',
      received: `${weight[over]} of unit ${over}`,
      try: 'Give the largest weight that can occur.',
    });
  }
  const chosen = bin.filter((_, i) => i % CHOOSERS === 0).sort();
  const picked = Array.from({ length: POINTS }, (_, i) => chosen[Math.round((i * (chosen.length - 1)) / (POINTS - 1))]);
  const places = picked.filter((k, i) => i === 0 || k !== picked[i - 1]);
  const told = places.length;
  const miss = (1 - level) / (4 * told);
  const bounds = places.map((k) => {
    const below = boundsOf(weight, (i) => bin[i] <= k, maxWeight, miss);
    const above = boundsOf(weight, (i) => bin[i] > k, maxWeight, miss);
    return { low: Math.max(0, below.low, 1 - above.high), high: Math.min(1, below.high, 1 - above.low) };
  });
  const low = bounds.map(({ low: own }) => own);
  const high = bounds.map(({ high: own }) => own);
  for (let i = 1; i < told; i++) low[i] = Math.max(low[i], low[i - 1]);
  for (let i = told - 2; i >= 0; i--) high[i] = Math.min(high[i], high[i + 1]);
  return { point: places.map((k) => grid.point[k]), low, high, maxWeight, level };
}

/** Empirical Bernstein around the mean, over the units that did not choose, of the weights of some, 0 for the others. */
function boundsOf(
  weight: Float64Array,
  counts: (unit: number) => boolean,
  width: number,
  miss: number,
): { readonly low: number; readonly high: number } {
  let n = 0;
  let mean = 0;
  let squares = 0;
  for (let i = 0; i < weight.length; i++) {
    if (i % CHOOSERS === 0) continue;
    const x = counts(i) ? weight[i] : 0;
    const step = x - mean;
    mean += step / ++n;
    squares += step * (x - mean);
  }
  const margin = bernsteinMargin(n < 2 ? 0 : squares / (n - 1), width, n, miss);
  return { low: mean - margin, high: mean + margin };
}

/** Between which returns a quantile lies by the band; infinite where the band does not bound it. */
export function bandQuantile({ point, low, high }: GuaranteedBand, p: number): [number, number] {
  // F(g) < p below the first point whose upper bound reaches p: the quantile is above the point before it.
  const reach = high.findIndex((bound) => bound >= p);
  const sure = low.findIndex((bound) => bound >= p);
  return [reach <= 0 ? -Infinity : point[reach - 1], sure < 0 ? Infinity : point[sure]];
}
