import { nextOf, rankIn, type Lottery, type RankedPair, type Team } from './lottery.js';
import { solveLottery } from './unbiased-lottery.js';

/** How a click on a document speaks for B, by its ranks in both. `binary` often leaves no fair lottery: look at `unfairness`. */
export type RankCredit = 'inverse-rank' | 'linear-rank' | 'binary';

const CREDITS: Readonly<Record<RankCredit, (rankA: number, rankB: number) => number>> = {
  'inverse-rank': (rankA, rankB) => 1 / rankB - 1 / rankA,
  'linear-rank': (rankA, rankB) => rankA - rankB,
  binary: (rankA, rankB) => Math.sign(rankA - rankB),
};

/** Lists are told apart by their documents: at most 2^length of them. */
const MOST_PLACES = 12;

/** Lists, how often each is shown, and how far from fair that is. */
export interface OptimisedLottery extends Lottery {
  /** Σ_k |E credit of a random click among the first k|: 0 up to rounding where fair lists exist. */
  readonly unfairness: number;
}

/**
 * Optimised interleaving (Radlinski and Craswell 2013): of all lists in which every place takes the best document left of
 * A or of B, show list n with probability p_n so that somebody who clicks at random among the first k documents favours
 * neither, whatever k, and the credit tells the rankers apart as sharply as possible:
 *
 *     maximise Σ p_n s_n   subject to   Σ_n p_n Σ_{i ≤ k} δ(n, i) = 0 for every k,   Σ p_n = 1,   p ≥ 0
 *
 * with δ the credit of place i and s_n = Σ f_i δ(n, i)² the strength of its signal, f_i = 1/i: how often place i is
 * clicked. (Theirs is the entropy of the winner under f; a sum of squares orders lists alike and needs no case for ties.)
 * Where no lottery is fair the least unfair one is taken and `unfairness` says by how much, instead of no answer.
 *
 * @param length at most 12
 */
export function optimised(pair: RankedPair, length: number, credit: RankCredit = 'inverse-rank'): OptimisedLottery {
  const lists = prefixLists(pair, Math.min(length, MOST_PLACES));
  const deltas = lists.map((documents) => documents.map((document) => rankCredit(pair, document, credit)));
  const strength = deltas.map((row) => row.reduce((sum, delta, i) => sum + (delta * delta) / (i + 1), 0));
  const upTo = deltas.map((row) => {
    let total = 0;
    return row.map((delta) => (total += delta));
  });
  const { probabilities, violation } = solveLottery(upTo, strength);
  return {
    unfairness: violation,
    next({ documents: shown }) {
      const mass = new Map<number, number>();
      let all = 0;
      lists.forEach((list, n) => {
        if (probabilities[n] <= 0 || !shown.every((document, i) => list[i] === document)) return;
        if (list.length === shown.length) return;
        mass.set(list[shown.length], (mass.get(list[shown.length]) ?? 0) + probabilities[n]);
        all += probabilities[n];
      });
      return Array.from(mass, ([document, probability]) => ({
        document,
        team: teamOf(pair, document),
        probability: probability / all,
      }));
    },
  };
}

/** What a click on a document says for B; negative: for A. */
export function rankCredit({ a, b }: RankedPair, document: number, credit: RankCredit = 'inverse-rank'): number {
  return CREDITS[credit](rankIn(a, document), rankIn(b, document));
}

function teamOf({ a, b }: RankedPair, document: number): Team {
  return rankIn(b, document) < rankIn(a, document) ? 1 : 0;
}

/** Every list whose places take the best document left of either ranking. */
function prefixLists(pair: RankedPair, length: number, shown: readonly number[] = []): (readonly number[])[] {
  const next = new Set([nextOf(pair.a, shown), nextOf(pair.b, shown)].flatMap((document) => document ?? []));
  if (shown.length === length || next.size === 0) return [shown];
  return [...next].flatMap((document) => prefixLists(pair, length, [...shown, document]));
}
