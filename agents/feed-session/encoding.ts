import type { FeedPlaces } from './places.js';

/** How many of the recent items the networks read one by one; the older ones are in the moving averages. *Invented*. */
const NEWEST = 2;

/**
 * What the networks of a feed session read. The state: user, context, progress, answers, exposure and the two newest
 * items. A candidate x: its features, exposure · x, taste · content (feature by feature, where users and items share a
 * space), and, where the network builds on the ranker, its probabilities and the gap of its f to the best one, in the
 * units of the policy's scores.
 */
export class FeedEncoding {
  /** Numbers per state; they are the first ones of an observation. */
  readonly stateWidth: number;
  /** Numbers per candidate. */
  readonly choiceWidth: number;
  readonly #places: FeedPlaces;
  readonly #shared: number;
  readonly #ranked: boolean;
  readonly #gapUnit: number;

  /**
   * @param shared  how many of the first user and item features lie in one space
   * @param gapUnit what a difference of 1 in f counts; 0 where the ranker is not read
   */
  constructor(places: FeedPlaces, shared: number, gapUnit: number) {
    const { recent, recentWidth, L, F, H } = places;
    this.#places = places;
    this.#shared = shared;
    this.#ranked = gapUnit !== 0;
    this.#gapUnit = gapUnit;
    this.stateWidth = recent + Math.min(NEWEST, L) * recentWidth;
    this.choiceWidth = 2 * F + shared + (this.#ranked ? H + 1 : 0);
  }

  /** @returns [rows, stateWidth] */
  states(observation: Float32Array, rows: number): Float32Array {
    const { stateWidth } = this;
    const { width } = this.#places;
    const out = new Float32Array(rows * stateWidth);
    for (let row = 0; row < rows; row++) {
      const from = row * width;
      out.set(observation.subarray(from, from + stateWidth), row * stateWidth);
    }
    return out;
  }

  /**
   * Candidates of one row.
   *
   * @param row           where the observation begins in `x`
   * @param f             [K] scores of the ranker; not read where the ranker is not
   * @param probabilities [K, H] from `probabilities[at]`; likewise
   * @param out           [K, choiceWidth] written from `out[to]`
   */
  choices(
    x: Float32Array,
    row: number,
    f: Float64Array,
    { values, at }: { readonly values: Float32Array; readonly at: number },
    out: Float32Array,
    to: number,
  ): void {
    const { K, F, H, candidates, exposure } = this.#places;
    const shared = this.#shared;
    let best = -Infinity;
    if (this.#ranked) for (let k = 0; k < K; k++) if (f[k] > best) best = f[k];
    for (let k = 0; k < K; k++) {
      const item = row + candidates + k * F;
      for (let i = 0; i < F; i++) {
        const feature = x[item + i];
        out[to + i] = feature;
        out[to + F + i] = feature * x[row + exposure + i];
      }
      to += 2 * F;
      for (let i = 0; i < shared; i++) out[to++] = x[row + i] * x[item + i];
      if (!this.#ranked) continue;
      for (let h = 0, from = at + k * H; h < H; h++) out[to++] = values[from + h];
      out[to++] = (f[k] - best) * this.#gapUnit;
    }
  }
}
