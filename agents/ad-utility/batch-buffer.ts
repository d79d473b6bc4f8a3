import type { Inputs, Numbers } from '../../core/tensor/compiled-programs.js';
import type { Encode } from './context-encoder.js';
import type { Heads } from './heads.js';
import type { Piece, RewardUnit } from './rounds.js';

/** Rows as a network learns from them; rewards less their centre in standard deviations. Filled row by row, nothing allocated. */
export class BatchBuffer {
  readonly rows: number;
  readonly width: number;
  /** [rows, width] encoded contexts. */
  readonly x: Float32Array;
  /** [rows] per softmax, the output that was taken. */
  readonly taken: readonly Int32Array[];
  /** [rows] */
  readonly reward: Float32Array;
  /** [rows] 1/μ */
  readonly inverse: Float32Array;
  readonly #heads: Heads;
  #filled = 0;

  constructor(rows: number, width: number, heads: Heads) {
    this.rows = rows;
    this.width = width;
    this.x = new Float32Array(rows * width);
    this.taken = heads.widths.map(() => new Int32Array(rows));
    this.reward = new Float32Array(rows);
    this.inverse = new Float32Array(rows);
    this.#heads = heads;
  }

  get filled(): number {
    return this.#filled;
  }

  get full(): boolean {
    return this.#filled === this.rows;
  }

  empty(): void {
    this.#filled = 0;
  }

  /** Takes rows `pick[from…]` while there is room; returns how many. */
  take(encode: Encode, { columns, reward }: Piece, pick: Int32Array, from: number, unit: RewardUnit): number {
    const count = Math.min(this.rows - this.#filled, pick.length - from);
    const [at, G] = [this.#filled, this.#heads.widths.length];
    const chosen = pick.subarray(from, from + count);
    encode(columns, this.x.subarray(at * this.width, (at + count) * this.width), chosen);
    for (let n = 0; n < count; n++) {
      const row = chosen[n];
      const action = columns.action[row];
      for (let g = 0; g < G; g++) this.taken[g][at + n] = this.#heads.level[action * G + g];
      this.reward[at + n] = (reward[row] - unit.centre) / unit.deviation;
      this.inverse[at + n] = 1 / columns.propensity[row];
    }
    this.#filled += count;
    return count;
  }

  /** What is in it, as inputs of a step. */
  inputs(): Inputs {
    const rows = this.#filled;
    const column = (values: Float32Array | Int32Array): Numbers => ({
      values: rows === this.rows ? values : values.subarray(0, rows),
      shape: [rows],
    });
    return {
      x: { values: this.x.subarray(0, rows * this.width), shape: [rows, this.width] },
      reward: column(this.reward),
      inverse: column(this.inverse),
      ...Object.fromEntries(this.taken.map((values, g) => [`taken.${g}`, column(values)])),
    };
  }
}
