import tf from '@tensorflow/tfjs';
import type { PreferenceLoss } from '../contract.js';
import { minusLogSigmoid, ratioGap } from './ratios.js';

/**
 * The designer's reward as a margin inside Bradley–Terry,
 *
 *     L = −ln σ(β Δ − α [R(y_w) − R(y_l)])
 *
 * Its optimum is the true one at α = 1, given enough labels. A label that contradicts the designer makes the bracket
 * large and the gradient vanish: the pair stops teaching.
 */
export const margin: PreferenceLoss = {
  kind: 'pairs',
  summary: 'margin method: the difference of rewards is taken off the gap of log-ratios',
  paper: 'Zhou et al. 2023 (MODPO), arXiv:2310.03708',
  each: (pair, { beta, margin: alpha }) => {
    const reward = tf.sub(pair.chosen.reward, pair.rejected.reward);
    return minusLogSigmoid(tf.sub(tf.mul(ratioGap(pair), beta), tf.mul(reward, alpha)));
  },
};
