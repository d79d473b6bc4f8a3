import { returnsOf, stepWeights, type SessionTerms } from '../sessions.js';
import type { SessionEstimator, SessionPart } from '../forms.js';

const LOGGED = 'Propensities are right and cover every action of the policy';

/** [S] weight of the whole session times its return. */
function weightedReturns(terms: SessionTerms): Float64Array {
  const returns = returnsOf(terms.sessions, terms.discount);
  const last = stepWeights(terms, terms.longest);
  for (let s = 0; s < returns.length; s++) returns[s] *= last[s];
  return returns;
}

/**
 * Trajectory-wise importance sampling (Precup, Sutton and Singh 2000): mean of w_{T−1}·Σ_t γ^t r_t. Unbiased; its
 * variance can grow exponentially with the length of the sessions.
 */
export const tis: SessionEstimator = {
  name: 'Trajectory IS',
  assumption: `${LOGGED}; sessions are short.`,
  weights: 'cumulative',
  needs: [],
  perSession: (terms) => ({ parts: [{ numerator: weightedReturns(terms) }] }),
};

/**
 * Per-decision importance sampling (Precup, Sutton and Singh 2000): mean of Σ_t γ^t w_t r_t. Unbiased like `tis` and
 * calmer, because a reward is not weighted by what was done after it.
 */
export const pdis: SessionEstimator = {
  name: 'Per-decision IS',
  assumption: `${LOGGED}; sessions are short, or what matters comes early.`,
  weights: 'cumulative',
  needs: [],
  perSession({ sessions: { offsets, reward }, discount, weight }) {
    const numerator = new Float64Array(offsets.length - 1);
    for (let s = 0; s < numerator.length; s++) {
      let scale = 1;
      for (let i = offsets[s]; i < offsets[s + 1]; i++, scale *= discount)
        numerator[s] += scale * weight[i] * reward[i];
    }
    return { parts: [{ numerator }] };
  },
};

/** Self-normalised `tis`: Σ_s w_s·G_s / Σ_s w_s. Stays inside the range of the logged returns; biased of order 1/S. */
export const snTis: SessionEstimator = {
  name: 'Self-normalised trajectory IS',
  assumption: `${LOGGED}, up to a factor; in the limit of many sessions.`,
  weights: 'cumulative',
  needs: [],
  perSession: (terms) => ({
    parts: [{ numerator: weightedReturns(terms), denominator: stepWeights(terms, terms.longest) }],
  }),
};

/**
 * Self-normalised `pdis`: Σ_t γ^t Σ_s w_t r_t / Σ_s w_t, each step divided by the mean of its weights over all sessions
 * (those that are over keep their last weight). scope-rl's definition; there the mean of the whole log is put into the
 * sessions before they are resampled, here every step's normaliser is resampled too.
 */
export const snPdis: SessionEstimator = {
  name: 'Self-normalised per-decision IS',
  assumption: `${LOGGED}, up to a factor for each step; in the limit of many sessions.`,
  weights: 'cumulative',
  needs: [],
  perSession(terms) {
    const { sessions, discount, weight, longest } = terms;
    const { offsets, reward } = sessions;
    const parts: SessionPart[] = [];
    for (let step = 0, scale = 1; step < longest; step++, scale *= discount) {
      const numerator = new Float64Array(offsets.length - 1);
      for (let s = 0; s < numerator.length; s++) {
        const i = offsets[s] + step;
        if (i < offsets[s + 1]) numerator[s] = scale * weight[i] * reward[i];
      }
      parts.push({ numerator, denominator: stepWeights(terms, step) });
    }
    return { parts };
  },
};
