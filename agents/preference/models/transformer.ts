import tf from '@tensorflow/tfjs';
import { complaint } from '../../../core/check.js';
import type { Source } from '../../../core/random.js';
import { embedding } from '../../../core/tensor/embedding.js';
import { normalInit, type ParameterSet } from '../../../core/tensor/parameters.js';
import { normLayer, transformerBlock } from '../../../core/tensor/sequence-layers.js';
import { scoreHead, valueHead, type MakeNetwork } from './network.js';

/** Deviation of the vectors of tokens and places at the start. */
const START = 0.1;

/** Candidates as sequences of hashed words. */
export interface CandidateSequences {
  /** [C, K, T] ids of tokens in their order; −1 behind the last. */
  readonly ids: Int32Array;
  readonly candidates: number;
  /** Most tokens of a text, T. */
  readonly places: number;
  /** Size of the hash space. */
  readonly buckets: number;
  /** Width of the vectors. */
  readonly width: number;
  /** Divides the width. */
  readonly heads: number;
  /** Transformer blocks. */
  readonly depth: number;
}

/**
 * A text encoder (Vaswani et al. 2017) that scores each candidate by the order of its words too: a vector per token and
 * per place, blocks in which every place sees every real one, a norm, the mean over real places, a linear score.
 * Padding is never seen; a text without tokens is scored like any other such text.
 *
 * @throws a config error for sizes that are no whole numbers of at least 1; a data error for ids outside [−1, buckets) or
 *   tokens behind padding; a shape error for ids that are not [C, K, T]
 */
export function transformerNetwork(texts: CandidateSequences): MakeNetwork {
  const { ids, candidates: K, places: T, width, buckets } = texts;
  const lengths = lengthsOf(texts);
  return (parameters, name, source) => {
    const tokens = embedding(
      parameters,
      { name: `${name}.tokens`, buckets, width, initialise: normalInit(START) },
      source,
    );
    const positions = parameters.add(`${name}.positions`, [T, width], normalInit(START), source);
    const encode = blocks(parameters, name, texts, source);
    const [score, value] = [scoreHead(parameters, name, width, source), valueHead(parameters, name, width, source)];
    return {
      encode: (context) => {
        const N = context.length * K;
        const [rows, own, share] = [new Int32Array(N * T), new Int32Array(N), new Float32Array(N * T)];
        context.forEach((c, b) => {
          rows.set(ids.subarray(c * K * T, (c + 1) * K * T), b * K * T);
          own.set(lengths.subarray(c * K, (c + 1) * K), b * K);
        });
        own.forEach((length, n) => share.fill(1 / length, n * T, n * T + length));
        return {
          [`${name}.ids`]: { values: rows, shape: [N * T] },
          [`${name}.lengths`]: { values: own, shape: [N] },
          [`${name}.share`]: { values: share, shape: [N, T, 1] },
        };
      },
      judge: (inputs, contexts) => {
        const N = contexts * K;
        const placed = tf.add(tokens(inputs[`${name}.ids`]).as2D(N, T * width), positions.value().as1D());
        const seen = encode(placed.as3D(N, T, width), inputs[`${name}.lengths`]);
        const pooled = tf.sum(tf.mul(seen, inputs[`${name}.share`]), 1).as2D(N, width);
        return { scores: score(pooled, contexts), value: value(pooled, contexts) };
      },
    };
  };
}

/** Transformer blocks in both directions and a last norm. @returns a function of [N, T, width] and lengths [N] */
function blocks(
  parameters: ParameterSet,
  name: string,
  { width, heads, depth }: CandidateSequences,
  source: Source,
): (x: tf.Tensor3D, lengths: tf.Tensor) => tf.Tensor3D {
  const all = Array.from({ length: depth }, (_, i) =>
    transformerBlock(parameters, { name: `${name}.block${i}`, width, heads, causal: false }, source),
  );
  const norm = normLayer(parameters, { name: `${name}.norm`, width }, source);
  return (x, lengths) => norm(all.reduce((y, block) => block.forward(y, lengths), x)).as3D(...x.shape);
}

/** [C · K] tokens of each text. */
function lengthsOf({ ids, candidates, places: T, buckets, width, heads, depth }: CandidateSequences): Int32Array {
  for (const [name, size] of Object.entries({ candidates, places: T, buckets, width, heads, depth })) {
    if (Number.isInteger(size) && size >= 1) continue;
    throw complaint('config', {
      where: `transformer network: ${name}`,
      expected: 'a whole number of at least 1',
      received: String(size),
    });
  }
  if (ids.length % (candidates * T) !== 0) {
    throw complaint('shape', {
      where: 'transformer network: ids',
      expected: `a multiple of ${candidates} candidates × ${T} places`,
      received: String(ids.length),
    });
  }
  return Int32Array.from({ length: ids.length / T }, (_, n) => {
    const row = ids.subarray(n * T, (n + 1) * T);
    const end = row.indexOf(-1);
    const length = end < 0 ? T : end;
    const wrong = row.findIndex((id, t) => (t < length ? !(id >= 0 && id < buckets) : id !== -1));
    if (wrong < 0) return length;
    throw complaint('data', {
      where: 'transformer network: ids',
      expected: `tokens in [0, ${buckets}), then only −1`,
      received: `${row[wrong]} at place ${wrong} of text ${n}`,
    });
  });
}
