/** Interleaving: two rankers in one list, and which of them people prefer. */
export { balanced, balancedCredit } from './balanced.js';
export { CREDIT_RULES, type CreditRule } from './credits.js';
export { allLists, drawList, type Lottery, type RankedPair, type Shown, type Step, type Team } from './lottery.js';
export { optimised, rankCredit, type OptimisedLottery, type RankCredit } from './optimised.js';
export { pairwiseCredit, pairwisePreference } from './pairwise-preference.js';
export { preferenceTest, signTest, type PreferenceTest } from './preference-test.js';
export { probabilistic, probabilisticCredit } from './probabilistic.js';
export { readInterleaved, type InterleavedColumns, type InterleavedTable } from './table.js';
export { teamCredit, teamDraft } from './team-draft.js';
