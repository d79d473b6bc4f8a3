import tf from '@tensorflow/tfjs';

/**
 * Expectile regression, the asymmetric square of u = target − V:
 *
 *     L_τ(u) = |τ − 1{u < 0}| u²
 *
 * τ = 0.5 gives half the square, whose optimum is the mean; towards 1 the optimum goes to the largest target.
 *
 * @param expectile τ in (0, 1)
 * @returns [n]
 */
export function expectileLoss(target: tf.Tensor, value: tf.Tensor, expectile: number): tf.Tensor {
  const u = tf.sub(target, value);
  // τ·relu(u)² + (1 − τ)·relu(−u)²: the same without a comparison.
  const above = tf.mul(tf.square(tf.relu(u)), expectile);
  return tf.add(above, tf.mul(tf.square(tf.relu(tf.neg(u))), 1 - expectile));
}
