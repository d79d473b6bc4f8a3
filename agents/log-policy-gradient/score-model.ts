import tf from '@tensorflow/tfjs';
import type { Rng } from '../../core/random.js';
import type { InputTensors, Inputs } from '../../core/tensor/compiled-programs.js';
import { embeddingBag, type Ids } from '../../core/tensor/embedding.js';
import { ParameterSet, zeros, type Parameter } from '../../core/tensor/parameters.js';
import type { FeatureEncoder } from '../../logs/features.js';
import type { Log } from '../../logs/record.js';
import { keepCandidates } from '../log-policies/candidates.js';

/** Decisions encoded with every action: row n·A + a is decision n with action a. */
export interface EncodedDecisions {
  readonly rows: number;
  readonly actions: number;
  readonly ids: Int32Array;
  readonly numeric: Float32Array;
  /** [rows, A] −1e9 where an action is no candidate, else 0; absent when every action is one. */
  readonly blocked?: Float32Array;
}

/** Decisions scored at a time when no gradient is needed. */
const SCORE_ROWS = 4096;

/** A score per (context, action), linear in hashed words and numbers; π is the softmax over the candidates. */
export class ScoreModel {
  readonly parameters = new ParameterSet();
  readonly encoder: FeatureEncoder;
  readonly #words: (ids: Ids, rows: number) => tf.Tensor2D;
  readonly #slopes: Parameter | undefined;

  constructor(encoder: FeatureEncoder, random: Rng) {
    this.encoder = encoder;
    const numbers = encoder.numericNames.length;
    this.#words = embeddingBag(this.parameters, { name: 'words', buckets: encoder.buckets, width: 1 }, random);
    this.#slopes = numbers === 0 ? undefined : this.parameters.add('slopes', [numbers, 1], zeros, random);
  }

  encode(log: Log, rows: Int32Array): EncodedDecisions {
    const actions = log.actions.values.length;
    const pairs = rows.length * actions;
    const repeated = Int32Array.from({ length: pairs }, (_, i) => rows[Math.floor(i / actions)]);
    const cycled = Int32Array.from({ length: pairs }, (_, i) => i % actions);
    const { ids, numeric } = this.encoder.encode(log, repeated, cycled);
    return {
      rows: rows.length,
      actions,
      ids,
      numeric,
      ...(log.candidates === 'all' ? {} : { blocked: blockedOf(log, rows) }),
    };
  }

  /** Encoded decisions as inputs of a step; `logPolicy` reads them back. */
  stepInputs({ rows, actions, ids, numeric, blocked }: EncodedDecisions): Inputs {
    const pairs = rows * actions;
    return {
      ids: { values: ids, shape: [pairs, ids.length / pairs] },
      numeric: { values: numeric, shape: [pairs, numeric.length / pairs] },
      ...(blocked === undefined ? {} : { blocked: { values: blocked, shape: [rows, actions] } }),
    };
  }

  /** ln π of every action, [rows, A], on tensors of `stepInputs`. */
  logPolicy(inputs: InputTensors, actions: number): tf.Tensor2D {
    const { ids, numeric } = inputs;
    const [pairs, numbers] = numeric.shape;
    const words = this.#words(ids, pairs);
    const slopes = this.#slopes?.value();
    const scores = slopes === undefined ? words : tf.add(words, tf.matMul(numeric.as2D(pairs, numbers), slopes));
    const table = tf.reshape(scores, [pairs / actions, actions]);
    return tf.logSoftmax('blocked' in inputs ? tf.add(table, inputs['blocked']) : table).as2D(pairs / actions, actions);
  }

  /** π of every action of the given rows, [n, A], in plain loops. */
  probabilities(log: Log, rows: Int32Array, out: Float64Array): void {
    const actions = log.actions.values.length;
    for (let from = 0; from < rows.length; from += SCORE_ROWS) {
      const part = rows.subarray(from, from + SCORE_ROWS);
      this.#score(this.encode(log, part), out.subarray(from * actions, (from + part.length) * actions));
    }
    keepCandidates(log, rows, out);
  }

  #score({ rows, actions, ids, numeric }: EncodedDecisions, out: Float64Array): void {
    const { values } = this.parameters;
    const { buckets } = this.encoder;
    const bag = ids.length / (rows * actions);
    const numbers = numeric.length / (rows * actions);
    for (let n = 0; n < rows; n++) {
      let top = -Infinity;
      for (let pair = n * actions; pair < (n + 1) * actions; pair++) {
        let score = 0;
        for (let f = pair * bag; f < (pair + 1) * bag; f++) score += values[ids[f]];
        for (let m = 0; m < numbers; m++) score += numeric[pair * numbers + m] * values[buckets + m];
        out[pair] = score;
        if (score > top) top = score;
      }
      let total = 0;
      for (let pair = n * actions; pair < (n + 1) * actions; pair++) total += out[pair] = Math.exp(out[pair] - top);
      for (let pair = n * actions; pair < (n + 1) * actions; pair++) out[pair] /= total;
    }
  }
}

function blockedOf(log: Log, rows: Int32Array): Float32Array {
  const actions = log.actions.values.length;
  const blocked = new Float32Array(rows.length * actions).fill(-1e9);
  const { candidates } = log;
  if (candidates === 'all') return blocked.fill(0);
  rows.forEach((row, n) => {
    for (let i = candidates.offsets[row]; i < candidates.offsets[row + 1]; i++)
      blocked[n * actions + candidates.codes[i]] = 0;
  });
  return blocked;
}
