import { rankIn, type Lottery, type RankedPair, type Shown, type Team } from './lottery.js';

/**
 * Balanced interleaving (Joachims 2003): one coin says who begins, then the rankings are merged so that the top of the list
 * always holds as many of A's best as of B's, up to one. Where the rankings are nearly the same but shifted, clicks that
 * do not look at documents may favour one ranker (Radlinski and Craswell 2013, section 4): prefer team draft.
 */
export function balanced(pair: RankedPair, length: number): Lottery {
  return {
    next({ documents, teams }) {
      const place = documents.length;
      const begins: readonly Team[] = place === 0 ? [0, 1] : [teams[0]];
      return begins.flatMap((first) => {
        const merged = merge(pair, first);
        if (place >= Math.min(length, merged.documents.length)) return [];
        return [{ document: merged.documents[place], team: merged.teams[place], probability: 1 / begins.length }];
      });
    },
  };
}

function merge({ a, b }: RankedPair, first: Team): Shown {
  const documents: number[] = [];
  const teams: Team[] = [];
  for (let [atA, atB] = [0, 0]; atA < a.length || atB < b.length;) {
    const fromA = atB >= b.length || (atA < a.length && (atA < atB || (atA === atB && first === 0)));
    const document = fromA ? a[atA++] : b[atB++];
    if (documents.includes(document)) continue;
    documents.push(document);
    teams.push(fromA ? 0 : 1);
  }
  return { documents, teams };
}

/**
 * Clicks among B's top k less clicks among A's, k being the shallower of the two ranks of the lowest clicked document:
 * how deep somebody would have had to look in the ranking that has it higher.
 */
export function balancedCredit({ a, b }: RankedPair, { documents }: Shown, clicks: readonly number[]): number {
  if (clicks.length === 0) return 0;
  const lowest = documents[Math.max(...clicks)];
  const k = Math.min(rankIn(a, lowest), rankIn(b, lowest));
  const within = (ranking: readonly number[]): number =>
    clicks.filter((place) => rankIn(ranking, documents[place]) <= Math.min(k, ranking.length)).length;
  return within(b) - within(a);
}
