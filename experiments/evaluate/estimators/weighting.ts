import type { Terms } from '../rounds.js';
import type { Estimator } from './form.js';
import { clipped, CUTS } from './kept-weights.js';

/** [N] kept·r. */
export function weighted({ reward }: Terms, kept: Float64Array): Float64Array {
  const rounds = new Float64Array(kept.length);
  for (let i = 0; i < rounds.length; i++) rounds[i] = kept[i] * reward[i];
  return rounds;
}

/**
 * Inverse propensity scoring: mean of w·r (Horvitz and Thompson 1952). Unbiased when every action the target can choose
 * had a positive, correctly logged propensity; its variance grows with the weights.
 */
export const ips: Estimator = {
  name: 'IPS',
  assumption: 'Propensities are right and cover every action of the policy.',
  needsGuesses: false,
  rowWise: true,
  perRound: (terms) => ({ numerator: weighted(terms, terms.weight) }),
};

/** Mean of min(w, clip)·r (Ionides 2008): smaller variance, biased low for positive rewards where weights were cut. */
export const clippedIps: Estimator = {
  name: 'Clipped IPS',
  assumption: 'Weights above the clip carry little: what was cut is lost, so positive rewards are underestimated.',
  needsGuesses: false,
  setting: { name: 'largest weight', value: 10, tuned: { kept: clipped, candidates: CUTS } },
  rowWise: true,
  perRound: (terms, clip) => ({ numerator: weighted(terms, clipped(terms.weight, clip)) }),
};

/**
 * Self-normalised IPS: Σ w·r / Σ w (Swaminathan and Joachims 2015). Stays inside the range of the rewards and does not
 * change when all propensities are off by one factor; biased of order 1/N. Where obp resamples w·r / mean(w) with the
 * mean of the whole log, here the mean weight is part of every replicate and of the delta method.
 */
export const snips: Estimator = {
  name: 'Self-normalised IPS',
  assumption: 'As IPS; additionally robust to propensities that are all off by one factor.',
  needsGuesses: false,
  perRound: (terms) => ({ numerator: weighted(terms, terms.weight), denominator: terms.weight }),
};
