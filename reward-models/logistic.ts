import tf from '@tensorflow/tfjs';
import { embeddingBag } from '../core/tensor/embedding.js';
import { ParameterSet, zeros } from '../core/tensor/parameters.js';
import { FEATURE_DEFAULTS } from '../logs/features.js';
import { networkKind } from './fit.js';
import type { BuildNetwork, FitSettings } from './network.js';

/** Settings of the logistic model: those of every fit, with their defaults below. */
export type LogisticSettings = FitSettings;

export const LOGISTIC_DEFAULTS: LogisticSettings = {
  ...FEATURE_DEFAULTS,
  epochs: 60,
  patience: 8,
  batch: 512,
  learningRate: 0.01,
  l2: 20,
  leastGain: 0,
  heldOut: 0.15,
};

/**
 * z = bias + Σ_f weight[id_f] + numbers · slopes, one such line per head: logistic regression for 0/1 outcomes, linear
 * regression for values. Starts at zero, that is, at the base rate.
 */
export const logisticNetwork: BuildNetwork<LogisticSettings> = ({ buckets, M, H }, _settings, random) => {
  const parameters = new ParameterSet();
  const sum = embeddingBag(parameters, { name: 'words', buckets, width: H }, random);
  const table = parameters.named('words.table');
  const slopes = M === 0 ? undefined : parameters.add('slopes', [M, H], zeros, random);
  const bias = parameters.add('bias', [H], zeros, random);
  return {
    parameters,
    forward({ ids, numeric }) {
      const [rows] = ids.shape;
      const words = tf.add(sum(ids, rows), bias.value());
      const all = slopes === undefined ? words : tf.add(words, tf.matMul(numeric.as2D(rows, M), slopes.value()));
      return all.as2D(rows, H);
    },
    predict({ ids, rows, bag, numeric }, out) {
      const weights = parameters.numbers('words.table');
      const lines = M === 0 ? new Float32Array(0) : parameters.numbers('slopes');
      const base = parameters.numbers('bias');
      for (let n = 0, at = 0; n < rows; n++) {
        for (let h = 0; h < H; h++, at++) {
          let z = base[h];
          for (let f = n * bag; f < (n + 1) * bag; f++) z += weights[ids[f] * H + h];
          for (let m = 0; m < M; m++) z += numeric[n * M + m] * lines[m * H + h];
          out[at] = z;
        }
      }
    },
    squares: () =>
      [table, ...(slopes === undefined ? [] : [slopes])]
        .map((w) => tf.sum(tf.square(w.value())))
        .reduce((a, b) => tf.add(a, b)),
  };
};

/** Logistic regression on hashed words and numbers: the baseline that every other model has to beat. */
export const logistic = networkKind({
  name: 'logistic',
  summary: 'logistic regression on hashed features; linear regression for outcomes that are not 0/1',
  defaults: LOGISTIC_DEFAULTS,
  build: logisticNetwork,
});
