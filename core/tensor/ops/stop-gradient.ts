import tf from '@tensorflow/tfjs';
import { differentiable } from '../differentiable.js';

/** The same numbers, through which no gradient flows: what it is a function of is held fixed. */
export function stopGradient(x: tf.Tensor): tf.Tensor {
  return differentiable([x], () => ({ value: tf.mul(x, 1), gradient: (dy) => [tf.zerosLike(dy)] })).reshape(x.shape);
}
