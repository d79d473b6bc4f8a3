import tf from '@tensorflow/tfjs';
import type { LossSettings, PreferenceLoss, ResponseTerms } from '../contract.js';
import { feedback, feedbackAndReward, logRatio } from './ratios.js';

/** −min(ρ A, clip(ρ, 1 ± ε) A) with ρ = π_θ/π_ref. */
function clipped(terms: ResponseTerms, advantage: tf.Tensor, { clip }: LossSettings): tf.Tensor {
  const ratio = tf.exp(logRatio(terms));
  const kept = tf.minimum(tf.maximum(ratio, 1 - clip), 1 + clip);
  return tf.neg(tf.minimum(tf.mul(ratio, advantage), tf.mul(kept, advantage)));
}

/** Offline PPO: the clipped surrogate with the reference as the old policy and the labels ±1 as advantages. */
export const offlinePpo: PreferenceLoss = {
  kind: 'responses',
  summary: 'offline PPO: clipped ratio to the reference, advantages ±1',
  paper: 'Schulman et al. 2017, arXiv:1707.06347; offline with ±1 in arXiv:2402.01306',
  each: (terms, settings) => clipped(terms, feedback(terms), settings),
};

/** The same with the designer's reward added to ±1 ("aoPPO"). */
export const offlinePpoWithReward: PreferenceLoss = {
  kind: 'responses',
  summary: 'offline PPO with the designer’s reward added to the advantages',
  paper: 'baseline "aoPPO" of Badrinath et al. 2024, arXiv:2405.17956',
  each: (terms, settings) => clipped(terms, feedbackAndReward(terms), settings),
};
