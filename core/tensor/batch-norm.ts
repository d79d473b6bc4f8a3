import tf from '@tensorflow/tfjs';
import { complaint } from '../check.js';
import type { Source } from '../random.js';
import { differentiable, withoutGradient } from './differentiable.js';
import { zeros, type Initialiser, type ParameterSet } from './parameters.js';

/** Keeps columns that never change finite. */
export const BATCH_NORM_EPSILON = 1e-5;

const ones: Initialiser = (out) => {
  out.fill(1);
};

export interface BatchNormOptions {
  readonly name: string;
  readonly width: number;
  /** Whether x is plain numbers: its gradient is then neither computed nor passed on. */
  readonly onNumbers?: boolean;
}

/** What a batch gave: its normalised rows, and the moments that running averages are made of. */
export interface Normalised {
  /** [rows, width] */
  readonly value: tf.Tensor2D;
  /** [width] */
  readonly mean: tf.Tensor;
  /** [width] biased, over the rows of the batch. */
  readonly variance: tf.Tensor;
}

/**
 * Batch normalisation (Ioffe and Szegedy 2015, arXiv 1502.03167, algorithm 1), with the statistics of the batch:
 *
 *     y = gain ∘ x̂ + bias,    x̂ = (x − mean) / √(variance + ε)     over rows
 *     dx = gain/√(variance + ε) ∘ (dy − mean(dy) − x̂·mean(dy ∘ x̂))     dgain = Σ dy ∘ x̂     dbias = Σ dy
 *
 * Parameters `name.gain` and `name.bias`. Running averages for inference are the caller's: they are made of `mean` and
 * `variance`, outputs of the step, by `averageInto`.
 */
export function batchNorm(
  parameters: ParameterSet,
  { name, width, onNumbers = false }: BatchNormOptions,
  source: Source,
): (x: tf.Tensor2D) => Normalised {
  const gain = parameters.add(`${name}.gain`, [width], ones, source);
  const bias = parameters.add(`${name}.bias`, [width], zeros, source);
  return (x) => {
    const [rows, columns] = x.shape;
    if (columns !== width) {
      throw complaint('shape', {
        where: `layer '${name}'`,
        expected: `rows of ${width} numbers`,
        received: `a tensor of shape ${x.shape.join('×')}`,
      });
    }
    const mean = withoutGradient(tf.mean(x, 0));
    const variance = withoutGradient(tf.mean(tf.square(tf.sub(x, mean)), 0));
    const inputs = onNumbers ? [gain.value(), bias.value()] : [gain.value(), bias.value(), x];
    const value = differentiable(inputs, (save) => {
      const inverse = tf.rsqrt(tf.add(variance, BATCH_NORM_EPSILON));
      const normal = tf.mul(tf.sub(x, mean), inverse);
      save([normal, tf.mul(inverse, gain.value())]);
      const gradient = (dy: tf.Tensor, [kept, slope]: tf.Tensor[]): tf.Tensor[] => {
        const dgain = tf.sum(tf.mul(dy, kept), 0);
        const dbias = tf.sum(dy, 0);
        if (onNumbers) return [dgain, dbias];
        const centred = tf.sub(dy, tf.mul(dbias, 1 / rows));
        return [dgain, dbias, tf.mul(tf.sub(centred, tf.mul(kept, tf.mul(dgain, 1 / rows))), slope)];
      };
      return { value: tf.add(tf.mul(normal, gain.value()), bias.value()), gradient };
    });
    return { value: value.as2D(rows, width), mean, variance };
  };
}

/** running += share·(batch − running), number by number. */
export function averageInto(running: Float32Array, batch: ArrayLike<number>, share: number): void {
  for (let i = 0; i < running.length; i++) running[i] += share * (batch[i] - running[i]);
}
