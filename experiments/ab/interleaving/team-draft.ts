import { nextOf, type Lottery, type RankedPair, type Shown, type Team } from './lottery.js';

/**
 * Team-draft interleaving (Radlinski, Kurup and Joachims 2008): as captains pick players, the ranker with fewer documents
 * adds its best one that is not shown yet; when both have as many, a coin says who begins. In every place both rankers are
 * equally likely, so clicks that do not look at documents favour neither.
 *
 * @param length most places to fill
 */
export function teamDraft({ a, b }: RankedPair, length: number): Lottery {
  return {
    next({ documents, teams }) {
      if (documents.length >= length) return [];
      const left = [nextOf(a, documents), nextOf(b, documents)];
      const picked = teams.filter((team) => team === 1).length;
      const lead = 2 * picked - teams.length;
      const may = ([0, 1] as const).filter((team) => left[team] !== undefined && (team === 0 ? lead >= 0 : lead <= 0));
      // A ranker with nothing left does not hold up the other.
      const picking = may.length > 0 ? may : ([0, 1] as const).filter((team) => left[team] !== undefined);
      return picking.flatMap((team) => {
        const document = left[team];
        return document === undefined ? [] : [{ document, team, probability: 1 / picking.length }];
      });
    },
  };
}

/** Clicks on B's documents less clicks on A's. @param clicks places that were clicked, from 0 */
export function teamCredit({ teams }: Shown, clicks: readonly number[]): number {
  const signs: Readonly<Record<Team, number>> = { 0: -1, 1: 1 };
  return clicks.reduce((sum, place) => sum + signs[teams[place]], 0);
}
