import tf from '@tensorflow/tfjs';
import { stopGradient } from '../../../core/tensor/ops/stop-gradient.js';
import type { PreferenceLoss } from '../contract.js';
import { feedbackAndReward, logRatio } from './ratios.js';

/**
 * Advantage-leftover-lunch RL: responses with a positive advantage alone, weighed by ratio and advantage,
 *
 *     L = −max(0, A) · min(π_θ/π_ref, 1 + ε),    A = ±1 + R − V(x)
 *
 * The gradient of the ratio is the ratio times that of ln π, so this is the paper's weighted likelihood.
 */
export const aLol: PreferenceLoss = {
  kind: 'responses',
  summary: 'advantage-leftover-lunch: ratio-weighted likelihood of responses better than expected',
  paper: 'Baheti et al. 2023, arXiv:2305.14718',
  target: feedbackAndReward,
  each: (terms, { clip }) => {
    const advantage = tf.relu(tf.sub(feedbackAndReward(terms), stopGradient(terms.value)));
    return tf.neg(tf.mul(advantage, tf.minimum(tf.exp(logRatio(terms)), 1 + clip)));
  },
};
