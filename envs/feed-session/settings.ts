import { complaint } from '../../core/check.js';
import { candidateSources, type CandidateSource } from './candidates.js';

/** What is asked of the recommender of a feed. */
export interface FeedSessionSettings {
  /** Items to choose from at each step, K: 2 to 500. */
  readonly candidates: number;
  /** Items shown per step, one after the other. */
  readonly slateSize: number;
  /** Where candidates come from: retrieved, catalogue or clusters; see `Candidates`. */
  readonly source: string;
  /** How many of the candidates are drawn uniformly from the whole catalogue; the last ones. */
  readonly injected: number;
  /** With the source 'clusters': from how many clusters. */
  readonly groups: number;
  /** Items retrieved per user and cluster ahead of the session; 0 for as many as candidates, at least 20. */
  readonly poolPerCluster: number;
  /** Items after which a session is cut off. The notes propose 60. */
  readonly maxSteps: number;
  /** Whether a world's sessions all belong to one user, who comes back; else each has another one. */
  readonly returning: boolean;
}

export const feedSessionDefaults: FeedSessionSettings = {
  candidates: 10,
  slateSize: 1,
  source: 'retrieved',
  injected: 0,
  groups: 4,
  poolPerCluster: 0,
  maxSteps: 60,
  returning: false,
};

/** The source of that name. */
export function sourceOf(where: string, name: string): CandidateSource {
  const found = candidateSources.find((source) => source === name);
  if (found !== undefined) return found;
  throw complaint('config', {
    where: `${where}: source`,
    expected: candidateSources.join(', '),
    received: `'${name}'`,
  });
}

export function checkFeedSession(where: string, settings: FeedSessionSettings): void {
  const { candidates: K, source, injected, groups } = settings;
  const whole = (
    name: 'candidates' | 'slateSize' | 'injected' | 'groups' | 'poolPerCluster' | 'maxSteps',
    low: number,
    high: number,
  ): void => {
    const value = settings[name];
    if (Number.isInteger(value) && value >= low && value <= high) return;
    throw complaint('config', {
      where: `${where}: ${name}`,
      expected: `a whole number from ${low} to ${high}`,
      received: String(value),
    });
  };
  whole('candidates', 2, 500);
  whole('slateSize', 1, K);
  whole('maxSteps', 1, 10_000);
  whole('injected', 0, source === 'catalogue' ? 0 : K - settings.slateSize);
  whole('poolPerCluster', 0, 100_000);
  if (sourceOf(where, source) !== 'clusters') return;
  whole('groups', 1, K - injected);
  if ((K - injected) % groups === 0) return;
  throw complaint('config', {
    where: `${where}: groups`,
    expected: `a number that divides the ${K - injected} retrieved candidates`,
    received: String(groups),
  });
}
