import tf from '@tensorflow/tfjs';
import { complaint } from '../../../core/check.js';
import { stream, type Source } from '../../../core/random.js';
import { compileInference, type Outputs } from '../../../core/tensor/compile.js';
import type { Inputs, InputTensors } from '../../../core/tensor/compiled-programs.js';
import { embedding, type Ids } from '../../../core/tensor/embedding.js';
import { dense, type Layer } from '../../../core/tensor/layers.js';
import type { AttentionCache } from '../../../core/tensor/ops/attention-cache.js';
import { logSoftmaxAt } from '../../../core/tensor/ops/log-softmax-at.js';
import { normalInit, ParameterSet, zeros } from '../../../core/tensor/parameters.js';
import { normLayer, transformerBlock, type AttentionLayer } from '../../../core/tensor/sequence-layers.js';

export interface DecoderSettings {
  /** Ids of the tokeniser. */
  readonly vocabulary: number;
  readonly width: number;
  /** Transformer blocks. */
  readonly depth: number;
  /** Divides the width. */
  readonly heads: number;
  /** Most tokens that are read: the begin mark, a prompt and a response without its last token. */
  readonly context: number;
  /** Whether the output layer is the transposed token table, or has weights of its own. */
  readonly tied: boolean;
}

export const decoderDefaults: DecoderSettings = {
  vocabulary: 1024,
  width: 128,
  depth: 4,
  heads: 4,
  context: 64,
  tied: true,
};

/** Deviation of token and position vectors at the start (Radford et al. 2018). */
const START = 0.02;

/**
 * A decoder-only transformer over tokens (Vaswani et al. 2017; Radford et al. 2018): token and position vectors, blocks of
 * causal attention that normalise first, a last norm, and a softmax over the vocabulary for the next token. A value head
 * V_ψ reads the same hidden states: one number per prefix.
 *
 * B rows of T places: place t holds token t of its row and predicts token t + 1.
 */
export class Decoder {
  readonly settings: DecoderSettings;
  readonly parameters = new ParameterSet();
  readonly #tokens: (ids: Ids) => tf.Tensor2D;
  readonly #positions: (ids: Ids) => tf.Tensor2D;
  readonly #blocks: readonly AttentionLayer[];
  readonly #norm: (x: tf.Tensor) => tf.Tensor;
  readonly #output: Layer | undefined;
  readonly #value: Layer;
  readonly #nextTokens: (inputs: Inputs) => Outputs;

  /** @throws a config error for sizes that are no whole numbers of at least 1, or heads that do not divide the width */
  constructor(settings: DecoderSettings, source: Source) {
    checkSettings(settings);
    this.settings = settings;
    const { vocabulary, width, depth, heads, context, tied } = settings;
    const { parameters } = this;
    const table = { width, initialise: normalInit(START) };
    this.#tokens = embedding(parameters, { ...table, name: 'tokens', buckets: vocabulary }, source);
    this.#positions = embedding(parameters, { ...table, name: 'positions', buckets: context }, source);
    this.#blocks = Array.from({ length: depth }, (_, i) =>
      transformerBlock(parameters, { name: `block${i}`, width, heads }, source),
    );
    this.#norm = normLayer(parameters, { name: 'norm', width }, source);
    const out = { name: 'output', inputs: width, outputs: vocabulary, initialise: normalInit(START) };
    this.#output = tied ? undefined : dense(parameters, out, source);
    this.#value = dense(parameters, { name: 'value', inputs: width, outputs: 1, initialise: zeros }, source);
    this.#nextTokens = compileInference(parameters, (inputs) => {
      const { tokens, targets } = inputs;
      const [rows, places = 1] = tokens.shape;
      const hidden = this.hidden(inputs);
      return { logs: logSoftmaxAt(this.logits(hidden), targets.reshape([rows * places])) };
    });
  }

  /** The same numbers in a model of its own: a reference that stays as it is. */
  copy(): Decoder {
    const copy = new Decoder(this.settings, stream('copy'));
    copy.parameters.load(this.parameters.values);
    return copy;
  }

  /**
   * Hidden states after the last norm.
   *
   * @param inputs `tokens` int32 [B, T], padding behind each row's end; `positions` int32 [B, T] places 0, 1, … of each row
   * @returns [B · T, width]
   */
  hidden({ tokens, positions }: InputTensors): tf.Tensor2D {
    const [rows, places = 1] = tokens.shape;
    const x = this.#embedded(tokens, positions, rows, places);
    return this.#normed(this.#blocks.reduce((y, block) => block.forward(y), x));
  }

  /** Scores of the vocabulary as the next token. @returns [B · T, vocabulary] */
  logits(hidden: tf.Tensor2D): tf.Tensor2D {
    if (this.#output !== undefined) return this.#output(hidden).as2D(hidden.shape[0], this.settings.vocabulary);
    const { vocabulary, width } = this.settings;
    return tf.matMul(hidden, this.parameters.named('tokens.table').value().as2D(vocabulary, width), false, true);
  }

  /** V_ψ of each prefix. @returns [B · T] */
  value(hidden: tf.Tensor2D): tf.Tensor1D {
    return this.#value(hidden).as1D();
  }

  /**
   * ln π of each row's next tokens.
   *
   * @param inputs those of `hidden`, and `targets` int32 [B, T]
   * @returns [B · T]; overwritten by the next call of the same shapes
   */
  logProbabilities(inputs: Inputs): Float32Array {
    return this.#nextTokens(inputs)['logs'];
  }

  /** Decoding token by token for so many rows at once; see `Decoding`. */
  decoding(rows: number): Decoding {
    const caches = this.#blocks.map((block) => block.cache(rows, this.settings.context));
    const step = compileInference(this.parameters, ({ tokens, positions }) => {
      const x = this.#embedded(tokens, positions, rows, 1);
      const y = this.#blocks.reduce((z, block, i) => block.decode(z, caches[i]), x);
      return { logits: this.logits(this.#normed(y)) };
    });
    return new Decoding(rows, caches, step);
  }

  #embedded(tokens: tf.Tensor, positions: tf.Tensor, rows: number, places: number): tf.Tensor3D {
    const flat = (ids: tf.Tensor): tf.Tensor => ids.reshape([rows * places]);
    const sum = tf.add(this.#tokens(flat(tokens)), this.#positions(flat(positions)));
    return sum.as3D(rows, places, this.settings.width);
  }

  #normed(x: tf.Tensor3D): tf.Tensor2D {
    const [rows, places, width] = x.shape;
    return this.#norm(x).as2D(rows * places, width);
  }
}

/** Rows that grow token by token, all at the same place. */
export class Decoding {
  readonly rows: number;
  readonly #caches: readonly AttentionCache[];
  readonly #step: (inputs: Inputs) => Outputs;
  #place = 0;

  constructor(rows: number, caches: readonly AttentionCache[], step: (inputs: Inputs) => Outputs) {
    this.rows = rows;
    this.#caches = caches;
    this.#step = step;
  }

  /** Begins all rows anew. */
  restart(): void {
    this.#place = 0;
    for (const cache of this.#caches) cache.reset();
  }

  /**
   * Takes in one token of every row.
   *
   * @param tokens [rows]
   * @returns [rows, vocabulary] scores of the token after; overwritten by the next call
   * @throws a usage error past the context
   */
  next(tokens: Int32Array): Float32Array {
    const positions = new Int32Array(this.rows).fill(this.#place);
    const { logits } = this.#step({
      tokens: { values: tokens, shape: [this.rows, 1] },
      positions: { values: positions, shape: [this.rows, 1] },
    });
    this.#place++;
    for (const cache of this.#caches) cache.advance(1);
    return logits;
  }
}

function checkSettings(settings: DecoderSettings): void {
  for (const name of ['vocabulary', 'width', 'depth', 'heads', 'context'] as const) {
    if (Number.isInteger(settings[name]) && settings[name] >= 1) continue;
    throw complaint('config', {
      where: `decoder: ${name}`,
      expected: 'a whole number of at least 1',
      received: String(settings[name]),
    });
  }
  if (settings.width % settings.heads === 0) return;
  throw complaint('config', {
    where: 'decoder: width',
    expected: `a multiple of ${settings.heads} heads`,
    received: String(settings.width),
  });
}
