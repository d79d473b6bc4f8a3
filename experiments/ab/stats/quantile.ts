import { twoSidedZ } from '../../../core/stats/intervals.js';
import { quantileOfSorted } from '../../../core/stats/moments.js';
import type { ArmValue } from './arm-value.js';

/** Rows that were randomised together; the rows of one cluster need not stand together. */
export interface Clusters {
  /** [rows] from 0 to `count` − 1 */
  readonly of: Int32Array;
  readonly count: number;
}

/**
 * A quantile of one arm and its variance without any density: the share of rows at or below the quantile has a standard
 * error σ; the order statistics at p ± zσ are an interval of the quantile (Woodruff 1952), and its width over 2z is the
 * standard error (Deng, Knoblich and Lu 2018, section 4, "outer" interval). Right under clustering because σ is: there
 * it is the delta method's for Σ_c I_c / Σ_c N_c, otherwise √(p(1 − p)/n).
 *
 * Variance NaN when p ± zσ leaves (0, 1): too few units lie beyond the quantile. Variance 0 when the two order
 * statistics are tied.
 *
 * @param values [rows] in any order; not changed
 */
export function quantileOf(values: Float64Array, p: number, level: number, clusters?: Clusters): ArmValue {
  const n = values.length;
  const units = clusters?.count ?? n;
  if (n === 0) return { value: NaN, variance: NaN, units };
  const sorted = values.slice().sort();
  const value = quantileOfSorted(sorted, p);
  const sigma = clusters === undefined ? Math.sqrt((p * (1 - p)) / n) : clusteredShare(values, value, clusters);
  const z = twoSidedZ(level);
  const [low, high] = [p - z * sigma, p + z * sigma];
  if (!(low > 0 && high < 1)) return { value, variance: NaN, units };
  const width = quantileOfSorted(sorted, high) - quantileOfSorted(sorted, low);
  return { value, variance: (width / (2 * z)) ** 2, units };
}

/** Standard error of the share of rows at or below a cut, over clusters: √(G/(G − 1) Σ (I_c − p N_c)²) / N. */
function clusteredShare(values: Float64Array, cut: number, { of, count }: Clusters): number {
  const below = new Float64Array(count);
  const rows = new Float64Array(count);
  let all = 0;
  for (let i = 0; i < values.length; i++) {
    rows[of[i]]++;
    if (values[i] > cut) continue;
    below[of[i]]++;
    all++;
  }
  const share = all / values.length;
  let squares = 0;
  for (let c = 0; c < count; c++) squares += (below[c] - share * rows[c]) ** 2;
  return Math.sqrt((count / (count - 1)) * squares) / values.length;
}
