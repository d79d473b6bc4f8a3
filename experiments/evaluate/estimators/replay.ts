import { decisionsOf, type Estimator } from './form.js';

/**
 * Replay: the mean reward of the rounds in which the target policy would have done what was logged (Li et al. 2011),
 *
 *     Σ π(a_n|x_n)·r_n / Σ π(a_n|x_n).
 *
 * For a deterministic target that is the mean over the matching rounds. A stochastic target is replayed in expectation
 * over its own draws, where obp refuses it. No match is ever weighted, so the log must have been served uniformly (or
 * independently of the context); without any match the value is NaN.
 */
export const replay: Estimator = {
  name: 'Replay',
  assumption: 'The serving policy chose uniformly, or at least without looking at the context.',
  needsGuesses: false,
  perRound: (terms) => {
    const { rounds, target } = decisionsOf(terms, 'replay');
    const { actions, action, reward } = rounds;
    const numerator = new Float64Array(reward.length);
    const denominator = new Float64Array(reward.length);
    for (let i = 0; i < numerator.length; i++) {
      denominator[i] = target[i * actions + action[i]];
      numerator[i] = denominator[i] * reward[i];
    }
    return { numerator, denominator };
  },
};
