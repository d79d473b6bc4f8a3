import tf from '@tensorflow/tfjs';
import { complaint } from '../check.js';
import type { Source } from '../random.js';
import { dense, type Activation, type DenseOptions } from './layers.js';
import { AttentionCache } from './ops/attention-cache.js';
import { selfAttention } from './ops/attention.js';
import { gru, type GruOptions } from './ops/gru.js';
import { layerNorm } from './ops/layer-norm.js';
import { glorot, orthogonal, zeros, type Initialiser, type ParameterSet } from './parameters.js';

/** A layer over sequences: [B, T, D] in, [B, T, D'] out. */
export type SequenceLayer = (x: tf.Tensor3D) => tf.Tensor3D;

const ones: Initialiser = (out) => {
  out.fill(1);
};

/** Layer norm with its own gain (1 at the start) and bias (0). @returns a function of [.., width] */
export function normLayer(
  parameters: ParameterSet,
  { name, width }: { readonly name: string; readonly width: number },
  source: Source,
): (x: tf.Tensor) => tf.Tensor {
  const gain = parameters.add(`${name}.gain`, [width], ones, source);
  const bias = parameters.add(`${name}.bias`, [width], zeros, source);
  return (x) => layerNorm(x, gain.value(), bias.value());
}

/** A dense layer at every place of a sequence. */
export function denseAtEveryPlace(parameters: ParameterSet, options: DenseOptions, source: Source): SequenceLayer {
  const layer = dense(parameters, options, source);
  return (x) => {
    const [batch, places] = x.shape;
    return layer(x.as2D(batch * places, x.shape[2])).as3D(batch, places, options.outputs);
  };
}

export interface AttentionLayerOptions {
  readonly name: string;
  readonly width: number;
  /** Divides the width. */
  readonly heads: number;
  /** Whether a place sees no later one; true by default. */
  readonly causal?: boolean;
}

/** Self-attention or a block of it, and the same place by place for decoding. */
export interface AttentionLayer {
  /**
   * @param x       [B, T, width]
   * @param lengths int32 [B] real places of each row; all, if omitted
   */
  forward(x: tf.Tensor3D, lengths?: tf.Tensor): tf.Tensor3D;
  /**
   * The next n places of every row, [B, n, width], seeing what `cache` holds and writing themselves behind it. Without a
   * gradient. `cache.advance(n)` moves on afterwards: outside, so that a recorded step may run twice.
   */
  decode(x: tf.Tensor3D, cache: AttentionCache): tf.Tensor3D;
  /** An empty cache for so many rows of at most `capacity` places. */
  cache(rows: number, capacity: number): AttentionCache;
}

/** Multi-head self-attention (Vaswani et al. 2017): one projection to queries, keys and values, one out of the heads. */
export function attentionLayer(
  parameters: ParameterSet,
  { name, width, heads, causal = true }: AttentionLayerOptions,
  source: Source,
): AttentionLayer {
  if (width % heads !== 0) {
    throw complaint('usage', {
      where: `layer '${name}'`,
      expected: `a width that ${heads} heads divide`,
      received: String(width),
    });
  }
  const into = denseAtEveryPlace(parameters, { name: `${name}.in`, inputs: width, outputs: 3 * width }, source);
  const out = denseAtEveryPlace(parameters, { name: `${name}.out`, inputs: width, outputs: width }, source);
  const placed = (x: tf.Tensor, like: tf.Tensor3D): tf.Tensor3D => x.as3D(like.shape[0], like.shape[1], width);
  return {
    forward: (x, lengths) =>
      out(placed(selfAttention(into(x), { heads, causal, ...(lengths === undefined ? {} : { lengths }) }), x)),
    decode: (x, cache) => out(placed(cache.attendAt(into(x)), x)),
    cache: (rows, capacity) => new AttentionCache({ rows, capacity, width, heads }),
  };
}

export interface TransformerBlockOptions extends AttentionLayerOptions {
  /** Width of the hidden layer between; 4 · width by default. */
  readonly feedForward?: number;
  readonly activation?: Activation;
}

/**
 * A transformer block that normalises before each part (Xiong et al. 2020):
 *
 *     y = x + attention(norm(x))     z = y + W₂·act(W₁·norm(y) + b₁) + b₂
 */
export function transformerBlock(
  parameters: ParameterSet,
  options: TransformerBlockOptions,
  source: Source,
): AttentionLayer {
  const { name, width, feedForward = 4 * width, activation = 'relu' } = options;
  const [first, second] = [1, 2].map((i) => normLayer(parameters, { name: `${name}.norm${i}`, width }, source));
  const attention = attentionLayer(parameters, { ...options, name: `${name}.attention` }, source);
  const widen = { name: `${name}.widen`, inputs: width, outputs: feedForward, activation };
  const narrow = { name: `${name}.narrow`, inputs: feedForward, outputs: width };
  const [up, down] = [widen, narrow].map((layer) => denseAtEveryPlace(parameters, layer, source));
  const around = (x: tf.Tensor3D, attend: (x: tf.Tensor3D) => tf.Tensor3D): tf.Tensor3D => {
    const [batch, places] = x.shape;
    const like = (y: tf.Tensor): tf.Tensor3D => y.as3D(batch, places, width);
    const y = like(tf.add(x, attend(like(first(x)))));
    return like(tf.add(y, down(up(like(second(y))))));
  };
  return {
    forward: (x, lengths) => around(x, (normed) => attention.forward(normed, lengths)),
    decode: (x, cache) => around(x, (normed) => attention.decode(normed, cache)),
    cache: (rows, capacity) => attention.cache(rows, capacity),
  };
}

/** A gated recurrent unit over sequences; see `gru`. @returns a function from [B, T, inputs] to [B, T, width] */
export function gruLayer(
  parameters: ParameterSet,
  { name, inputs, width }: { readonly name: string; readonly inputs: number; readonly width: number },
  source: Source,
): (x: tf.Tensor3D, options?: GruOptions) => tf.Tensor3D {
  const input = parameters.add(`${name}.input`, [inputs, 3 * width], glorot, source);
  const recurrent = parameters.add(`${name}.recurrent`, [width, 3 * width], orthogonal(), source);
  const inputBias = parameters.add(`${name}.inputBias`, [3 * width], zeros, source);
  const recurrentBias = parameters.add(`${name}.recurrentBias`, [3 * width], zeros, source);
  return (x, options) => {
    const weights = {
      input: input.value(),
      recurrent: recurrent.value(),
      inputBias: inputBias.value(),
      recurrentBias: recurrentBias.value(),
    };
    return gru(x, weights, options).as3D(x.shape[0], x.shape[1], width);
  };
}
