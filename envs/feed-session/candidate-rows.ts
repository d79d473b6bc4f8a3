import { entryRows, runKernel, worthKernels } from '../../core/native-rows.js';
import type { Catalogue } from '../../logs/feed-session/catalogue.js';

/**
 * What is observed of the candidates of session b: their features [K, F], 0 or 1 [K] (drawn from the catalogue: the last
 * `injected` ones), their clusters [K]. Large batches are written by a kernel, small ones here, to the same bytes.
 */
export class CandidateRows {
  readonly #catalogue: Catalogue;
  readonly #candidates: number;
  readonly #injected: number;

  constructor(catalogue: Catalogue, candidates: number, injected: number) {
    this.#catalogue = catalogue;
    this.#candidates = candidates;
    this.#injected = injected;
  }

  /**
   * Writes the candidates of the sessions `list[0 … n)`, each in its row of `rows` [B, stride], from number `place` on.
   *
   * @param item [B, K]
   */
  write(item: Int32Array, list: Int32Array, n: number, rows: Float32Array, stride: number, place: number): void {
    if (!worthKernels(n)) {
      for (let i = 0; i < n; i++) this.#write(item, list[i] * this.#candidates, rows, list[i] * stride + place);
      return;
    }
    const { features, cluster, names } = this.#catalogue;
    const numbers = [n, this.#candidates, names.length, stride, place, this.#injected];
    runKernel(entryRows(), [features, cluster, item, list, list], [rows], numbers);
  }

  #write(item: Int32Array, first: number, rows: Float32Array, to: number): void {
    const K = this.#candidates;
    const injected = this.#injected;
    const { features, cluster, names } = this.#catalogue;
    const F = names.length;
    for (let k = first; k < first + K; k++) {
      for (let f = 0, from = item[k] * F; f < F; f++) rows[to++] = features[from + f];
    }
    for (let k = 0; k < K; k++) rows[to++] = k < K - injected ? 0 : 1;
    for (let k = first; k < first + K; k++) rows[to++] = cluster[item[k]];
  }
}
