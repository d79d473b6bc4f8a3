import { hash32, type Rng } from '../../core/random.js';
import type { Piece } from './rounds.js';

/** Rows kept in memory to judge passes by. */
const MOST_HELD_OUT = 200_000;

/** Which rows only judge: found by their place in the order of the survey, so that pieces and passes do not matter. */
export class HeldOut {
  readonly #below: number;
  readonly #salt: number;
  #kept = new Int32Array(0);
  #out = new Int32Array(0);

  /** @param share of the rows, of which at most 200,000 are taken */
  constructor(share: number, rows: number, random: Rng) {
    this.#below = Math.floor(Math.min(share, MOST_HELD_OUT / Math.max(1, rows)) * 2 ** 32);
    this.#salt = hash32(`${random.path}/held out`);
  }

  has(place: number): boolean {
    if (this.#below === 0) return false;
    let h = (place ^ this.#salt) | 0;
    h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
    h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
    return (h ^ (h >>> 15)) >>> 0 < this.#below;
  }

  /**
   * Rows of a piece that teach and rows that judge; the arrays are overwritten by the next call.
   *
   * @param first  place of the piece's first row in the survey
   * @param places [rows] their places, where they do not follow each other
   */
  split(
    { columns, pick }: Piece,
    first: number,
    places?: Int32Array,
  ): { readonly kept: Int32Array; readonly out: Int32Array } {
    const rows = pick?.length ?? columns.rows;
    if (this.#kept.length < rows) [this.#kept, this.#out] = [new Int32Array(rows), new Int32Array(rows)];
    let [kept, out] = [0, 0];
    for (let n = 0; n < rows; n++) {
      const row = pick === undefined ? n : pick[n];
      if (this.has(places === undefined ? first + n : places[n])) this.#out[out++] = row;
      else this.#kept[kept++] = row;
    }
    return { kept: this.#kept.subarray(0, kept), out: this.#out.subarray(0, out) };
  }
}
