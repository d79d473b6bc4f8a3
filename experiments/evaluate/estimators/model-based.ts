import type { Terms } from '../rounds.js';
import { modelTerms, type Estimator } from './form.js';
import { clipped, CUTS, shrunk, SHRINKAGES, switched } from './kept-weights.js';

/** [N] DM_n + kept_n·(r_n − q(x_n, a_n)): every doubly robust form differs only in which weight it keeps. */
export function corrected(terms: Terms, who: string, kept: Float64Array): Float64Array {
  const { direct, guess } = modelTerms(terms, who);
  const { reward } = terms;
  const rounds = new Float64Array(kept.length);
  for (let i = 0; i < rounds.length; i++) rounds[i] = direct[i] + kept[i] * (reward[i] - guess[i]);
  return rounds;
}

/** Direct method: mean of Σ_a π(a|x) q(x, a). As good as the model, and its interval does not know the model's bias. */
export const dm: Estimator = {
  name: 'Direct method',
  assumption: 'The reward model is right for the actions the policy chooses; its interval leaves the model’s bias out.',
  needsGuesses: true,
  rowWise: true,
  perRound: (terms) => ({ numerator: modelTerms(terms, 'dm').direct }),
};

/**
 * Doubly robust: mean of DM_n + w·(r − q(x, a)) (Dudík, Langford and Li 2011; Dudík et al. 2014). Unbiased when the
 * propensities are right or the model is; smaller variance than IPS when the model explains some of the reward.
 */
export const dr: Estimator = {
  name: 'Doubly robust',
  assumption: 'Propensities or the reward model are right.',
  needsGuesses: true,
  rowWise: true,
  perRound: (terms) => ({ numerator: corrected(terms, 'dr', terms.weight) }),
};

/** Doubly robust with min(w, clip) for w: what is cut off is left to the model. Clip 0 is the direct method, ∞ is DR. */
export const clippedDr: Estimator = {
  name: 'Clipped doubly robust',
  assumption: 'As doubly robust up to the clip; the model is right for what was cut off.',
  needsGuesses: true,
  setting: { name: 'largest weight', value: 10, tuned: { kept: clipped, candidates: CUTS } },
  rowWise: true,
  perRound: (terms, clip) => ({ numerator: corrected(terms, 'clippedDr', clipped(terms.weight, clip)) }),
};

/**
 * Self-normalised doubly robust: mean of DM + Σ w·(r − q) / Σ w (Robins et al. 2007; Thomas and Brunskill 2016). As with
 * SNIPS, the normaliser moves in every interval.
 */
export const sndr: Estimator = {
  name: 'Self-normalised doubly robust',
  assumption: 'As doubly robust; additionally robust to propensities that are all off by one factor.',
  needsGuesses: true,
  perRound: (terms) => {
    const { direct, guess } = modelTerms(terms, 'sndr');
    const { weight, reward } = terms;
    const numerator = new Float64Array(weight.length);
    for (let i = 0; i < numerator.length; i++) numerator[i] = weight[i] * (reward[i] - guess[i]);
    return { numerator, denominator: weight, offset: direct };
  },
};

/**
 * Switch-DR: doubly robust where w ≤ τ, the model alone elsewhere (Wang, Agarwal and Dudík 2017).
 * τ = 0 is the direct method, τ = ∞ is DR.
 */
export const switchDr: Estimator = {
  name: 'Switch-DR',
  assumption: 'As doubly robust below the threshold; the model is right above it.',
  needsGuesses: true,
  setting: { name: 'largest corrected weight', value: 10, tuned: { kept: switched, candidates: CUTS } },
  rowWise: true,
  perRound: (terms, threshold) => ({ numerator: corrected(terms, 'switchDr', switched(terms.weight, threshold)) }),
};

/**
 * Doubly robust with optimistic shrinkage: the weight becomes λw / (w² + λ) (Su et al. 2020). λ = 0 is the direct
 * method, λ → ∞ is DR. The documentation of obp shows a further factor w; its code and the paper do not have it.
 */
export const dros: Estimator = {
  name: 'DR with optimistic shrinkage',
  assumption: 'As doubly robust, trading bias towards the model for smaller variance.',
  needsGuesses: true,
  setting: { name: 'λ', value: 10, tuned: { kept: shrunk, candidates: SHRINKAGES } },
  rowWise: true,
  perRound: (terms, lambda) => ({ numerator: corrected(terms, 'dros', shrunk(terms.weight, lambda)) }),
};
