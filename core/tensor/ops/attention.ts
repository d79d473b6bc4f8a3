import tf from '@tensorflow/tfjs';
import { complaint } from '../../check.js';
import { differentiable } from '../differentiable.js';
import { floats, fresh, nativeInUse, wholes } from '../native/memory.js';
import { kernel, run } from '../native/run.js';

const forwardKernel = kernel('attention');
const gradientKernel = kernel('attentionGradient');

export interface AttentionOptions {
  readonly heads: number;
  /** Whether a query sees no key after its own place; the last query is aligned with the last key. */
  readonly causal?: boolean;
  /** int32 [B]: how many keys of each row are real, from its start; the others are not seen. All, if omitted. */
  readonly lengths?: tf.Tensor;
  /** What products of queries and keys are multiplied by: 1/√(width of a head) if omitted. */
  readonly scale?: number;
}

/** Sizes of one attention, and where queries, keys and values lie. */
interface Plan {
  readonly batch: number;
  readonly queries: number;
  readonly keys: number;
  /** Numbers of a row over all heads. */
  readonly width: number;
  readonly options: AttentionOptions;
  readonly scale: number;
  /** Row stride and first column of q, k and v. */
  readonly places: readonly number[];
}

/**
 * Multi-head scaled dot-product attention of every place to every place of its own row (Vaswani et al. 2017, eq. 1), from
 * queries, keys and values side by side:
 *
 *     y_i = Σ_j softmax_j(scale · q_i·k_j) v_j     over the keys j that query i sees, each head on its own columns
 *
 * A query that sees no key gives zeros (and takes part in no gradient).
 *
 * @param qkv [B, T, 3·D]: D numbers of the query, then of the key, then of the value; D = heads · width of a head
 * @returns [B, T, D]
 * @throws a shape error
 */
export function selfAttention(qkv: tf.Tensor, options: AttentionOptions): tf.Tensor {
  const [batch, places, packed] = qkv.shape;
  const width = packed / 3;
  if (qkv.rank !== 3 || packed % (3 * options.heads) !== 0) {
    throw complaint('shape', {
      where: 'self-attention',
      expected: `[B, T, 3·D] with D a multiple of ${options.heads} heads`,
      received: `[${qkv.shape.join(', ')}]`,
    });
  }
  if (!nativeInUse()) {
    const [q, k, v] = tf.split(qkv, 3, 2);
    return attention(q, k, v, options);
  }
  const plan: Plan = {
    ...{ batch, queries: places, keys: places, width, options },
    scale: scaleOf(options, width),
    places: [packed, 0, packed, width, packed, 2 * width],
  };
  checkLengths(plan);
  return fused([qkv], plan);
}

/**
 * `selfAttention` for queries that look at other rows than their own (cross-attention).
 *
 * @param q [B, Tq, D]
 * @param k [B, Tk, D]
 * @param v [B, Tk, D]
 * @returns [B, Tq, D]
 * @throws a shape error
 */
export function attention(q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, options: AttentionOptions): tf.Tensor {
  const [batch, queries, width] = q.shape;
  const keys = k.shape[1] ?? 0;
  const fits = k.rank === 3 && k.shape[0] === batch && k.shape[2] === width && v.shape.join() === k.shape.join();
  if (q.rank !== 3 || !fits || width % options.heads !== 0) {
    throw complaint('shape', {
      where: 'attention',
      expected: `queries [B, Tq, D], keys and values [B, Tk, D], D a multiple of ${options.heads} heads`,
      received: [q, k, v].map(({ shape }) => `[${shape.join(', ')}]`).join(', '),
    });
  }
  const places = [width, 0, width, 0, width, 0];
  const plan: Plan = { batch, queries, keys, width, options, scale: scaleOf(options, width), places };
  checkLengths(plan);
  if (nativeInUse()) return fused([q, k, v], plan);
  return composeAttention([q, k, v], seenKeys(plan), options.heads, plan.scale);
}

function scaleOf({ heads, scale }: AttentionOptions, width: number): number {
  return scale ?? 1 / Math.sqrt(width / heads);
}

function checkLengths({ batch, options: { lengths } }: Plan): void {
  if (lengths === undefined || (lengths.dtype === 'int32' && lengths.size === batch)) return;
  throw complaint('shape', {
    where: 'attention: lengths',
    expected: `an int32 tensor [${batch}], one number per row`,
    received: `${lengths.dtype} [${lengths.shape.join(', ')}]`,
  });
}

/** Which keys each query sees: 1 or 0, [B or 1, 1, Tq or 1, Tk]. */
function seenKeys({ batch, queries, keys, options: { causal = false, lengths } }: Plan): tf.Tensor {
  const key = tf.range(0, keys, 1, 'float32').reshape([1, 1, 1, keys]);
  const query = tf.range(keys - queries, keys, 1, 'float32').reshape([1, 1, queries, 1]);
  const before = causal ? tf.cast(tf.lessEqual(key, query), 'float32') : tf.onesLike(key);
  if (lengths === undefined) return before;
  return tf.mul(before, tf.cast(tf.less(key, tf.cast(lengths, 'float32').reshape([batch, 1, 1, 1])), 'float32'));
}

/**
 * Attention out of stock operations.
 *
 * @param qkv  [B, Tq, D], [B, Tk, D], [B, Tk, D]
 * @param seen 1 where a key is seen and 0 elsewhere; stretches to [B, heads, Tq, Tk]
 */
export function composeAttention(
  qkv: readonly [tf.Tensor, tf.Tensor, tf.Tensor],
  seen: tf.Tensor,
  heads: number,
  scale: number,
): tf.Tensor {
  const [q, k, v] = qkv.map((x) => {
    const [batch, places, width] = x.shape;
    return tf.transpose(x.reshape([batch, places, heads, width / heads]), [0, 2, 1, 3]);
  });
  const scores = tf.mul(tf.matMul(q, k, false, true), scale);
  // Unseen keys sink so far below the others that their exponential is 0; a row without any key is wiped afterwards.
  const sunk = tf.add(tf.mul(scores, seen), tf.mul(tf.sub(seen, 1), 1e9));
  const y = tf.matMul(tf.mul(tf.softmax(sunk), seen), v);
  return tf.transpose(y, [0, 2, 1, 3]).reshape(qkv[0].shape);
}

/** Heads are worked on in so many runs at most, each with scratch memory of its own. */
const MOST_RUNS = 32;
/** The kernels keep rows of probabilities at multiples of so many numbers. */
const ROW = 16;

/** @param inputs [qkv] or [q, k, v] */
function fused(inputs: readonly tf.Tensor[], plan: Plan): tf.Tensor {
  const { batch, queries, keys, width, options } = plan;
  const { heads, causal = false, lengths } = options;
  const stride = Math.ceil(keys / ROW) * ROW;
  const runs = Math.min(MOST_RUNS, batch * heads);
  const sizes = [
    batch,
    heads,
    queries,
    keys,
    width / heads,
    stride,
    Number(causal),
    Number(lengths !== undefined),
    runs,
  ];
  const whole = [...sizes, ...plan.places];
  return differentiable(inputs, (save) => {
    const y = fresh([batch, queries, width]);
    const chances = fresh([batch, heads, queries, stride]);
    const scratch = fresh([runs, width / heads, stride]);
    const from = [...three(inputs.map(floats)), lengths === undefined ? chances.values : wholes(lengths)];
    run(forwardKernel(), from, [y.values, chances.values, scratch.values], whole, [plan.scale]);
    save([chances.tensor, ...(lengths === undefined ? [] : [lengths]), ...inputs]);
    const gradient = (dy: tf.Tensor, [p, ...kept]: tf.Tensor[]): tf.Tensor[] => {
      const counts = lengths === undefined ? floats(p) : wholes(kept[0]);
      const parts = kept.slice(lengths === undefined ? 0 : 1);
      const slopes = parts.map(({ shape }) => fresh(shape));
      const work = fresh([runs, width / heads + queries, stride]);
      run(
        gradientKernel(),
        [...three(parts.map(floats)), counts, floats(p), floats(dy)],
        [...three(slopes.map(({ values }) => values)), work.values],
        whole,
        [plan.scale],
      );
      return slopes.map(({ tensor }) => tensor);
    };
    return { value: y.tensor, gradient };
  });
}

/** Queries, keys and values: one array for all where they are packed. */
function three(arrays: readonly Float32Array[]): readonly Float32Array[] {
  return arrays.length === 1 ? [arrays[0], arrays[0], arrays[0]] : arrays;
}
