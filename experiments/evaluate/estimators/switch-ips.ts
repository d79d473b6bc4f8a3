import { expectLength } from '../../../core/check.js';
import { decisionsOf, modelTerms, needed, type Estimator } from './form.js';

/**
 * Switch: IPS for the actions whose weight is at most τ, the model for all others (Wang, Agarwal and Dudík 2017, eq. 8),
 *
 *     w·r·1{w ≤ τ} + Σ_a π(a|x) q(x, a)·1{π(a|x) > τ μ(a|x)}.
 *
 * The second sum runs over all actions, so it needs the whole serving policy. τ = 0 is the direct method (where every
 * action of the policy has a positive weight), τ = ∞ is IPS.
 */
export const switchIps: Estimator = {
  name: 'Switch-IPS',
  assumption: 'Propensities are right below the threshold, the model above it.',
  needsGuesses: true,
  needs: ['logging'],
  setting: { name: 'largest weight', value: 10 },
  perRound: (terms, threshold) => {
    const { rounds, target, guesses } = decisionsOf(terms, 'switchIps');
    const { direct } = modelTerms(terms, 'switchIps');
    const { actions: A } = rounds;
    const logging = needed(
      rounds.logging,
      'switchIps',
      'the whole serving policy, one probability per action',
      'Name its columns (--logging).',
    );
    expectLength('evaluate: logging probabilities', logging, { rounds: direct.length, actions: A });
    const { reward, weight } = terms;
    const numerator = new Float64Array(weight.length);
    for (let i = 0; i < numerator.length; i++) {
      let sum = weight[i] <= threshold ? weight[i] * reward[i] : 0;
      for (let at = i * A; at < (i + 1) * A; at++)
        if (target[at] > 0 && target[at] > threshold * logging[at]) sum += target[at] * (guesses?.[at] ?? 0);
      numerator[i] = sum;
    }
    return { numerator };
  },
};
