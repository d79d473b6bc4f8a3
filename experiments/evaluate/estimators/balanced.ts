import type { Decisions, Terms } from '../rounds.js';
import { densityRatios } from './density-ratio.js';
import { decisionsOf, type Estimator } from './form.js';

/**
 * Balanced IPS (Sondhi, Arbour and Dimmery 2020): Σ ρ·r / Σ ρ, where ρ estimates the density ratio π/μ by telling what
 * the target would do from what was logged, so that no propensity is needed. ρ is taken from the log (`rounds.ratio`)
 * or estimated (`densityRatios`), and clipped at the setting. Self-normalised as in obp, but its normaliser moves.
 */
export const bips: Estimator = {
  name: 'Balanced IPS',
  assumption: 'What was logged overlaps with the policy, and the estimated ratio has the features that served.',
  needsGuesses: false,
  setting: { name: 'largest ratio', value: 10 },
  perRound: (terms: Terms, clip: number) => {
    const ratio = ratiosOf(decisionsOf(terms, 'bips'));
    const numerator = new Float64Array(ratio.length);
    const denominator = new Float64Array(ratio.length);
    for (let i = 0; i < numerator.length; i++) {
      denominator[i] = ratio[i] < clip ? ratio[i] : clip;
      numerator[i] = denominator[i] * terms.reward[i];
    }
    return { numerator, denominator };
  },
};

function ratiosOf({ rounds, target }: Decisions): Float64Array {
  return rounds.ratio ?? densityRatios(rounds, target);
}
