import tf from '@tensorflow/tfjs';

/** [rows, n] 1 at each row's pick, else 0. */
export function oneHot(picks: tf.Tensor1D, n: number): tf.Tensor2D {
  const codes = tf.cast(picks, 'int32');
  // The wasm kernel writes the bits of whole ones, whatever type is asked for.
  const wasm = tf.getBackend() === 'wasm';
  const ones = wasm ? tf.cast(tf.oneHot(codes, n), 'float32') : tf.oneHot(codes, n, 1, 0, 'float32');
  return ones.as2D(picks.size, n);
}
