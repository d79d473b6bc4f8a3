import tf from '@tensorflow/tfjs';
import { complaint } from '../check.js';
import type { Source } from '../random.js';
import { differentiable } from './differentiable.js';
import { floats, fresh, nativeInUse } from './native/memory.js';
import { kernel, run } from './native/run.js';
import { glorot, zeros, type Initialiser, type ParameterSet } from './parameters.js';

export type Activation = 'linear' | 'relu' | 'tanh' | 'sigmoid';

/** Codes of `Activation` in `native/src/matmul.h`. */
const ACTIVATION_CODES: Readonly<Record<Activation, number>> = { linear: 0, relu: 1, tanh: 2, sigmoid: 3 };
const matmul = kernel('matmul');
const denseGradient = kernel('denseGradient');
/** Stands for memory that a kernel is told not to touch. */
const NOTHING = new Float32Array(1);

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
    if (x.shape[1] !== inputs) {
      throw complaint('shape', {
        where: `layer '${name}'`,
        expected: `rows of ${inputs} numbers`,
        received: `a tensor of shape ${x.shape.join('×')}`,
      });
    }
    const pass = { w: weights.value(), b: bias.value(), activation, onNumbers };
    const y = nativeInUse() ? fusedDense(x, pass) : stockDense(x, pass);
    return y.as2D(x.shape[0], outputs);
  };
}

/** One use of a dense layer. */
interface DensePass {
  readonly w: tf.Tensor;
  readonly b: tf.Tensor;
  readonly activation: Activation;
  readonly onNumbers: boolean;
}

/** By two kernels: one forward, one for all gradients. */
function fusedDense(x: tf.Tensor2D, { w, b, activation, onNumbers }: DensePass): tf.Tensor {
  const [rows, inputs] = x.shape;
  const outputs = w.shape[1] ?? 1;
  return differentiable(onNumbers ? [w, b] : [w, b, x], (save) => {
    const y = fresh([rows, outputs]);
    const whole = [1, rows, outputs, inputs, 0, 0, 0, 0, 1, ACTIVATION_CODES[activation]];
    run(matmul(), [floats(x), floats(w), floats(b)], [y.values], whole);
    save([w, x, y.tensor]);
    const gradient = (dy: tf.Tensor, [wKept, xKept, yKept]: tf.Tensor[]): tf.Tensor[] => {
      const [dw, db] = [fresh([inputs, outputs]), fresh([outputs])];
      const dz = activation === 'linear' ? undefined : fresh([rows, outputs]);
      const dx = onNumbers ? undefined : fresh([rows, inputs]);
      run(
        denseGradient(),
        [floats(xKept), floats(wKept), floats(yKept), floats(dy)],
        [dz?.values ?? NOTHING, dw.values, db.values, dx?.values ?? NOTHING],
        [rows, inputs, outputs, ACTIVATION_CODES[activation], Number(!onNumbers)],
      );
      return dx === undefined ? [dw.tensor, db.tensor] : [dw.tensor, db.tensor, dx.tensor];
    };
    return { value: y.tensor, gradient };
  });
}

function stockDense(x: tf.Tensor2D, { w, b, activation, onNumbers }: DensePass): tf.Tensor {
  const [rows, inputs] = x.shape;
  const outputs = w.shape[1] ?? 1;
  return differentiable(onNumbers ? [w, b] : [w, b, x], (save) => {
    const y = activate(tf.add(tf.matMul(x, w.as2D(inputs, outputs)), b), activation);
    save([w, x, y]);
    const gradient = (dy: tf.Tensor, [wKept, xKept, yKept]: tf.Tensor[]): tf.Tensor[] => {
      const dz = throughActivation(dy, yKept, activation).as2D(rows, outputs);
      const dw = tf.matMul(tf.transpose(xKept.as2D(rows, inputs)), dz);
      const db = tf.sum(dz, 0);
      return onNumbers ? [dw, db] : [dw, db, tf.matMul(dz, tf.transpose(wKept.as2D(inputs, outputs)))];
    };
    return { value: y, gradient };
  });
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
    case 'sigmoid':
      return tf.sigmoid(x);
  }
}

/** dz from dy, by the activation's value y: relu' = 1 where y > 0, tanh' = 1 − y², σ' = y·(1 − y). */
function throughActivation(dy: tf.Tensor, y: tf.Tensor, activation: Activation): tf.Tensor {
  switch (activation) {
    case 'linear':
      return dy;
    case 'relu':
      return tf.mul(dy, tf.step(y));
    case 'tanh':
      return tf.mul(dy, tf.sub(1, tf.square(y)));
    case 'sigmoid':
      return tf.mul(dy, tf.mul(y, tf.sub(1, y)));
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
