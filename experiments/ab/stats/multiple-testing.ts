/** Corrections for several tests. */
export const CORRECTIONS = ['none', 'bonferroni', 'holm', 'benjamini-hochberg'] as const;
export type Correction = (typeof CORRECTIONS)[number];

/**
 * p-values after a correction for having several, in the order they came. bonferroni and holm (1979) bound the chance of
 * any false alarm; benjamini-hochberg (1995) bounds the expected share of false ones among the alarms, for tests that are
 * independent or positively dependent.
 */
export function adjust(pValues: readonly number[], method: Correction): number[] {
  const n = pValues.length;
  if (method === 'none') return [...pValues];
  if (method === 'bonferroni') return pValues.map((p) => Math.min(1, n * p));
  const order = pValues.map((_, i) => i).sort((a, b) => pValues[a] - pValues[b]);
  const adjusted = new Array<number>(n).fill(1);
  if (method === 'holm') {
    let largest = 0;
    order.forEach((i, rank) => (adjusted[i] = largest = Math.max(largest, Math.min(1, (n - rank) * pValues[i]))));
    return adjusted;
  }
  let smallest = 1;
  for (let rank = n - 1; rank >= 0; rank--) {
    const i = order[rank];
    adjusted[i] = smallest = Math.min(smallest, (n / (rank + 1)) * pValues[i]);
  }
  return adjusted;
}
