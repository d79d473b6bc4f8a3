import tf from '@tensorflow/tfjs';
import { complaint } from '../../check.js';
import { differentiable } from '../differentiable.js';
import { floats, fresh, nativeInUse, wholes } from '../native/memory.js';
import { kernel, run } from '../native/run.js';

const forwardKernel = kernel('softmaxLoss');
const gradientKernel = kernel('softmaxLossGradient');

/**
 * The log-probability of one column per row of a softmax:
 *
 *     y_n = z_n,c(n) − ln Σ_j e^z_nj        dz_nj = dy_n·([j = c(n)] − softmax_j(z_n))
 *
 * One pass forward and one back, whatever is done with the N numbers in between.
 *
 * @param logits  [N, C]
 * @param columns int32 [N], each in [0, C)
 * @returns [N]
 * @throws a shape error
 */
export function logSoftmaxAt(logits: tf.Tensor, columns: tf.Tensor): tf.Tensor1D {
  const [rows, width] = logits.shape;
  if (logits.rank !== 2 || columns.shape.join() !== String(rows) || columns.dtype !== 'int32') {
    throw complaint('shape', {
      where: 'log-softmax at columns',
      expected: 'logits [N, C] and int32 columns [N]',
      received: `[${logits.shape.join(', ')}] and ${columns.dtype} [${columns.shape.join(', ')}]`,
    });
  }
  const value = nativeInUse() ? fused(logits, columns, rows, width) : composed(logits, columns, width);
  return value.as1D();
}

function composed(logits: tf.Tensor, columns: tf.Tensor, width: number): tf.Tensor {
  const own = tf.cast(tf.equal(columns.reshape([-1, 1]), tf.range(0, width, 1, 'int32')), 'float32');
  return tf.sub(tf.sum(tf.mul(logits, own), 1), tf.logSumExp(logits, 1));
}

/** By the kernels of the cross-entropy: row n's loss is −y_n, and its weight in the gradient −dy_n. */
function fused(logits: tf.Tensor, columns: tf.Tensor, rows: number, width: number): tf.Tensor {
  return differentiable([logits], (save) => {
    const [z, chosen] = [floats(logits), wholes(columns)];
    const [loss, exponentials, sums, total, scratch] = [[], [rows, width], [rows], [], [2, rows]].map(fresh);
    const outputs = [loss, exponentials, sums, total, scratch].map(({ values }) => values);
    run(forwardKernel(), [z, chosen, z, z, chosen, chosen, chosen], outputs, [rows, width, 0, 0, 0, 0], [1]);
    save([exponentials.tensor, sums.tensor, columns]);
    const gradient = (dy: tf.Tensor, [e, sum, own]: tf.Tensor[]): tf.Tensor[] => {
      const slope = fresh([rows, width]);
      const [one, weights] = [tf.ones([]), tf.neg(dy)];
      const from = [floats(e), floats(sum), floats(one), wholes(own), floats(weights), floats(one)];
      run(gradientKernel(), from, [slope.values], [rows, width, 1], [1]);
      return [slope.tensor];
    };
    return { value: tf.neg(tf.slice(scratch.tensor, [1, 0], [1, rows]).as1D()), gradient };
  });
}
