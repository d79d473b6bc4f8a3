import { chiSquareUpper } from '../../../core/stats/chi-square.js';
import { neverZero } from './welch.js';

/** Below this the split is called broken: one false alarm in 2,000 sound tests. */
export const SAMPLE_RATIO_ALARM = 0.0005;

/**
 * Sample-ratio mismatch: p of Pearson's chi-square Σ (counted − expected)² / expected with groups − 1 degrees of freedom.
 * Arms with a share of 0 are left out; with one group left, or nobody counted, nothing can be wrong and p is 1.
 *
 * @param counts [A] units per arm
 * @param shares [A] planned, in any unit
 */
export function sampleRatioP(counts: ArrayLike<number>, shares: ArrayLike<number>): number {
  let [units, whole, groups] = [0, 0, 0];
  for (let a = 0; a < counts.length; a++) {
    if (!(shares[a] > 0)) continue;
    units += counts[a];
    whole += shares[a];
    groups++;
  }
  if (groups < 2 || units === 0) return 1;
  let distance = 0;
  for (let a = 0; a < counts.length; a++) {
    if (!(shares[a] > 0)) continue;
    const expected = (units * shares[a]) / whole;
    distance += (counts[a] - expected) ** 2 / expected;
  }
  return neverZero(chiSquareUpper(distance, groups - 1));
}
