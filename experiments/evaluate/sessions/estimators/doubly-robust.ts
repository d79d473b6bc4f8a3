import { stepWeights, type SessionTerms } from '../sessions.js';
import { guessedTerms, type SessionEstimator, type SessionPart } from '../forms.js';

/** [S] V(s_0): what the model says of the whole session. */
export function firstValues(terms: SessionTerms, who: string): Float64Array {
  const { direct } = guessedTerms(terms, who);
  const { offsets } = terms.sessions;
  return Float64Array.from({ length: offsets.length - 1 }, (_, s) => direct[offsets[s]]);
}

/** [S] γ^t w_t·(r_t + γ V(s_{t+1}) − Q(s_t, a_t)) at step t: what the step adds to the model's view. 0 once over. */
export function stepCorrections(terms: SessionTerms, step: number, who: string): Float64Array {
  const { guess, direct } = guessedTerms(terms, who);
  const { sessions, discount, weight } = terms;
  const { offsets, reward } = sessions;
  const scale = discount ** step;
  const out = new Float64Array(offsets.length - 1);
  for (let s = 0; s < out.length; s++) {
    const i = offsets[s] + step;
    if (i >= offsets[s + 1]) continue;
    const after = i + 1 < offsets[s + 1] ? discount * direct[i + 1] : 0;
    out[s] = scale * weight[i] * (reward[i] + after - guess[i]);
  }
  return out;
}

/**
 * The self-normalised corrections of each step, the t-th with coefficient c_t; with all c_t = 1 and V(s_0) before them
 * this is `snDr`, with c_t = 1 up to a step j it is the j-step return of `magic`.
 */
export function normalisedSteps(terms: SessionTerms, who: string): SessionPart[] {
  return Array.from({ length: terms.longest }, (_, step) => ({
    numerator: stepCorrections(terms, step, who),
    denominator: stepWeights(terms, step),
  }));
}

/**
 * Direct method: mean of V(s_0) = Σ_a π(a | s_0) Q(s_0, a); fitted Q evaluation's value when Q was fitted by it (Le,
 * Voloshin and Yue 2019). As good as the model.
 */
export const dm: SessionEstimator = {
  name: 'Direct method',
  assumption: 'The fitted Q is right where the policy goes; its interval leaves the model’s bias out.',
  weights: 'single',
  needs: ['guesses', 'policy'],
  perSession: (terms) => ({ parts: [{ numerator: firstValues(terms, 'dm') }] }),
};

/**
 * Sequential doubly robust (Jiang and Li 2016, equation 10; unrolled in Thomas and Brunskill 2016):
 *
 *     mean of V(s_0) + Σ_t γ^t w_t·(r_t + γ V(s_{t+1}) − Q(s_t, a_t)),   V = 0 after the end
 *
 * Unbiased whatever Q is, as long as Q was fitted on other sessions; a good Q makes it calm.
 */
export const dr: SessionEstimator = {
  name: 'Doubly robust',
  assumption: 'Propensities are right, or the fitted Q is.',
  weights: 'cumulative',
  needs: ['guesses', 'policy'],
  perSession(terms) {
    const numerator = firstValues(terms, 'dr');
    for (let step = 0; step < terms.longest; step++) {
      const correction = stepCorrections(terms, step, 'dr');
      for (let s = 0; s < numerator.length; s++) numerator[s] += correction[s];
    }
    return { parts: [{ numerator }] };
  },
};

/** Self-normalised `dr` (WDR of Thomas and Brunskill 2016): the weights of each step are divided by their mean. */
export const snDr: SessionEstimator = {
  name: 'Self-normalised doubly robust',
  assumption: 'As doubly robust; additionally robust to propensities that are all off by one factor.',
  weights: 'cumulative',
  needs: ['guesses', 'policy'],
  perSession: (terms) => ({
    parts: [{ numerator: firstValues(terms, 'snDr') }, ...normalisedSteps(terms, 'snDr')],
  }),
};
