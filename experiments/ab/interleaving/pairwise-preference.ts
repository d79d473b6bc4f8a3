import { rankIn, type Lottery, type RankedPair, type Shown } from './lottery.js';

/**
 * Pairwise preference interleaving (Oosterhuis and de Rijke 2017, for two rankers): place i is drawn evenly from the
 * documents that either ranker has among its first i and that are not shown yet. Teams mean nothing here and are A's.
 */
export function pairwisePreference(pair: RankedPair, length: number): Lottery {
  return {
    next({ documents }) {
      if (documents.length >= length) return [];
      const open = reachable(pair, documents.length + 1).filter((document) => !documents.includes(document));
      return open.map((document) => ({ document, team: 0, probability: 1 / open.length }));
    },
  };
}

/** Documents among the first `depth` of either ranking. */
function reachable({ a, b }: RankedPair, depth: number): number[] {
  return [...new Set([...a.slice(0, depth), ...b.slice(0, depth)])];
}

/**
 * Every clicked document is preferred to each one that was not clicked and stands above it or directly below. A ranker gets
 * +1 for a preference it shares and −1 for one it turns round; B's less A's, over 2. A pair counts only where neither
 * document was placed before both could be: from there on chance alone ordered them. It is divided by the probability of
 * that, so that every pair weighs in the mean what its clicks say.
 */
export function pairwiseCredit(pair: RankedPair, { documents }: Shown, clicks: readonly number[]): number {
  let credit = 0;
  for (const place of clicks) {
    for (let other = 0; other <= Math.min(place + 1, documents.length - 1); other++) {
      if (clicks.includes(other)) continue;
      const [liked, passed] = [documents[place], documents[other]];
      const [first, last] = [liked, passed].map((document) => earliest(pair, document)).sort((x, y) => x - y);
      if (place + 1 < last || other + 1 < last) continue;
      credit += (shares(pair.b, liked, passed) - shares(pair.a, liked, passed)) / 2 / bothLeft(pair, first, last);
    }
  }
  return credit;
}

/** The first place (from 1) in which a document can stand. */
function earliest({ a, b }: RankedPair, document: number): number {
  return Math.min(rankIn(a, document), rankIn(b, document));
}

/** P(the document that could stand from `first` on is still open at `last`). */
function bothLeft(pair: RankedPair, first: number, last: number): number {
  let left = 1;
  for (let place = first; place < last; place++) left *= 1 - 1 / (reachable(pair, place).length - (place - 1));
  return left;
}

function shares(ranking: readonly number[], liked: number, passed: number): number {
  return Math.sign(rankIn(ranking, passed) - rankIn(ranking, liked));
}
