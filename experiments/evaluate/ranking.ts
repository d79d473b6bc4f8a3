import { complaint, expectLength } from '../../core/check.js';

/**
 * Discounted cumulative gain (Järvelin and Kekäläinen 2002; Burges et al. 2005): Σ_k (2^rel_k − 1) / log₂(k + 1), k from 1.
 *
 * @param relevance of the items shown, from the first slot down
 */
export function discountedGain(relevance: ArrayLike<number>): number {
  let total = 0;
  for (let k = 0; k < relevance.length; k++) total += (2 ** relevance[k] - 1) / Math.log2(k + 2);
  return total;
}

/**
 * DCG over that of the best ranking of `ideal`, cut to as many slots; 0 where nothing has any relevance.
 *
 * @param ideal relevance of all items that could have been shown, in any order
 */
export function normalisedGain(relevance: ArrayLike<number>, ideal: ArrayLike<number>): number {
  const best = Float64Array.from(ideal).sort().reverse().subarray(0, relevance.length);
  const most = discountedGain(best);
  return most === 0 ? 0 : discountedGain(relevance) / most;
}

/** Most sets of items that are walked through; 20 items in 8 slots have 137,979. */
const MOST_SETS = 2_000_000;

/**
 * The expected reward in each slot when Plackett-Luce (Luce 1959; Plackett 1975) fills the slots: item i comes next with
 * probability score_i / Σ scores of those left. Exact, by the probabilities of every set that can fill the first k slots
 * (the order within it does not matter to what follows); so for up to about 30 items and few slots.
 *
 * @param scores [items] above 0
 * @param rewards [items]
 * @returns [slots]
 */
export function plackettLuceRewards(
  scores: ArrayLike<number>,
  rewards: ArrayLike<number>,
  slots: number,
): Float64Array {
  const items = scores.length;
  expectLength('Plackett-Luce: rewards', rewards, { items });
  checkSize(items, slots);
  const expected = new Float64Array(slots);
  /** Probability of every set of the items that fill the slots so far, by its bits. */
  let sets = new Map([[0, 1]]);
  for (let k = 0; k < slots; k++) {
    const next = new Map<number, number>();
    for (const [set, chance] of sets) {
      let left = 0;
      for (let i = 0; i < items; i++) if (!((set >> i) & 1)) left += scores[i];
      for (let i = 0; i < items; i++) {
        if ((set >> i) & 1) continue;
        const taken = (chance * scores[i]) / left;
        expected[k] += taken * rewards[i];
        next.set(set | (1 << i), (next.get(set | (1 << i)) ?? 0) + taken);
      }
    }
    sets = next;
  }
  return expected;
}

function checkSize(items: number, slots: number): void {
  let sets = 1;
  let most = 1;
  for (let k = 1; k < slots; k++) most = Math.max(most, (sets *= (items - k + 1) / k));
  if (items <= 30 && slots >= 0 && slots <= items && most <= MOST_SETS) return;
  throw complaint('usage', {
    where: 'Plackett-Luce',
    expected: `at most 30 items, as many slots as items, and ${MOST_SETS} sets of items`,
    received: `${items} items in ${slots} slots`,
    try: 'Draw rankings instead: add Gumbel noise to the logarithms of the scores and sort.',
  });
}
