import { affineRows, type Affine } from '../../core/affine-rows.js';

/**
 * Linear layers with ReLU between them, without a backend: memory is kept between calls, and a row gives the same bits
 * whatever it is served with.
 */
export class PlainNetwork {
  readonly outputs: number;
  readonly layers: readonly Affine[];
  #values: Float32Array[] = [];
  #room = 0;

  constructor(layers: readonly Affine[]) {
    this.layers = layers;
    this.outputs = layers[layers.length - 1].outputs;
  }

  /** The last layer's numbers for the rows at the start of `x`, [rows, outputs]; overwritten by the next call. */
  rows(x: Float32Array, rows: number): Float32Array {
    if (rows > this.#room) {
      this.#values = this.layers.map(({ outputs }) => new Float32Array(rows * outputs));
      this.#room = rows;
    }
    const last = this.layers.length - 1;
    for (let l = 0; l <= last; l++) {
      affineRows(this.layers[l], l === 0 ? x : this.#values[l - 1], rows, l < last, this.#values[l]);
    }
    return this.#values[last];
  }
}
