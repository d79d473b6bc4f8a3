import tf from '@tensorflow/tfjs';

/** What a forward pass gives: its value, and how the value's slope becomes a slope of every input, in order. */
export interface Forward {
  readonly value: tf.Tensor;
  /** @param kept what was saved on the way forward, in order */
  readonly gradient: (dy: tf.Tensor, kept: tf.Tensor[]) => tf.Tensor[];
}

/**
 * An operation with a gradient of its own: tfjs's customGrad for a list of inputs. Operations inside `forward` are not
 * differentiated; `save` keeps tensors (inputs, the value, or anything made on the way) for the gradient.
 */
export function differentiable(
  inputs: readonly tf.Tensor[],
  forward: (save: (kept: tf.Tensor[]) => void) => Forward,
): tf.Tensor {
  const operation = tf.customGrad((...given: (tf.Tensor | ((kept: tf.Tensor[]) => void))[]) => {
    const save = given.at(-1);
    const { value, gradient } = forward(typeof save === 'function' ? save : () => undefined);
    return { value, gradFunc: gradient };
  });
  return operation(...inputs);
}

/** The same numbers, through which no gradient flows. */
export function withoutGradient(x: tf.Tensor): tf.Tensor {
  return differentiable([x], () => ({ value: x.clone(), gradient: (dy) => [tf.zerosLike(dy)] }));
}
