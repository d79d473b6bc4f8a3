import { balancedCredit } from './balanced.js';
import type { RankedPair, Shown } from './lottery.js';
import { rankCredit } from './optimised.js';
import { pairwiseCredit } from './pairwise-preference.js';
import { probabilisticCredit } from './probabilistic.js';
import { teamCredit } from './team-draft.js';

/** How clicks on an interleaved list speak for B (positive) or A, by the way the list was put together. */
export interface CreditRule {
  readonly summary: string;
  /** Whether it has to be known for which ranker each place was taken. */
  readonly needsTeams: boolean;
  readonly credit: (pair: RankedPair, shown: Shown, clicks: readonly number[]) => number;
}

export const CREDIT_RULES: Readonly<Record<string, CreditRule>> = {
  'team-draft': {
    summary: 'clicks on own team',
    needsTeams: true,
    credit: (_pair, shown, clicks) => teamCredit(shown, clicks),
  },
  balanced: { summary: 'clicks within the top of each ranking', needsTeams: false, credit: balancedCredit },
  probabilistic: {
    summary: 'chances of both rankers to have shown what was clicked',
    needsTeams: false,
    credit: (pair, shown, clicks) => probabilisticCredit(pair, shown, clicks),
  },
  optimised: {
    summary: 'inverse ranks of what was clicked',
    needsTeams: false,
    credit: (pair, { documents }, clicks) => clicks.reduce((sum, place) => sum + rankCredit(pair, documents[place]), 0),
  },
  'pairwise-preference': {
    summary: 'what was clicked against what was passed over',
    needsTeams: false,
    credit: pairwiseCredit,
  },
};
