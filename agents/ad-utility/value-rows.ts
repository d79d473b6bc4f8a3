import type { Inputs } from '../../core/tensor/compiled-programs.js';
import type { Encode } from './context-encoder.js';
import type { Piece } from './rounds.js';
import type { PlainValues } from './value-network.js';

/** What is guessed of every row, and its moments (Welford's, in the order of the rows). */
export class TargetMoments {
  /** [H] */
  readonly mean: Float64Array;
  readonly #columns: readonly number[];
  readonly #clipped: readonly boolean[];
  readonly #squares: Float64Array;
  #rows = 0;

  /** @param columns [H] of the log's outcomes; none for the reward */
  constructor(columns: readonly number[], clipped: readonly boolean[]) {
    this.#columns = columns;
    this.#clipped = clipped;
    [this.mean, this.#squares] = [0, 1].map(() => new Float64Array(Math.max(1, columns.length)));
  }

  add(piece: Piece): void {
    const rows = piece.pick?.length ?? piece.columns.rows;
    for (let n = 0; n < rows; n++) {
      const row = piece.pick === undefined ? n : piece.pick[n];
      this.#rows++;
      for (let h = 0; h < this.mean.length; h++) {
        const away = this.of(piece, row, h) - this.mean[h];
        this.mean[h] += away / this.#rows;
        this.#squares[h] += away * (this.of(piece, row, h) - this.mean[h]);
      }
    }
  }

  /** y of a row, in its own units. */
  of({ columns, reward }: Piece, row: number, h: number): number {
    if (this.#columns.length === 0) return reward[row];
    const value = columns.outcomes[this.#columns[h]][row];
    return this.#clipped[h] ? Math.min(1, value) : value;
  }

  /** [H] standard deviations; 1 for what never changes. */
  deviations(): number[] {
    return Array.from(this.#squares, (sum) => (sum > 0 ? Math.sqrt(sum / this.#rows) : 1));
  }
}

/** Rows as the regression learns from them, or is judged by; outcomes in standard deviations from their mean. */
export class ValueRows {
  rows: number;
  readonly #width: number;
  readonly #actions: { readonly action: number; readonly features: Float32Array };
  readonly #moments: TargetMoments;
  readonly #deviations: readonly number[];
  #x: Float32Array;
  #code: Int32Array;
  #action: Float32Array;
  #target: Float32Array;
  #filled = 0;

  constructor(
    rows: number,
    width: number,
    actions: { readonly action: number; readonly features: Float32Array },
    moments: TargetMoments,
  ) {
    this.rows = rows;
    this.#width = width;
    this.#actions = actions;
    this.#moments = moments;
    this.#deviations = moments.deviations();
    this.#x = new Float32Array(rows * width);
    this.#code = new Int32Array(rows);
    this.#action = new Float32Array(rows * actions.action);
    this.#target = new Float32Array(rows * moments.mean.length);
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

  /** Makes room for so many rows in all. */
  grow(rows: number): void {
    if (rows <= this.rows) return;
    this.rows = Math.max(rows, 2 * this.rows);
    const wider = (old: Float32Array, width: number): Float32Array => {
      const made = new Float32Array(this.rows * width);
      made.set(old);
      return made;
    };
    this.#x = wider(this.#x, this.#width);
    this.#action = wider(this.#action, this.#actions.action);
    this.#target = wider(this.#target, this.#moments.mean.length);
    const codes = new Int32Array(this.rows);
    codes.set(this.#code);
    this.#code = codes;
  }

  /** Takes rows `pick[from…]` while there is room; returns how many. */
  take(encode: Encode, piece: Piece, pick: Int32Array, from: number): number {
    const count = Math.min(this.rows - this.#filled, pick.length - from);
    const at = this.#filled;
    const chosen = pick.subarray(from, from + count);
    const { action: F, features } = this.#actions;
    const { mean } = this.#moments;
    const H = mean.length;
    encode(piece.columns, this.#x.subarray(at * this.#width, (at + count) * this.#width), chosen);
    for (let n = 0; n < count; n++) {
      const action = piece.columns.action[chosen[n]];
      this.#code[at + n] = action;
      for (let f = 0; f < F; f++) this.#action[(at + n) * F + f] = features[action * F + f];
      for (let h = 0; h < H; h++) {
        this.#target[(at + n) * H + h] = (this.#moments.of(piece, chosen[n], h) - mean[h]) / this.#deviations[h];
      }
    }
    this.#filled += count;
    return count;
  }

  /** What is in it, as inputs of a step. */
  inputs(): Inputs {
    const rows = this.#filled;
    const table = (values: Float32Array, width: number): Inputs[string] => ({
      values: values.subarray(0, rows * width),
      shape: [rows, width],
    });
    return {
      x: table(this.#x, this.#width),
      action: table(this.#action, this.#actions.action),
      target: table(this.#target, this.#moments.mean.length),
    };
  }

  /** Mean over rows of Σ_h (Q − y)², in standard deviations squared. */
  error(values: PlainValues): number {
    const H = this.#moments.mean.length;
    const A = values.actions;
    const size = Math.max(1, Math.floor(4096 / A));
    let sum = 0;
    for (let from = 0; from < this.#filled; from += size) {
      const count = Math.min(size, this.#filled - from);
      const q = values.rows(this.#x.subarray(from * this.#width, (from + count) * this.#width), count);
      for (let n = 0; n < count; n++) {
        for (let h = 0; h < H; h++) {
          sum += (q[(n * A + this.#code[from + n]) * H + h] - this.#target[(from + n) * H + h]) ** 2;
        }
      }
    }
    return sum / this.#filled;
  }
}
