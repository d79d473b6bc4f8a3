import tf from '@tensorflow/tfjs';
import type { PreferenceLoss } from '../contract.js';
import { minusLogSigmoid, ratioGap } from './ratios.js';

/** Rewards that differ by less count as equal. */
const EQUAL = 1e-6;

/** DPO after the designer has overruled the labels: where the rewards differ, the better rewarded response is the chosen one. */
export const relabelledDpo: PreferenceLoss = {
  kind: 'pairs',
  summary: 'DPO with pairs turned round wherever the designer’s reward says otherwise',
  paper: 'a baseline of the gym',
  each: (pair, { beta }) => {
    const contradicted = tf.step(tf.sub(tf.sub(pair.rejected.reward, pair.chosen.reward), EQUAL));
    const side = tf.sub(1, tf.mul(contradicted, 2));
    return minusLogSigmoid(tf.mul(tf.mul(ratioGap(pair), beta), side));
  },
};
