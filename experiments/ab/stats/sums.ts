/**
 * What is left of n rows of K columns for every test of means and ratios: their number, means and centred products.
 * Sums of parts add up to the sums of the whole (`addSums`), so that days, segments and machines can be put together.
 */
export interface Sums {
  readonly n: number;
  /** [K] */
  readonly mean: Float64Array;
  /** [K, K] Σ (x_j − x̄_j)(x_k − x̄_k), symmetric; n times the covariance with divisor n. */
  readonly products: Float64Array;
}

/**
 * The sums of rows `from` to `to` (exclusive) of some columns: two passes, the second around the mean of the first with
 * its rounding error taken out (Chan, Golub and LeVeque 1983), so that nothing cancels however far from 0 the values lie.
 *
 * @param columns [K] of equal length
 */
export function sumsOf(columns: readonly Float64Array[], from = 0, to = columns[0].length): Sums {
  const size = columns.length;
  const n = Math.max(0, to - from);
  const mean = new Float64Array(size);
  const products = new Float64Array(size * size);
  if (n === 0) return { n, mean, products };
  const left = new Float64Array(size);
  columns.forEach((column, k) => {
    mean[k] = total(column, from, to, 0) / n;
    left[k] = total(column, from, to, mean[k]);
  });
  for (let j = 0; j < size; j++) {
    for (let k = 0; k <= j; k++) {
      const around = crossTotal(columns[j], columns[k], { from, to, x: mean[j], y: mean[k] });
      const product = around - (left[j] * left[k]) / n;
      // A column without spread has none: what is left of it is rounding.
      products[j * size + k] = products[k * size + j] = j === k ? Math.max(0, product) : product;
    }
  }
  for (let k = 0; k < size; k++) mean[k] += left[k] / n;
  return { n, mean, products };
}

/** The sums of two parts as one (Chan, Golub and LeVeque 1983). */
export function addSums(a: Sums, b: Sums): Sums {
  if (a.n === 0) return b;
  if (b.n === 0) return a;
  const n = a.n + b.n;
  const size = a.mean.length;
  const apart = a.mean.map((mean, k) => b.mean[k] - mean);
  const weight = (a.n * b.n) / n;
  return {
    n,
    mean: a.mean.map((mean, k) => mean + (apart[k] * b.n) / n),
    products: a.products.map(
      (product, i) => product + b.products[i] + weight * apart[Math.floor(i / size)] * apart[i % size],
    ),
  };
}

/** The sums of one column of which only totals are known: n, Σx and Σx². Cancels where the spread is far below the mean. */
export function sumsOfTotals({ n, sum, sumOfSquares }: { n: number; sum: number; sumOfSquares: number }): Sums {
  const products = Float64Array.of(Math.max(0, sumOfSquares - (sum / n) * sum));
  return { n, mean: Float64Array.of(sum / n), products };
}

/** gᵀ S g: the variance of one row's Σ g_k x_k, with the covariance S of divisor n − 1. NaN below two rows. */
export function varianceAlong({ n, mean, products }: Sums, g: readonly number[], h = g): number {
  const size = mean.length;
  let sum = 0;
  for (let j = 0; j < size; j++) for (let k = 0; k < size; k++) sum += g[j] * h[k] * products[j * size + k];
  return n < 2 ? NaN : sum / (n - 1);
}

/** Σ (x − shift), in four running sums that need not wait for each other. */
function total(x: Float64Array, from: number, to: number, shift: number): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = from;
  for (; i + 3 < to; i += 4) {
    a += x[i] - shift;
    b += x[i + 1] - shift;
    c += x[i + 2] - shift;
    d += x[i + 3] - shift;
  }
  for (; i < to; i++) a += x[i] - shift;
  return a + b + (c + d);
}

interface Around {
  readonly from: number;
  readonly to: number;
  readonly x: number;
  readonly y: number;
}

function crossTotal(first: Float64Array, second: Float64Array, { from, to, x, y }: Around): number {
  let even = 0;
  let odd = 0;
  let i = from;
  for (; i + 1 < to; i += 2) {
    even += (first[i] - x) * (second[i] - y);
    odd += (first[i + 1] - x) * (second[i + 1] - y);
  }
  return i < to ? even + odd + (first[i] - x) * (second[i] - y) : even + odd;
}
