import tf from '@tensorflow/tfjs';
import { stopGradient } from '../../../core/tensor/ops/stop-gradient.js';
import type { PreferenceLoss } from '../contract.js';
import { logRatio } from './ratios.js';

/**
 * Kahneman–Tversky optimisation of labelled responses: with r the log-ratio and z_0 the batch's KL to the reference,
 * held fixed and at least 0,
 *
 *     good  L = λ_D (1 − σ(β(r − z_0)))        bad  L = λ_U (1 − σ(β(z_0 − r)))
 */
export const kto: PreferenceLoss = {
  kind: 'responses',
  summary: 'Kahneman–Tversky optimisation of good and bad responses',
  paper: 'Ethayarajh et al. 2024, arXiv:2402.01306',
  each: (terms, { beta, desirable, undesirable }) => {
    const { good, divergence } = terms;
    const origin = stopGradient(tf.relu(tf.mean(divergence)));
    const gain = tf.mul(tf.sub(logRatio(terms), origin), beta);
    const ifGood = tf.mul(tf.sigmoid(tf.neg(gain)), desirable);
    const ifBad = tf.mul(tf.sigmoid(gain), undesirable);
    return tf.add(tf.mul(good, ifGood), tf.mul(tf.sub(1, good), ifBad));
  },
};
