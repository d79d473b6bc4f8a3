import tf from '@tensorflow/tfjs';
import { complaint } from '../../check.js';
import { differentiable } from '../differentiable.js';
import { floats, fresh, nativeInUse, wholes } from '../native/memory.js';
import { kernel, run } from '../native/run.js';

const forwardKernel = kernel('gru');
const gradientKernel = kernel('gruGradient');

/** Rows of the batch that the kernels take through time together. */
const RUN = 24;

/** Weights of a GRU, each with the columns of its three gates side by side: reset | update | new. */
export interface GruWeights {
  /** W, [I, 3H] */
  readonly input: tf.Tensor;
  /** U, [H, 3H] */
  readonly recurrent: tf.Tensor;
  /** b, [3H] */
  readonly inputBias: tf.Tensor;
  /** c, [3H] */
  readonly recurrentBias: tf.Tensor;
}

export interface GruOptions {
  /** int32 [B]: real steps of each row, from its start; all, if omitted. */
  readonly lengths?: tf.Tensor;
  /** [B, H]: the state before the first step; zeros, if omitted. */
  readonly initial?: tf.Tensor;
}

/**
 * Gated recurrent unit over whole sequences (Cho et al. 2014), in the form that PyTorch's GRU has: the reset gate acts
 * on the state after its product.
 *
 *     r = σ(xW_r + b_r + hU_r + c_r)     n = tanh(xW_n + b_n + r ∘ (hU_n + c_n))
 *     z = σ(xW_z + b_z + hU_z + c_z)     h' = (1 − z) ∘ n + z ∘ h
 *
 * PyTorch keeps W and U transposed, [3H, I] and [3H, H]; the order of the gates is the same. Past a row's length the
 * state stays as it is: the last state of every row is that of its last real step. What comes in there has no effect
 * and no gradient.
 *
 * @param x [B, T, I]
 * @returns the state after every step, [B, T, H]
 * @throws a shape error; a length outside [0, T]
 */
export function gru(x: tf.Tensor, weights: GruWeights, options: GruOptions = {}): tf.Tensor {
  checkShapes(x, weights, options);
  const [batch, steps, inputs] = x.shape;
  const width = weights.recurrent.shape[0];
  const flat = tf.add(tf.matMul(x.reshape([batch * steps, inputs]), weights.input), weights.inputBias);
  const projected = flat.reshape([batch, steps, 3 * width]);
  const initial = options.initial ?? tf.zeros([batch, width]);
  const recurrence = nativeInUse() ? fused : composed;
  return recurrence([projected, weights.recurrent, weights.recurrentBias, initial], options.lengths);
}

function checkShapes(x: tf.Tensor, weights: GruWeights, { lengths, initial }: GruOptions): void {
  const [batch, , inputs] = x.shape;
  const width = weights.recurrent.shape[0];
  const wanted: readonly [string, tf.Tensor | undefined, readonly number[]][] = [
    ['input', weights.input, [inputs, 3 * width]],
    ['recurrent', weights.recurrent, [width, 3 * width]],
    ['inputBias', weights.inputBias, [3 * width]],
    ['recurrentBias', weights.recurrentBias, [3 * width]],
    ['initial', initial, [batch, width]],
    ['lengths', lengths, [batch]],
  ];
  if (x.rank !== 3 || x.shape[1] === 0) {
    throw complaint('shape', {
      where: 'GRU: x',
      expected: '[B, T, I] with at least one step',
      received: `[${x.shape.join(', ')}]`,
    });
  }
  for (const [name, given, shape] of wanted) {
    const type = name === 'lengths' ? 'int32' : 'float32';
    if (given === undefined || (given.shape.join() === shape.join() && given.dtype === type)) continue;
    throw complaint('shape', {
      where: `GRU: ${name}`,
      expected: `${type} [${shape.join(', ')}]`,
      received: `${given.dtype} [${given.shape.join(', ')}]`,
    });
  }
}

/** x already projected [B, T, 3H], recurrent weights, their bias, initial state. */
type Recurrence = readonly [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];

function composed([x, recurrent, bias, initial]: Recurrence, lengths?: tf.Tensor): tf.Tensor {
  const [batch, steps, packed] = x.shape;
  const states: tf.Tensor[] = [];
  let h = initial;
  for (let t = 0; t < steps; t++) {
    const [xr, xz, xn] = tf.split(tf.slice(x, [0, t, 0], [batch, 1, packed]).reshape([batch, packed]), 3, 1);
    const [ur, uz, un] = tf.split(
      tf.add(tf.matMul(h.as2D(batch, packed / 3), recurrent.as2D(packed / 3, packed)), bias),
      3,
      1,
    );
    const r = tf.sigmoid(tf.add(xr, ur));
    const z = tf.sigmoid(tf.add(xz, uz));
    const n = tf.tanh(tf.add(xn, tf.mul(r, un)));
    const next = tf.add(n, tf.mul(z, tf.sub(h, n)));
    if (lengths === undefined) {
      h = next;
    } else {
      const going = tf.cast(tf.greater(lengths, t), 'float32').reshape([batch, 1]);
      h = tf.add(tf.mul(next, going), tf.mul(h, tf.sub(1, going)));
    }
    states.push(h);
  }
  return tf.stack(states, 1);
}

function fused(inputs: Recurrence, lengths?: tf.Tensor): tf.Tensor {
  const [x, recurrent, bias, initial] = inputs;
  const [batch, steps, packed] = x.shape;
  const width = packed / 3;
  const whole = [batch, steps, width, RUN, Number(lengths !== undefined)];
  return differentiable(inputs, (save) => {
    const [states, gates] = [fresh([batch, steps, width]), fresh([batch, steps, 4 * width])];
    const scratch = fresh([Math.ceil(batch / RUN), RUN, packed]);
    // The kernel does not read lengths that it is told are absent: any memory stands for them.
    const from = [...inputs.map(floats), lengths === undefined ? gates.values : wholes(lengths)];
    run(forwardKernel(), from, [states.values, gates.values, scratch.values], whole);
    save([gates.tensor, states.tensor, initial, recurrent, ...(lengths === undefined ? [] : [lengths])]);
    const gradient = (dy: tf.Tensor, kept: tf.Tensor[]): tf.Tensor[] => {
      const counts = lengths === undefined ? floats(dy) : wholes(kept[4]);
      const slopes = [x.shape, recurrent.shape, bias.shape, initial.shape].map(fresh);
      const work = [[packed, width], x.shape, [batch, steps, width]].map(fresh);
      run(
        gradientKernel(),
        [floats(dy), ...kept.slice(0, 4).map(floats), counts],
        [...slopes, ...work].map(({ values }) => values),
        whole,
      );
      return slopes.map(({ tensor }) => tensor);
    };
    return { value: states.tensor, gradient };
  });
}
