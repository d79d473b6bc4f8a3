import tf from '@tensorflow/tfjs';
import type { PreferenceLoss } from '../contract.js';
import { feedbackAndReward, logRatio } from './ratios.js';

/** Direct reward optimisation with a value function: L = ½ (r − V(x) − β ln π_θ/π_ref)², r = ±1 + R, over policy and value. */
export const droV: PreferenceLoss = {
  kind: 'responses',
  summary: 'direct reward optimisation: regresses the reward on value plus log-ratio',
  paper: 'Richemond et al. 2024, arXiv:2405.19107',
  each: (terms, { beta }) => {
    const explained = tf.add(terms.value, tf.mul(logRatio(terms), beta));
    return tf.mul(tf.square(tf.sub(feedbackAndReward(terms), explained)), 0.5);
  },
};
