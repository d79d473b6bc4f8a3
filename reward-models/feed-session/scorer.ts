import { compileInference, type Outputs } from '../../core/tensor/compile.js';
import type { Inputs } from '../../core/tensor/compiled-programs.js';
import type { ResponseNetwork, ResponseShape } from './response-network.js';

/** (state, item) pairs scored in one go: bounds the memory, large enough to forget the fixed cost. */
const MOST_PAIRS = 2048;

/** Inputs of the response network for `size` states with K items each, to be written row by row. */
export class ResponseBatch {
  readonly size: number;
  readonly inputs: Inputs;
  readonly #known: Float32Array;
  readonly #recent: Float32Array;
  readonly #items: Float32Array;

  constructor({ known, recent, recentWidth, features, attention }: ResponseShape, size: number, K: number) {
    this.size = size;
    this.#known = new Float32Array(size * known);
    this.#recent = new Float32Array(size * recent * recentWidth);
    this.#items = new Float32Array(size * K * features);
    this.inputs = {
      known: { values: this.#known, shape: [size, known] },
      items: { values: this.#items, shape: [size, K, features] },
      ...(attention === 0 ? {} : { recent: { values: this.#recent, shape: [size, recent * recentWidth] } }),
    };
  }

  /** Copies the state at states[at…] and the K items at items[from…] to place n. */
  write(n: number, states: Float32Array, at: number, items: Float32Array, from: number): void {
    const known = this.#known.length / this.size;
    const recent = this.#recent.length / this.size;
    const own = this.#items.length / this.size;
    for (let i = 0, to = n * known; i < known; i++) this.#known[to + i] = states[at + i];
    for (let i = 0, to = n * recent, start = at + known; i < recent; i++) this.#recent[to + i] = states[start + i];
    for (let i = 0, to = n * own; i < own; i++) this.#items[to + i] = items[from + i];
  }
}

/**
 * Plays the response network without gradients. A program is recorded per shape, so states come in batches of a power of
 * two, or of as many as fit; what is left over of a batch keeps old numbers, which nobody reads. A row's logits do not
 * depend on the batch it is in: every element of a product is one sum in a fixed order.
 */
export class Scorer {
  readonly #shape: ResponseShape;
  readonly #play: (inputs: Inputs) => Outputs;
  readonly #batches = new Map<string, ResponseBatch>();

  constructor(network: ResponseNetwork) {
    this.#shape = network.shape;
    this.#play = compileInference(network.parameters, (inputs) => ({ z: network.forward(inputs) }));
  }

  /** The batch for the next of n states with K items each; it may hold fewer than n. */
  batch(n: number, K: number): ResponseBatch {
    const most = Math.max(1, Math.floor(MOST_PAIRS / K));
    let size = 1;
    while (size < n && size < most) size *= 2;
    size = Math.min(size, most);
    const name = `${size}×${K}`;
    const ready = this.#batches.get(name);
    if (ready !== undefined) return ready;
    const batch = new ResponseBatch(this.#shape, size, K);
    this.#batches.set(name, batch);
    return batch;
  }

  /** Logits [size · K, columns] of what was written into the batch; overwritten by the next call. */
  play({ inputs }: ResponseBatch): Float32Array {
    return this.#play(inputs)['z'];
  }
}
