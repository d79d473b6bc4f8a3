import tf from '@tensorflow/tfjs';
import type { Source } from '../random.js';
import { glorot, zeros, type Initialiser, type ParameterSet } from './parameters.js';

export type Activation = 'linear' | 'relu' | 'tanh';

/** A layer: rows in, rows out. */
export type Layer = (x: tf.Tensor2D) => tf.Tensor2D;

export interface DenseOptions {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly activation?: Activation;
  readonly initialise?: Initialiser;
  /** Whether x is plain numbers: its gradient is then neither computed nor passed on. */
  readonly onNumbers?: boolean;
}

/**
 * y = activation(x·W + b). x is [rows, inputs], y is [rows, outputs].
 *
 * The gradient is written out, with dz = dy · activation'(z), because it transposes before it multiplies: tfjs's own
 * asks for products of transposed matrices, which the wasm backend computes seven times slower.
 *
 *     dx = dz·Wᵀ     dW = xᵀ·dz     db = Σ_rows dz
 */
export function dense(parameters: ParameterSet, options: DenseOptions, source: Source): Layer {
  const { name, inputs, outputs, activation = 'linear', initialise = glorot, onNumbers = false } = options;
  const weights = parameters.add(`${name}.weights`, [inputs, outputs], initialise, source);
  const bias = parameters.add(`${name}.bias`, [outputs], zeros, source);
  return (x) => {
    const layer = tf.customGrad((...given: (tf.Tensor | ((kept: tf.Tensor[]) => void))[]) => {
      const [w, b, from = x] = given.filter((part) => part instanceof tf.Tensor);
      const y = activate(tf.add(tf.matMul(from.as2D(x.shape[0], inputs), w.as2D(inputs, outputs)), b), activation);
      for (const part of given) if (typeof part === 'function') part([w, from, y]);
      const gradFunc = (dy: tf.Tensor, [wKept, xKept, yKept]: tf.Tensor[]): tf.Tensor[] => {
        const dz = throughActivation(dy, yKept, activation).as2D(x.shape[0], outputs);
        const dw = tf.matMul(tf.transpose(xKept.as2D(x.shape[0], inputs)), dz);
        const db = tf.sum(dz, 0);
        return onNumbers ? [dw, db] : [dw, db, tf.matMul(dz, tf.transpose(wKept.as2D(inputs, outputs)))];
      };
      return { value: y, gradFunc };
    });
    const y = onNumbers ? layer(weights.value(), bias.value()) : layer(weights.value(), bias.value(), x);
    return y.as2D(x.shape[0], outputs);
  };
}

function activate(x: tf.Tensor, activation: Activation): tf.Tensor {
  switch (activation) {
    case 'linear':
      return x;
    case 'relu':
      return tf.relu(x);
    case 'tanh':
      // tanh x = 2σ(2x) − 1, within 2·10⁻⁷: wasm has a fast logistic function and a slow tanh (up to seven times).
      return tf.getBackend() === 'wasm' ? tf.sub(tf.mul(tf.sigmoid(tf.mul(x, 2)), 2), 1) : tf.tanh(x);
  }
}

/** dz from dy, by the activation's value y: relu' = 1 where y > 0, tanh' = 1 − y². */
function throughActivation(dy: tf.Tensor, y: tf.Tensor, activation: Activation): tf.Tensor {
  switch (activation) {
    case 'linear':
      return dy;
    case 'relu':
      return tf.mul(dy, tf.step(y));
    case 'tanh':
      return tf.mul(dy, tf.sub(1, tf.square(y)));
  }
}

export interface MlpOptions {
  readonly name: string;
  readonly inputs: number;
  /** Width of each hidden layer, e.g. [64, 64]. */
  readonly hidden: readonly number[];
  readonly outputs: number;
  readonly activation: Activation;
  /** Start of the hidden layers' weights, and of the last layer's. */
  readonly initialise?: Initialiser;
  readonly initialiseLast?: Initialiser;
  /** Whether the input is plain numbers, not another layer's output. */
  readonly onNumbers?: boolean;
}

/** Dense layers one after the other; the last one is linear. */
export function mlp(parameters: ParameterSet, options: MlpOptions, source: Source): Layer {
  const { name, hidden, activation, initialise = glorot, initialiseLast = initialise, onNumbers = false } = options;
  const widths = [options.inputs, ...hidden, options.outputs];
  const layers = widths.slice(1).map((outputs, i) => {
    const last = i === hidden.length;
    return dense(
      parameters,
      {
        name: `${name}.${i}`,
        inputs: widths[i],
        outputs,
        activation: last ? 'linear' : activation,
        initialise: last ? initialiseLast : initialise,
        onNumbers: onNumbers && i === 0,
      },
      source,
    );
  });
  return (x) => layers.reduce((value, layer) => layer(value), x);
}

/**
 * Sum of the embeddings of a bag of hashed ids: y_n = Σ_f table[id_nf]. The gradient touches only the rows that were
 * looked up. Where tensors live in this process's memory both passes are plain loops (six times faster on wasm than
 * stock ops); elsewhere they are gather, sum and one scatter (stock `gather` would sum its gradient over the whole
 * table once per row).
 *
 * @returns a function from ids [rows · bag] (row-major, each in [0, buckets)) to [rows, width]
 */
export function embeddingBag(
  parameters: ParameterSet,
  options: {
    readonly name: string;
    readonly buckets: number;
    readonly width: number;
    readonly initialise?: Initialiser;
    /** Plain loops or stock ops; by default loops where tensors live in this process's memory. */
    readonly by?: 'loops' | 'ops';
  },
  source: Source,
): (ids: Int32Array, rows: number) => tf.Tensor2D {
  const { name, buckets, width, initialise = zeros } = options;
  const table = parameters.add(`${name}.table`, [buckets, width], initialise, source);
  return (ids, rows) => {
    const here = tf.getBackend() === 'wasm' || tf.getBackend() === 'cpu';
    const bag = (options.by ?? (here ? 'loops' : 'ops')) === 'loops' ? bagByLoops : bagByOps;
    const look = tf.customGrad((weights: unknown) => {
      if (!(weights instanceof tf.Tensor)) throw new TypeError('embedding bag: the table is not a tensor');
      return bag(weights.as2D(buckets, width), ids, rows);
    });
    return look(table.value()).as2D(rows, width);
  };
}

/** What tfjs's customGrad wants: a value and how to turn its gradient into the input's. */
interface Differentiable {
  readonly value: tf.Tensor;
  readonly gradFunc: (dy: tf.Tensor) => tf.Tensor;
}

function bagByOps(weights: tf.Tensor2D, ids: Int32Array, rows: number): Differentiable {
  const [buckets, width] = weights.shape;
  const bag = ids.length / rows;
  const value = tf.sum(tf.gather(weights, tf.tensor1d(ids, 'int32')).reshape([rows, bag, width]), 1);
  const gradFunc = (dy: tf.Tensor): tf.Tensor => {
    const spread = tf.tile(dy.reshape([rows, 1, width]), [1, bag, 1]).reshape([rows * bag, width]);
    return tf.scatterND(tf.tensor2d(ids, [rows * bag, 1], 'int32'), spread, [buckets, width]);
  };
  return { value, gradFunc };
}

function bagByLoops(weights: tf.Tensor2D, ids: Int32Array, rows: number): Differentiable {
  const [buckets, width] = weights.shape;
  const bag = ids.length / rows;
  const table = weights.dataSync<'float32'>();
  const sums = new Float32Array(rows * width);
  for (let n = 0, at = 0; n < rows; n++) {
    for (let f = 0; f < bag; f++, at++) {
      for (let k = 0, from = ids[at] * width, to = n * width; k < width; k++) sums[to + k] += table[from + k];
    }
  }
  const gradFunc = (dy: tf.Tensor): tf.Tensor => {
    const slope = dy.dataSync<'float32'>();
    const gradient = new Float32Array(buckets * width);
    for (let n = 0, at = 0; n < rows; n++) {
      for (let f = 0; f < bag; f++, at++) {
        for (let k = 0, to = ids[at] * width, from = n * width; k < width; k++) gradient[to + k] += slope[from + k];
      }
    }
    return tf.tensor2d(gradient, [buckets, width]);
  };
  return { value: tf.tensor2d(sums, [rows, width]), gradFunc };
}

/**
 * Mean binary cross-entropy from logits, stable for large ones: max(z, 0) − z·y + ln(1 + e^−|z|).
 *
 * @param weights [rows] non-negative; the mean is over their sum. Omit for equal weights.
 */
export function sigmoidCrossEntropy(logits: tf.Tensor, labels: tf.Tensor, weights?: tf.Tensor): tf.Scalar {
  const rowLoss = tf.add(tf.sub(tf.relu(logits), tf.mul(logits, labels)), tf.log1p(tf.exp(tf.neg(tf.abs(logits)))));
  if (weights === undefined) return tf.mean(rowLoss);
  return tf.div(tf.sum(tf.mul(rowLoss, weights)), tf.sum(weights));
}
