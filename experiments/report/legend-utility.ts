import type { Term } from './legend.js';

/** The words of tuned ad utilities, each explained once. */
export const UTILITY_TERMS: Readonly<Record<string, Term>> = {
  adRates: {
    name: 'CTR, long CTR, hide rate',
    meaning: 'Clicks, long clicks and hides per ad shown, all requests added up before they are divided.',
    unit: 'per ad',
  },
  treatedSegment: {
    name: 'Treated segment, all traffic',
    meaning:
      'The requests that the policy decides, and all requests: the policy decides its own, the control the rest. An effect on the segment is larger than the same effect on everything.',
  },
  utilityWeight: {
    name: 'Weight of a prediction',
    meaning: 'What a predicted click, long click or hide adds to (or takes from) the utility that ads are ranked by.',
    unit: 'money per event',
  },
  rankCorrelation: {
    name: 'Rank correlation',
    meaning:
      'Spearman: 1 where every bucket has a higher mean weight than the one before, −1 where every one has a lower.',
  },
  hits: {
    name: 'Hits',
    meaning: 'Logged rows whose action is the one that the policy would have taken; only they tell what it earns.',
    unit: 'rows',
  },
  logNeeded: {
    name: 'Log needed',
    meaning:
      'Rows of such a log from which the interval of the reward would reach this far from it. By hits: (z · standard deviation ÷ mean ÷ share)² hits, times the number of actions; by an estimator: the rows there were, times how much too wide its interval is, squared.',
    unit: 'rows',
  },
};
