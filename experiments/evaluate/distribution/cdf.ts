/**
 * A distribution of returns on a grid. K = grid points. A return between two points counts at the upper one; `centre` is
 * what a unit at a point is worth in means.
 */
export interface Grid {
  /** [K] ascending, the last at least as large as every return. */
  readonly point: Float64Array;
  /** [K] mean of the logged returns in (point[k − 1], point[k]]; the point itself where there is none. */
  readonly centre: Float64Array;
}

/**
 * Turns an estimated distribution function into one, in place: clipped to [0, 1], made monotone by its running maximum,
 * and 1 at the last point, where the mass goes that the estimate does not place (Huang et al. 2021 clip and take the
 * maximum). Unweighted estimates need no repair.
 */
export function repair(cdf: Float64Array): Float64Array {
  let reached = 0;
  for (let k = 0; k < cdf.length; k++) {
    reached = Math.max(reached, Math.min(1, cdf[k]));
    cdf[k] = reached;
  }
  cdf[cdf.length - 1] = 1;
  return cdf;
}

/** Σ centre·mass. */
export function cdfMean({ centre }: Grid, cdf: Float64Array): number {
  let mean = 0;
  for (let k = 0, below = 0; k < cdf.length; below = cdf[k++]) mean += centre[k] * (cdf[k] - below);
  return mean;
}

/** Σ (centre − mean)²·mass: the variance of a return, not of its mean. */
export function cdfVariance(grid: Grid, cdf: Float64Array): number {
  const mean = cdfMean(grid, cdf);
  let variance = 0;
  for (let k = 0, below = 0; k < cdf.length; below = cdf[k++])
    variance += (grid.centre[k] - mean) ** 2 * (cdf[k] - below);
  return variance;
}

/** The smallest point whose probability of not being exceeded reaches p. */
export function cdfQuantile({ point }: Grid, cdf: Float64Array, p: number): number {
  // Below a rounding error of p the point before has reached it, too.
  let low = 0;
  let high = cdf.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cdf[middle] >= p - 1e-12) high = middle;
    else low = middle + 1;
  }
  return point[low];
}

/**
 * Conditional value at risk of the **lower** tail: the mean return of the worst `tail` share of units,
 *
 *     1/tail · ∫₀^tail F⁻¹(u) du,
 *
 * a point that straddles the tail counting with the part of its mass that lies in it. tail = 1 is the mean.
 */
export function cdfTailMean({ centre }: Grid, cdf: Float64Array, tail: number): number {
  let sum = 0;
  for (let k = 0, below = 0; k < cdf.length && below < tail; below = cdf[k++])
    sum += centre[k] * (Math.min(cdf[k], tail) - below);
  return sum / tail;
}

/**
 * The grid of some returns: every distinct one where there are no more than `most`, else so many of their quantiles, the
 * smallest and the largest among them.
 *
 * @returns the grid, and the point of each return
 */
export function gridOf(returns: Float64Array, most: number): { readonly grid: Grid; readonly bin: Int32Array } {
  const sorted = returns.slice().sort();
  let point = sorted.filter((value, i) => i === 0 || value !== sorted[i - 1]);
  if (point.length > most) {
    const n = sorted.length;
    const chosen = Float64Array.from({ length: most }, (_, k) => sorted[Math.round((k * (n - 1)) / (most - 1))]);
    point = chosen.filter((value, i) => i === 0 || value !== chosen[i - 1]);
  }
  const bin = Int32Array.from(returns, (value) => binOf(point, value));
  const sum = new Float64Array(point.length);
  const count = new Float64Array(point.length);
  returns.forEach((value, i) => {
    sum[bin[i]] += value;
    count[bin[i]]++;
  });
  return { grid: { point, centre: point.map((value, k) => (count[k] > 0 ? sum[k] / count[k] : value)) }, bin };
}

/** The first point that is at least `value`; the last where none is. */
export function binOf(point: Float64Array, value: number): number {
  let low = 0;
  let high = point.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (point[middle] >= value) high = middle;
    else low = middle + 1;
  }
  return low;
}
