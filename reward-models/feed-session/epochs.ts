import { shuffle } from '../../core/distributions.js';
import type { Rng } from '../../core/random.js';
import type { ParameterSet } from '../../core/tensor/parameters.js';
import type { OnProgress } from '../contract.js';
import type { DescentSettings } from './response-settings.js';

/** What is learned in passes. */
export interface Passes {
  readonly parameters: ParameterSet;
  /** [n] row numbers to learn from; shuffled in place. */
  readonly learn: Int32Array;
  /** One gradient step on some rows. */
  readonly step: (rows: Int32Array, learningRate: number) => void;
  /** Mean loss on the held-out rows. */
  readonly score: () => number;
  readonly random: Rng;
  readonly onProgress?: OnProgress;
  /** Name for progress, e.g. "exit". */
  readonly name: string;
}

/**
 * Minibatch descent with early stopping; leaves the parameters of the best pass behind. A pass is judged, and kept, by
 * the mean of the parameters over its second half (Polyak and Juditsky 1992): single steps leave them off the optimum by
 * enough to shift predicted rates by some percent.
 *
 * @returns the pass that was best on the held-out rows; 0 is the start
 */
export function descendInPasses(
  { parameters, learn, step, score, random, onProgress, name }: Passes,
  { epochs, patience, batch, learningRate }: DescentSettings,
): number {
  const start = score();
  let best = { epoch: 0, score: start, values: parameters.values.slice() };
  const sums = new Float64Array(parameters.values.length);
  for (let epoch = 1; epoch <= epochs && epoch - best.epoch <= patience; epoch++) {
    shuffle(random, learn);
    const rate = learningRate / Math.sqrt(epoch);
    let averaged = 0;
    sums.fill(0);
    for (let from = 0; from < learn.length; from += batch) {
      step(learn.subarray(from, from + batch), rate);
      if (2 * (from + batch) < learn.length) continue;
      const { values } = parameters;
      for (let i = 0; i < sums.length; i++) sums[i] += values[i];
      averaged++;
    }
    const last = parameters.values.slice();
    const mean = Float32Array.from(sums, (sum) => sum / averaged);
    parameters.load(mean);
    const reached = score();
    if (reached < best.score) best = { epoch, score: reached, values: mean };
    parameters.load(last);
    onProgress?.(epoch, epochs, `${name}: held-out loss ${((100 * reached) / start).toFixed(1)} % of the start's`);
  }
  parameters.load(best.values);
  return best.epoch;
}

/** −ln P(y) of a logit, in nats. */
export function lossOfLogit(logit: number, y: number): number {
  return Math.max(logit, 0) - logit * y + Math.log1p(Math.exp(-Math.abs(logit)));
}
