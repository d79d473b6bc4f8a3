import tf from '@tensorflow/tfjs';
import { complaint } from '../core/check.js';
import { embeddingBag } from '../core/tensor/embedding.js';
import { mlp as layers } from '../core/tensor/layers.js';
import { glorot, normalInit, ParameterSet, zeros, type Initialiser } from '../core/tensor/parameters.js';
import { FEATURE_DEFAULTS } from '../logs/features.js';
import { networkKind } from './fit.js';
import type { BuildNetwork, FitSettings } from './network.js';

/** Settings of the two-layer network beyond those of every fit. */
export interface MlpSettings extends FitSettings {
  /** Numbers per word in the embedding table; a bag's embeddings are summed. */
  readonly embedding: number;
  /** Units of each hidden layer. */
  readonly hidden: readonly number[];
}

export const MLP_DEFAULTS: MlpSettings = {
  ...FEATURE_DEFAULTS,
  epochs: 40,
  patience: 5,
  batch: 512,
  learningRate: 0.005,
  l2: 10,
  leastGain: 1,
  heldOut: 0.15,
  embedding: 16,
  hidden: [32],
};

/** Row 0 of the table stands for unknown words and says nothing from the start. */
const embeddings: Initialiser = (out, shape, source) => {
  normalInit(0.1)(out, shape, source);
  out.fill(0, 0, shape[1]);
};

/**
 * z = W_last·relu(… relu(W_0·[Σ_f embedding[id_f], numbers] + b_0) …) + b_last, all heads sharing all but the last
 * layer. The last layer starts at zero, so that the network starts as the constant model.
 */
export const mlpNetwork: BuildNetwork<MlpSettings> = ({ buckets, M, H }, { embedding, hidden }, random) => {
  if (![embedding, ...hidden].every((units) => Number.isInteger(units) && units >= 1 && units <= 4096)) {
    throw complaint('config', {
      where: 'mlp: embedding and hidden',
      expected: 'whole numbers from 1 to 4096',
      received: JSON.stringify({ embedding, hidden }),
    });
  }
  const parameters = new ParameterSet();
  const options = { name: 'words', buckets, width: embedding, initialise: embeddings };
  const sum = embeddingBag(parameters, options, random);
  const inputs = embedding + M;
  const net = layers(
    parameters,
    { name: 'net', inputs, hidden, outputs: H, activation: 'relu', initialise: glorot, initialiseLast: zeros },
    random,
  );
  const widths = [inputs, ...hidden, H];
  const weights = ['words.table', ...widths.slice(1).map((_, i) => `net.${i}.weights`)];
  const pulled = weights.map((name) => parameters.named(name));
  return {
    parameters,
    forward({ ids, numeric }) {
      const [rows] = ids.shape;
      const words = sum(ids, rows);
      return net(M === 0 ? words : tf.concat2d([words, numeric.as2D(rows, M)], 1));
    },
    predict({ ids, rows, bag, numeric }, out) {
      const table = parameters.numbers('words.table');
      const steps = widths.slice(1).map((outputs, i) => ({
        outputs,
        weights: parameters.numbers(`net.${i}.weights`),
        bias: parameters.numbers(`net.${i}.bias`),
        values: new Float64Array(outputs),
      }));
      const input = new Float64Array(inputs);
      for (let n = 0; n < rows; n++) {
        input.fill(0, 0, embedding);
        for (let f = n * bag; f < (n + 1) * bag; f++) {
          for (let k = 0, from = ids[f] * embedding; k < embedding; k++) input[k] += table[from + k];
        }
        for (let m = 0; m < M; m++) input[embedding + m] = numeric[n * M + m];
        let from: Float64Array = input;
        for (let layer = 0; layer < steps.length; layer++) from = denseRow(steps[layer], from, layer < hidden.length);
        out.set(from, n * H);
      }
    },
    squares: () => tf.addN(pulled.map((weight) => tf.sum(tf.square(weight.value())))),
  };
};

interface Step {
  readonly outputs: number;
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  readonly values: Float64Array;
}

/** One row through one dense layer; zeros (half of what relu gives) are skipped. */
function denseRow({ outputs, weights, bias, values }: Step, input: Float64Array, relu: boolean): Float64Array {
  values.set(bias);
  for (let i = 0; i < input.length; i++) {
    const x = input[i];
    if (x === 0) continue;
    for (let o = 0, at = i * outputs; o < outputs; o++, at++) values[o] += x * weights[at];
  }
  if (relu) for (let o = 0; o < outputs; o++) if (values[o] < 0) values[o] = 0;
  return values;
}

/** A small neural network on hashed words and numbers: finds what crosses of words cannot say. */
export const mlp = networkKind({
  name: 'mlp',
  summary: 'a small neural network: summed embeddings of hashed words beside numbers, relu layers, one output per head',
  defaults: MLP_DEFAULTS,
  build: mlpNetwork,
});
