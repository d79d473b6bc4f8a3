/** Means, variances and covariances in one stable pass (Welford 1962), and quantiles of a sample. */

export interface Moments {
  readonly n: number;
  /** NaN of no numbers. */
  readonly mean: number;
  /** Divisor n − 1; NaN below two numbers. */
  readonly variance: number;
}

/** Mean and spread of a column. */
export function moments(values: ArrayLike<number>): Moments {
  let mean = 0;
  let squares = 0;
  const n = values.length;
  for (let i = 0; i < n; i++) {
    const step = values[i] - mean;
    mean += step / (i + 1);
    squares += step * (values[i] - mean);
  }
  return { n, mean: n === 0 ? NaN : mean, variance: n < 2 ? NaN : squares / (n - 1) };
}

export interface PairedMoments {
  readonly x: Moments;
  readonly y: Moments;
  /** Divisor n − 1; NaN below two pairs. */
  readonly covariance: number;
}

/** Means, variances and covariance of two columns of equal length. */
export function pairedMoments(x: ArrayLike<number>, y: ArrayLike<number>): PairedMoments {
  let meanX = 0;
  let meanY = 0;
  let squaresX = 0;
  let squaresY = 0;
  let products = 0;
  const n = x.length;
  for (let i = 0; i < n; i++) {
    const stepX = x[i] - meanX;
    const stepY = y[i] - meanY;
    meanX += stepX / (i + 1);
    meanY += stepY / (i + 1);
    const restY = y[i] - meanY;
    squaresX += stepX * (x[i] - meanX);
    squaresY += stepY * restY;
    products += stepX * restY;
  }
  const column = (mean: number, squares: number): Moments => ({
    n,
    mean: n === 0 ? NaN : mean,
    variance: n < 2 ? NaN : squares / (n - 1),
  });
  return { x: column(meanX, squaresX), y: column(meanY, squaresY), covariance: n < 2 ? NaN : products / (n - 1) };
}

/** The p-quantile of sorted numbers, by linear interpolation between neighbours (type 7 of Hyndman and Fan 1996). */
export function quantileOfSorted(sorted: ArrayLike<number>, p: number): number {
  const place = (sorted.length - 1) * p;
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}
