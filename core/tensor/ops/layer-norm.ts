import tf from '@tensorflow/tfjs';
import { complaint } from '../../check.js';
import { differentiable } from '../differentiable.js';
import { floats, fresh, nativeInUse } from '../native/memory.js';
import { kernel, run } from '../native/run.js';

const forwardKernel = kernel('layerNorm');
const gradientKernel = kernel('layerNormGradient');

/** Fewest rows, and most blocks, of the sums over rows (of the gradients of gain and bias). */
const BLOCK_ROWS = 32;
const MOST_BLOCKS = 64;

/**
 * Layer normalisation over the last axis (Ba, Kiros and Hinton 2016, arXiv 1607.06450, eq. 4):
 *
 *     y = gain ∘ (x − mean) / √(variance + ε) + bias
 *
 * with the biased variance, as PyTorch's LayerNorm. With x̂ = (x − mean)/√(variance + ε) and g = dy ∘ gain the gradient is
 *
 *     dx = (g − mean(g) − x̂·mean(g ∘ x̂)) / √(variance + ε)     dgain = Σ dy ∘ x̂     dbias = Σ dy
 *
 * @param x       [..., D]
 * @param gain    [D]
 * @param bias    [D]
 * @param epsilon keeps constant rows finite
 * @returns [..., D]
 * @throws a shape error when gain or bias are not as wide as x's rows
 */
export function layerNorm(x: tf.Tensor, gain: tf.Tensor, bias: tf.Tensor, epsilon = 1e-5): tf.Tensor {
  const width = x.shape.at(-1);
  if (width === undefined || gain.size !== width || bias.size !== width) {
    throw complaint('shape', {
      where: 'layer norm',
      expected: `rows, and as many gains and biases as a row of x has numbers (${width ?? 'none: x is a scalar'})`,
      received: `${gain.size} gains and ${bias.size} biases`,
    });
  }
  return nativeInUse() ? fused([x, gain, bias], width, epsilon) : composed(x, gain, bias, epsilon);
}

function composed(x: tf.Tensor, gain: tf.Tensor, bias: tf.Tensor, epsilon: number): tf.Tensor {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon));
  return tf.add(tf.mul(tf.mul(centred, inverse), gain), bias);
}

function fused(inputs: readonly [tf.Tensor, tf.Tensor, tf.Tensor], width: number, epsilon: number): tf.Tensor {
  const [x, gain, bias] = inputs;
  const rows = width === 0 ? 0 : x.size / width;
  return differentiable(inputs, (save) => {
    const [y, mean, inverse] = [fresh(x.shape), fresh([rows]), fresh([rows])];
    const outputs = [y.values, mean.values, inverse.values];
    run(forwardKernel(), [floats(x), floats(gain), floats(bias)], outputs, [rows, width], [epsilon]);
    save([x, gain, mean.tensor, inverse.tensor]);
    const gradient = (dy: tf.Tensor, kept: tf.Tensor[]): tf.Tensor[] => {
      const block = Math.max(BLOCK_ROWS, Math.ceil(rows / MOST_BLOCKS));
      const [dx, dgain, dbias] = [fresh(x.shape), fresh(gain.shape), fresh(bias.shape)];
      const sums = fresh([Math.ceil(rows / block), 2, width]);
      run(
        gradientKernel(),
        [...kept.map(floats), floats(dy)],
        [dx.values, dgain.values, dbias.values, sums.values],
        [rows, width, block],
      );
      return [dx.tensor, dgain.tensor, dbias.tensor];
    };
    return { value: y.tensor, gradient };
  });
}
