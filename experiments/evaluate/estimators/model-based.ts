import { modelTerms, type Estimator } from './form.js';

/** Direct method: mean of Σ_a π(a|x) q(x, a). As good as the model, and its interval does not know the model's bias. */
export const dm: Estimator = {
  name: 'Direct method',
  assumption: 'The reward model is right for the actions the policy chooses; its interval leaves the model’s bias out.',
  needsGuesses: true,
  perRound: (terms) => ({ numerator: modelTerms(terms, 'dm').direct }),
};

/**
 * Doubly robust: mean of DM_n + w·(r − q(x, a)) (Dudík, Langford and Li 2011). Unbiased when the propensities are right
 * or the model is; smaller variance than IPS when the model explains some of the reward.
 */
export const dr: Estimator = {
  name: 'Doubly robust',
  assumption: 'Propensities or the reward model are right.',
  needsGuesses: true,
  perRound: (terms) => {
    const { direct, guess } = modelTerms(terms, 'dr');
    const { weight, reward } = terms;
    return { numerator: direct.map((value, i) => value + weight[i] * (reward[i] - guess[i])) };
  },
};

/** Self-normalised doubly robust: mean of DM + Σ w·(r − q) / Σ w (Robins et al. 2007; Thomas and Brunskill 2016). */
export const sndr: Estimator = {
  name: 'Self-normalised doubly robust',
  assumption: 'As doubly robust; additionally robust to propensities that are all off by one factor.',
  needsGuesses: true,
  perRound: (terms) => {
    const { direct, guess } = modelTerms(terms, 'sndr');
    const { weight, reward } = terms;
    return { numerator: weight.map((w, i) => w * (reward[i] - guess[i])), denominator: weight, offset: direct };
  },
};

/**
 * Switch-DR: doubly robust where w ≤ τ, the model alone elsewhere (Wang, Agarwal and Dudík 2017).
 * τ = 0 is the direct method when no weight is 0; τ = ∞ is DR.
 */
export const switchDr: Estimator = {
  name: 'Switch-DR',
  assumption: 'As doubly robust below the threshold; the model is right above it.',
  needsGuesses: true,
  setting: { name: 'largest corrected weight', value: 10 },
  perRound: (terms, threshold) => {
    const { direct, guess } = modelTerms(terms, 'switchDr');
    const { weight, reward } = terms;
    return {
      numerator: direct.map((value, i) =>
        weight[i] <= threshold ? value + weight[i] * (reward[i] - guess[i]) : value,
      ),
    };
  },
};

/**
 * Doubly robust with optimistic shrinkage: the weight becomes λw / (w² + λ) (Su et al. 2020). λ = 0 is the direct
 * method, λ → ∞ is DR.
 */
export const dros: Estimator = {
  name: 'DR with optimistic shrinkage',
  assumption: 'As doubly robust, trading bias towards the model for smaller variance.',
  needsGuesses: true,
  setting: { name: 'λ', value: 10 },
  perRound: (terms, lambda) => {
    const { direct, guess } = modelTerms(terms, 'dros');
    const { weight, reward } = terms;
    return {
      numerator: direct.map((value, i) => {
        const w = weight[i];
        const shrunk = lambda === 0 ? 0 : (lambda * w) / (w * w + lambda);
        return value + shrunk * (reward[i] - guess[i]);
      }),
    };
  },
};
