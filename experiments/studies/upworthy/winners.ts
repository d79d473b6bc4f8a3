import type { Source } from '../../../core/random.js';
import { normalUpper } from '../../../core/stats/normal.js';
import { proportionOf, type ArmValue } from '../../ab/stats/arm-value.js';
import { adjust } from '../../ab/stats/multiple-testing.js';
import { sumsOfTotals } from '../../ab/stats/sums.js';
import type { Archive } from './archive.js';
import { binomial } from './split.js';

const LEVEL = 0.05;

export interface Winners {
  readonly tests: number;
  /** Share of tests whose best package is clicked significantly more than every other. */
  readonly winner: number;
  /** Share of tests with any significant pair. */
  readonly difference: number;
  /** The same without the correction for pairs. */
  readonly uncorrected: number;
}

/**
 * What the tests say of headlines: all pairs of packages by the difference of their click shares, with Holm's correction
 * over the pairs of a test.
 *
 * @param luck deals the clicks out again with the test's overall share: a null control
 */
export function winners({ start, impressions, clicks }: Archive, tests: readonly number[], luck?: Source): Winners {
  let [won, differs, uncorrected] = [0, 0, 0];
  for (const t of tests) {
    const [from, to] = [start[t], start[t + 1]];
    const all = (column: Float64Array): number => column.subarray(from, to).reduce((a, b) => a + b, 0);
    const share = luck === undefined ? 0 : all(clicks) / all(impressions);
    const packages: ArmValue[] = [];
    for (let i = from; i < to; i++) {
      const sum = luck === undefined ? clicks[i] : binomial(luck, impressions[i], share);
      packages.push(proportionOf(sumsOfTotals({ n: impressions[i], sum, sumOfSquares: sum })));
    }
    const best = packages.reduce((top, { value }, i) => (value > packages[top].value ? i : top), 0);
    const pairs = packages.flatMap((a, i) =>
      packages.slice(i + 1).map((b, j) => ({ i, j: i + 1 + j, p: pairP(a, b) })),
    );
    const adjusted = adjust(
      pairs.map(({ p }) => p),
      'holm',
    );
    const significant = pairs.filter((_, k) => adjusted[k] < LEVEL);
    if (significant.length > 0) differs++;
    if (significant.filter(({ i, j }) => i === best || j === best).length === packages.length - 1) won++;
    if (pairs.some(({ p }) => p < LEVEL)) uncorrected++;
  }
  const n = tests.length;
  return { tests: n, winner: won / n, difference: differs / n, uncorrected: uncorrected / n };
}

/** Two-sided; thousands of impressions, so z. 1 where neither package has any spread. */
function pairP(a: ArmValue, b: ArmValue): number {
  const variance = a.variance + b.variance;
  return variance > 0 ? Math.min(1, 2 * normalUpper(Math.abs(a.value - b.value) / Math.sqrt(variance))) : 1;
}
