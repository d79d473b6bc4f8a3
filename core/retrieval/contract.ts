/**
 * Search for the rows of a table that score best against a query. An index holds rows of equal width and knows nothing
 * else about them: what a row stands for, its owner keeps.
 */

/**
 * How a row x is scored against a query q. Greater is better, always.
 *
 * - `inner-product`: Σ q_i·x_i
 * - `cosine`: the inner product of both brought to length 1. Rows are stored so; where either is all zeros, it is 0.
 * - `hamming`: minus the number of bits that differ
 */
export type Metric = 'inner-product' | 'cosine' | 'hamming';

/** What rows are made of: bits for `hamming`, float32 for the others. */
export type Element = 'float32' | 'bits';

/** What the rows of an index are. */
export interface RowKind {
  readonly metric: Metric;
  /** Numbers in a row; for `hamming` bits, a multiple of 8. 1 to 65536. */
  readonly width: number;
}

/**
 * Rows or queries, one after the other: [n, width] numbers, finite and of a norm of at most 1e18; or, for `hamming`,
 * [n, width / 8] bytes.
 */
export type Vectors = Float32Array | Uint8Array;

/**
 * The answers to a batch of B queries, [B, k] each, the best first; of equal scores the lower row. Where an index has
 * fewer than k rows to offer, the rest has row −1 and score −∞. The caller owns both arrays; a search overwrites them.
 */
export interface Hits {
  readonly rows: Int32Array;
  readonly scores: Float32Array;
}

/**
 * The rows a search may answer with: their numbers in any order, repetitions allowed; or a bit for each row of the
 * index, ⌈rows / 8⌉ bytes, the lowest bit of each byte first.
 */
export type Allowed = Int32Array | Uint8Array;

export interface SearchOptions {
  /** All rows where absent. */
  readonly allowed?: Allowed | undefined;
}

/** What every index can do. */
export interface VectorIndex extends RowKind {
  readonly element: Element;
  /** How many rows there are; they are numbered from 0 in the order in which they were added. */
  readonly rows: number;
  /**
   * Appends rows.
   *
   * @throws GymError `shape` or `numeric`, and then nothing was added
   */
  add(vectors: Vectors): void;
  /**
   * The k best rows for each query, written into `out`.
   *
   * @throws GymError `shape`, `numeric` or `usage`
   */
  search(queries: Vectors, k: number, out: Hits, options?: SearchOptions): void;
  /** The whole index in one buffer, a copy; `load` of the same class takes it back. */
  save(): Uint8Array;
}

/** Fresh arrays for the answers to `queries` queries. */
export function hitsFor(queries: number, k: number): Hits {
  return { rows: new Int32Array(queries * k), scores: new Float32Array(queries * k) };
}

/** What rows of a metric are made of. */
export function elementOf(metric: Metric): Element {
  return metric === 'hamming' ? 'bits' : 'float32';
}
