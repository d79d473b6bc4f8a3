import tf from '@tensorflow/tfjs';
import { complaint } from '../../check.js';
import { differentiable } from '../differentiable.js';
import { floats, fresh, nativeInUse } from '../native/memory.js';
import { kernel, run } from '../native/run.js';

const forwardKernel = kernel('l2Normalise');
const gradientKernel = kernel('l2NormaliseGradient');

/**
 * Rows brought to length one, as PyTorch's `normalize`:
 *
 *     y = x / max(‖x‖, ε)     dx = (dy − y·(y·dy)) / ‖x‖, and dy / ε for rows shorter than ε
 *
 * @param x       [..., D]
 * @param epsilon keeps rows of zeros finite: they stay zeros
 * @returns [..., D]
 * @throws a shape error when x is a scalar
 */
export function l2Normalise(x: tf.Tensor, epsilon = 1e-12): tf.Tensor {
  const width = x.shape.at(-1);
  if (width === undefined) {
    throw complaint('shape', { where: 'l2 normalise', expected: 'rows of numbers', received: 'a scalar' });
  }
  if (nativeInUse()) return fused(x, width, epsilon);
  const square = tf.sum(tf.square(x), -1, true);
  return tf.div(x, tf.sqrt(tf.maximum(square, epsilon ** 2)));
}

function fused(x: tf.Tensor, width: number, epsilon: number): tf.Tensor {
  const whole = [width === 0 ? 0 : x.size / width, width];
  return differentiable([x], (save) => {
    const [y, length] = [fresh(x.shape), fresh([whole[0]])];
    run(forwardKernel(), [floats(x)], [y.values, length.values], whole, [epsilon]);
    save([y.tensor, length.tensor]);
    const gradient = (dy: tf.Tensor, kept: tf.Tensor[]): tf.Tensor[] => {
      const dx = fresh(x.shape);
      run(gradientKernel(), [...kept.map(floats), floats(dy)], [dx.values], whole, [epsilon]);
      return [dx.tensor];
    };
    return { value: y.tensor, gradient };
  });
}
