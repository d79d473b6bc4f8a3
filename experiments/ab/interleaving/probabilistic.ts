import type { Lottery, RankedPair, Shown, Step } from './lottery.js';

/**
 * Probabilistic interleaving (Hofmann, Whiteson and de Rijke 2011): in every place a coin names a ranker, which draws
 * among its documents that are not shown yet with probabilities ∝ 1/rank^τ. Every list can occur, so that comparisons can
 * be made again later from old lists.
 *
 * @param tau how steeply the ranks fall, 3 unless given; large τ comes near team draft without its taking turns
 */
export function probabilistic({ a, b }: RankedPair, length: number, tau = 3): Lottery {
  return {
    next({ documents }) {
      if (documents.length >= length) return [];
      const sides = [softmax(a, documents, tau), softmax(b, documents, tau)];
      const alive = sides.filter((side) => side.length > 0).length;
      return sides.flatMap((side, r) =>
        side.map(({ document, share }): Step => ({ document, team: r === 0 ? 0 : 1, probability: share / alive })),
      );
    },
  };
}

/** What is left of a ranking, each with its share. */
function softmax(
  ranking: readonly number[],
  documents: readonly number[],
  tau: number,
): { document: number; share: number }[] {
  const left = ranking.flatMap((document, i) =>
    documents.includes(document) ? [] : [{ document, log: -tau * Math.log(i + 1) }],
  );
  // Relative to the best one left: far down, 1/rank^τ alone would be lost for large τ.
  const weights = left.map(({ log }) => Math.exp(log - left[0].log));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return left.map(({ document }, i) => ({ document, share: weights[i] / total }));
}

/**
 * B's share of each clicked document less A's, (P_B − P_A)/(P_A + P_B) with the probabilities each ranker had of drawing it
 * in its place: the credit averaged over all coins that give the same list (there, section 4.2), with the same mean as
 * counting clicks by team and less spread.
 */
export function probabilisticCredit(
  { a, b }: RankedPair,
  { documents }: Shown,
  clicks: readonly number[],
  tau = 3,
): number {
  return clicks.reduce((sum, place) => {
    const above = documents.slice(0, place);
    const [ofA, ofB] = [a, b].map(
      (ranking) => softmax(ranking, above, tau).find(({ document }) => document === documents[place])?.share ?? 0,
    );
    return ofA + ofB > 0 ? sum + (ofB - ofA) / (ofA + ofB) : sum;
  }, 0);
}
