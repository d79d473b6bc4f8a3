import tf from '@tensorflow/tfjs';
import { shuffle } from '../core/distributions.js';
import { sigmoidCrossEntropy } from '../core/tensor/ops/cross-entropy.js';
import { compileStep } from '../core/tensor/compile.js';
import type { InputTensors } from '../core/tensor/compiled-programs.js';
import { Trainer } from '../core/tensor/train.js';
import type { FeatureRows } from '../logs/features.js';
import type { FitRequest } from './contract.js';
import { featureInputs, type FitSettings, type FittedHead, type Network } from './network.js';

/** Inputs and labels of some rows. */
export interface Part {
  readonly index: Int32Array;
  readonly features: FeatureRows;
  /** [n, H] 0/1, or values in standard deviations from the fitting rows' mean. */
  readonly labels: Float32Array;
}

/** What descends: rows to learn from, rows to check on, and the heads' bases. */
export interface Descent {
  readonly learn: Part;
  readonly check: Part;
  readonly bases: readonly FittedHead[];
}

/**
 * Minibatch descent with early stopping; leaves the best parameters in the network. When even those are not better than
 * the constant model by `leastGain` standard errors of the paired difference on the held-out rows, the constant stays.
 *
 * @returns the pass that was best; 0 is the constant
 */
export function descend(network: Network, { learn, check, bases }: Descent, request: FitRequest<FitSettings>): number {
  const { settings, random, onProgress } = request;
  const { parameters } = network;
  const trainer = new Trainer(parameters, { learningRate: settings.learningRate });
  const pull = settings.l2 / (2 * learn.index.length);
  const step = compileStep(trainer, (inputs) => ({ loss: lossOf(network, inputs, bases, pull) }));
  const order = Int32Array.from({ length: learn.index.length }, (_, n) => n);
  const luck = random.fork('shuffle');
  const start = parameters.values.slice();
  const scale = meanPerHead(rowLosses(network, bases, check), bases.length);
  // Relative to the constant, so that a rare outcome counts as much as a frequent one.
  const scores = (): Float64Array => relativeScores(rowLosses(network, bases, check), scale);
  const constant = scores();
  let best = { epoch: 0, score: mean(constant), scores: constant, values: start };
  for (let epoch = 1; epoch <= settings.epochs && epoch - best.epoch <= settings.patience; epoch++) {
    shuffle(luck, order);
    const rate = settings.learningRate / Math.sqrt(epoch);
    for (let from = 0; from < order.length; from += settings.batch) {
      const { features, labels } = gather(learn, order.subarray(from, from + settings.batch), bases.length);
      const wanted = { values: labels, shape: [features.rows, bases.length] };
      step({ ...featureInputs(features), labels: wanted }, rate);
    }
    const reached = scores();
    const score = mean(reached);
    if (score < best.score) best = { epoch, score, scores: reached, values: parameters.values.slice() };
    onProgress?.(epoch, settings.epochs, `held-out loss ${(100 * score).toFixed(1)} % of the constant's`);
  }
  const gains = constant.map((score, n) => score - best.scores[n]);
  if (mean(gains) < settings.leastGain * standardError(gains)) best = { ...best, epoch: 0, values: start };
  parameters.load(best.values);
  return best.epoch;
}

/** Joint negative log-likelihood per row (values: of a unit normal) plus the pull on the weights. */
function lossOf(network: Network, inputs: InputTensors, bases: readonly FittedHead[], pull: number): tf.Scalar {
  const H = bases.length;
  const z = network.forward(inputs);
  const wanted = inputs['labels'];
  const [rows] = wanted.shape;
  const losses = bases.map(({ unit, offset }, h): tf.Tensor => {
    const column = H === 1 ? z : tf.slice(z, [0, h], [rows, 1]);
    const label = H === 1 ? wanted : tf.slice(wanted, [0, h], [rows, 1]);
    if (unit === 'probability') return sigmoidCrossEntropy(tf.add(column, offset), label);
    return tf.mul(0.5, tf.mean(tf.square(tf.sub(column, label))));
  });
  return tf.add(tf.addN(losses), tf.mul(pull, network.squares())).asScalar();
}

function gather({ features, labels }: Part, places: Int32Array, H: number): Omit<Part, 'index'> {
  const { bag, M } = features;
  const rows = places.length;
  const batch = { rows, bag, M, ids: new Int32Array(rows * bag), numeric: new Float32Array(rows * M) };
  const chosen = new Float32Array(rows * H);
  places.forEach((place, n) => {
    for (let f = 0; f < bag; f++) batch.ids[n * bag + f] = features.ids[place * bag + f];
    for (let m = 0; m < M; m++) batch.numeric[n * M + m] = features.numeric[place * M + m];
    for (let h = 0; h < H; h++) chosen[n * H + h] = labels[place * H + h];
  });
  return { features: batch, labels: chosen };
}

/** [n, H] loss of every row and head, in the units of `lossOf`. */
function rowLosses(network: Network, bases: readonly FittedHead[], { features, labels }: Part): Float64Array {
  const z = new Float64Array(features.rows * bases.length);
  network.predict(features, z);
  return z.map((deviation, i) => {
    const { unit, offset } = bases[i % bases.length];
    if (unit === 'value') return 0.5 * (deviation - labels[i]) ** 2;
    const logit = offset + deviation;
    return Math.max(logit, 0) - logit * labels[i] + Math.log1p(Math.exp(-Math.abs(logit)));
  });
}

function meanPerHead(losses: Float64Array, H: number): Float64Array {
  const means = new Float64Array(H);
  losses.forEach((loss, i) => {
    means[i % H] += loss / (losses.length / H);
  });
  return means;
}

/** [n] mean over the heads of loss ÷ scale. */
function relativeScores(losses: Float64Array, scale: Float64Array): Float64Array {
  const H = scale.length;
  const scores = new Float64Array(losses.length / H);
  losses.forEach((loss, i) => {
    scores[Math.floor(i / H)] += loss / Math.max(scale[i % H], 1e-12) / H;
  });
  return scores;
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function standardError(values: Float64Array): number {
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return Math.sqrt(squares / Math.max(1, values.length - 1) / values.length);
}
