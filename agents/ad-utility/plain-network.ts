/** A linear layer in plain numbers: y = x·W + b. */
export interface PlainLayer {
  readonly inputs: number;
  readonly outputs: number;
  /** [inputs, outputs] */
  readonly weights: Float64Array;
  /** [outputs] */
  readonly bias: Float64Array;
}

/**
 * Linear layers with ReLU between them, one row at a time in double precision: no backend, nothing allocated, and the
 * same bits for a row whatever it is served with. Zeros, of one-hot features and of ReLU, cost nothing.
 */
export class PlainNetwork {
  readonly inputs: number;
  readonly outputs: number;
  readonly layers: readonly PlainLayer[];
  readonly #values: readonly Float64Array[];

  constructor(layers: readonly PlainLayer[]) {
    this.layers = layers;
    this.inputs = layers[0].inputs;
    this.outputs = layers[layers.length - 1].outputs;
    this.#values = layers.map(({ outputs }) => new Float64Array(outputs));
  }

  /** The last layer's numbers for the row at `x[at…]`; overwritten by the next call. */
  row(x: Float32Array, at: number): Float64Array {
    let given: Float32Array | Float64Array = x;
    for (let l = 0; l < this.layers.length; l++) {
      addProduct(this.layers[l], given, l === 0 ? at : 0, this.#values[l]);
      given = this.#values[l];
      if (l < this.layers.length - 1) for (let o = 0; o < given.length; o++) if (given[o] < 0) given[o] = 0;
    }
    return this.#values[this.#values.length - 1];
  }
}

/** out = x[at…]·W + b, inputs in ascending order. */
function addProduct(
  { inputs, outputs, weights, bias }: PlainLayer,
  x: Float32Array | Float64Array,
  at: number,
  out: Float64Array,
): void {
  out.set(bias);
  for (let i = 0; i < inputs; i++) {
    const value = x[at + i];
    if (value === 0) continue;
    const from = i * outputs;
    for (let o = 0; o < outputs; o++) out[o] += value * weights[from + o];
  }
}
