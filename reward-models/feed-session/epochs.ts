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
 * Minibatch descent with early stopping; leaves the parameters of the best pass behind.
 *
 * @returns the pass that was best on the held-out rows; 0 is the start
 */
export function descendInPasses(
  { parameters, learn, step, score, random, onProgress, name }: Passes,
  { epochs, patience, batch, learningRate }: DescentSettings,
): number {
  const start = score();
  let best = { epoch: 0, score: start, values: parameters.values.slice() };
  for (let epoch = 1; epoch <= epochs && epoch - best.epoch <= patience; epoch++) {
    shuffle(random, learn);
    const rate = learningRate / Math.sqrt(epoch);
    for (let from = 0; from < learn.length; from += batch) step(learn.subarray(from, from + batch), rate);
    const reached = score();
    if (reached < best.score) best = { epoch, score: reached, values: parameters.values.slice() };
    onProgress?.(epoch, epochs, `${name}: held-out loss ${((100 * reached) / start).toFixed(1)} % of the start's`);
  }
  parameters.load(best.values);
  return best.epoch;
}

/** −ln P(y) of a logit, in nats. */
export function lossOfLogit(logit: number, y: number): number {
  return Math.max(logit, 0) - logit * y + Math.log1p(Math.exp(-Math.abs(logit)));
}
