/** Mean and spread of a column in one stable pass (Welford 1962). Variance has divisor n − 1; NaN below two numbers. */
export function moments(values: ArrayLike<number>): {
  readonly n: number;
  readonly mean: number;
  readonly variance: number;
} {
  let mean = 0;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    const step = values[i] - mean;
    mean += step / (i + 1);
    squares += step * (values[i] - mean);
  }
  const n = values.length;
  return { n, mean: n === 0 ? NaN : mean, variance: n < 2 ? NaN : squares / (n - 1) };
}

/** The p-quantile of sorted numbers, by linear interpolation between neighbours (type 7 of Hyndman and Fan 1996). */
export function quantileOfSorted(sorted: ArrayLike<number>, p: number): number {
  const place = (sorted.length - 1) * p;
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}
