import type { LogColumns, Shape } from '../store/fields.js';
import { CHUNK_ROWS } from '../store/tables.js';

/**
 * The rows of a log as they come in, up to a chunk of them. The importer writes row `rows` into the columns and then
 * counts it with `keep`; a row that turns out bad is simply written over by the next.
 */
export class ChunkBuilder {
  readonly timeMs = new Float64Array(CHUNK_ROWS).fill(NaN);
  readonly request = new Int32Array(CHUNK_ROWS).fill(-1);
  readonly session = new Int32Array(CHUNK_ROWS).fill(-1);
  readonly user = new Int32Array(CHUNK_ROWS).fill(-1);
  readonly position = new Int32Array(CHUNK_ROWS).fill(-1);
  readonly action = new Int32Array(CHUNK_ROWS);
  readonly propensity = new Float64Array(CHUNK_ROWS).fill(NaN);
  readonly policy = new Int32Array(CHUNK_ROWS);
  readonly endReason = new Uint8Array(CHUNK_ROWS);
  readonly outcomes: readonly Float32Array[];
  readonly numeric: Float32Array;
  readonly categorical: Int32Array;
  readonly #shape: Shape;
  readonly #listed: boolean;
  #offsets: number[] = [0];
  #codes: number[] = [];
  #rows = 0;

  /** @param listed whether rows list their candidates */
  constructor(shape: Shape, listed = false) {
    this.#shape = shape;
    this.#listed = listed;
    this.outcomes = Array.from({ length: shape.outcomes }, () => new Float32Array(CHUNK_ROWS));
    this.numeric = new Float32Array(CHUNK_ROWS * shape.numeric);
    this.categorical = new Int32Array(CHUNK_ROWS * shape.categorical);
  }

  /** The row to write next. */
  get rows(): number {
    return this.#rows;
  }

  /** Counts the row just written; with the candidates it could have chosen among where rows list them. */
  keep(candidates?: Iterable<number>): void {
    if (this.#listed) {
      for (const code of candidates ?? []) this.#codes.push(code);
      this.#offsets.push(this.#codes.length);
    }
    this.#rows++;
  }

  get full(): boolean {
    return this.#rows === CHUNK_ROWS;
  }

  /** The rows so far, as views that hold until the next row is written; starts over at row 0. */
  take(): LogColumns {
    const rows = this.#rows;
    const columns: LogColumns = {
      rows,
      timeMs: this.timeMs.subarray(0, rows),
      request: this.request.subarray(0, rows),
      session: this.session.subarray(0, rows),
      user: this.user.subarray(0, rows),
      position: this.position.subarray(0, rows),
      action: this.action.subarray(0, rows),
      propensity: this.propensity.subarray(0, rows),
      policy: this.policy.subarray(0, rows),
      endReason: this.endReason.subarray(0, rows),
      outcomes: this.outcomes.map((column) => column.subarray(0, rows)),
      numeric: this.numeric.subarray(0, rows * this.#shape.numeric),
      categorical: this.categorical.subarray(0, rows * this.#shape.categorical),
      candidates: this.#listed
        ? { offsets: Int32Array.from(this.#offsets), codes: Int32Array.from(this.#codes) }
        : 'all',
    };
    this.#rows = 0;
    this.#offsets = [0];
    this.#codes = [];
    return columns;
  }
}
