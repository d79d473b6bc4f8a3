/** A correction: adjusted p-values of sorted ones, the smallest first. */
type Adjustment = (sorted: readonly number[]) => number[];

const identity: Adjustment = (sorted) => [...sorted];

/** Adjusted p-values of a step-up or step-down rule: each factor times its p, made monotone from one end. */
function stepDown(sorted: readonly number[], one: (p: number, rank: number) => number): number[] {
  let largest = 0;
  return sorted.map((p, rank) => (largest = Math.max(largest, one(p, rank))));
}

function stepUp(sorted: readonly number[], one: (p: number, rank: number) => number): number[] {
  let smallest = 1;
  return sorted.reduceRight<number[]>((adjusted, p, rank) => {
    adjusted[rank] = smallest = Math.min(smallest, one(p, rank));
    return adjusted;
  }, new Array<number>(sorted.length).fill(1));
}

/**
 * Hommel (1988): reject what every intersection that holds it rejects by Simes' test (1986). Of all sets of m hypotheses
 * that hold p_i, the one with the largest others speaks last, so only n sets need be asked per p.
 */
function hommel(sorted: readonly number[]): number[] {
  const n = sorted.length;
  const adjusted = [...sorted];
  for (let m = 2; m <= n; m++) {
    let others = Infinity;
    for (let k = 2; k <= m; k++) others = Math.min(others, (m * sorted[n - m + k - 1]) / k);
    // The m largest are one set; a smaller p stands with the m − 1 largest.
    for (let i = 0; i < n; i++) adjusted[i] = Math.max(adjusted[i], Math.min(others, m * sorted[Math.min(i, n - m)]));
  }
  return adjusted;
}

const harmonic = (n: number): number => Array.from({ length: n }, (_, i) => 1 / (i + 1)).reduce((a, b) => a + b, 0);

/**
 * bonferroni, sidak, holm, hochberg and hommel bound the chance of any false alarm; sidak (1967) for independent tests,
 * hochberg (1988) and hommel (1988) also for positively dependent ones, bonferroni and holm (1979) for any. The two of
 * Benjamini bound the expected share of false ones among the alarms: benjamini-hochberg (1995) for independent or
 * positively dependent tests, benjamini-yekutieli (2001) for any.
 */
const ADJUSTMENTS = {
  none: identity,
  bonferroni: (sorted) => sorted.map((p) => sorted.length * p),
  sidak: (sorted) => sorted.map((p) => -Math.expm1(sorted.length * Math.log1p(-p))),
  holm: (sorted) => stepDown(sorted, (p, rank) => (sorted.length - rank) * p),
  hochberg: (sorted) => stepUp(sorted, (p, rank) => (sorted.length - rank) * p),
  hommel,
  'benjamini-hochberg': (sorted) => stepUp(sorted, (p, rank) => (sorted.length / (rank + 1)) * p),
  'benjamini-yekutieli': (sorted) =>
    stepUp(sorted, (p, rank) => harmonic(sorted.length) * (sorted.length / (rank + 1)) * p),
} as const satisfies Readonly<Record<string, Adjustment>>;

export type Correction = keyof typeof ADJUSTMENTS;

/** Corrections for several tests, by name. */
export const CORRECTIONS: readonly Correction[] = [
  'none',
  'bonferroni',
  'sidak',
  'holm',
  'hochberg',
  'hommel',
  'benjamini-hochberg',
  'benjamini-yekutieli',
];

/** p-values after a correction for having several, in the order they came. */
export function adjust(pValues: readonly number[], method: Correction): number[] {
  const order = pValues.map((_, i) => i).sort((a, b) => pValues[a] - pValues[b]);
  const sorted = ADJUSTMENTS[method](order.map((i) => pValues[i]));
  const adjusted = new Array<number>(pValues.length).fill(1);
  order.forEach((i, rank) => (adjusted[i] = Math.min(1, sorted[rank])));
  return adjusted;
}

/**
 * Two families, the second asked only behind the first (Dmitrienko, Offen and Westfall 2003): any false alarm in either
 * has a probability of at most α.
 *
 * all: the secondaries wait for every primary, so none is below the largest primary one. Primaries by `method`.
 * any: primaries by Bonferroni; j of m of them hand on j/m of α, so a secondary of adjusted p q inside its own family
 * gets min_j max(m p_(j), q m/j).
 */
export function gatekept(
  primary: readonly number[],
  secondary: readonly number[],
  { gate, method }: { readonly gate: 'all' | 'any'; readonly method: Correction },
): { readonly primary: number[]; readonly secondary: number[] } {
  const within = adjust(secondary, method);
  if (gate === 'all') {
    const first = adjust(primary, method);
    const last = Math.max(0, ...first);
    return { primary: first, secondary: within.map((q) => Math.max(q, last)) };
  }
  const first = adjust(primary, 'bonferroni');
  const sorted = [...first].sort((a, b) => a - b);
  const m = sorted.length;
  const behind = (q: number): number =>
    m === 0 ? q : Math.min(1, ...sorted.map((p, j) => Math.max(p, (q * m) / (j + 1))));
  return { primary: first, secondary: within.map(behind) };
}
