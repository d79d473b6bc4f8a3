import { shuffle } from '../core/distributions.js';
import type { Rng } from '../core/random.js';
import type { CompiledReport } from '../core/tensor/compile.js';
import type { Metrics } from './contract.js';

/**
 * Passes over the rows of a lesson in shuffled minibatches, one gradient step each.
 *
 * @returns the mean over all steps of loss, every output and gradient norm
 */
export function overMinibatches(
  rows: number,
  { epochs, minibatch }: { readonly epochs: number; readonly minibatch: number },
  random: Rng,
  step: (pick: Int32Array) => CompiledReport,
): Metrics {
  const order = Int32Array.from({ length: rows }, (_, i) => i);
  const sums: Record<string, number> = {};
  const add = (name: string, value: number): void => {
    sums[name] = (Object.hasOwn(sums, name) ? sums[name] : 0) + value;
  };
  let batches = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    shuffle(random, order);
    for (let from = 0; from < rows; from += minibatch) {
      const { loss, gradientNorm, outputs } = step(order.subarray(from, from + minibatch));
      add('loss', loss);
      for (const [name, [value]] of Object.entries(outputs)) add(name, value);
      add('gradientNorm', gradientNorm);
      batches++;
    }
  }
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / batches]));
}
