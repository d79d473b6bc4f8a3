import { complaint, expectLength } from '../check.js';
import { Planner } from './allowed.js';
import type { Allowed, Hits, Vectors } from './contract.js';
import { searchPlainly, type Request } from './javascript.js';
import { hasKernels, NativeScan } from './native.js';
import { copyPrepared, countVectors, type Table } from './table.js';

/** Who does the scanning: compiled kernels, or the same in JavaScript. Both give the same rows and the same scores. */
export type Engine = 'native' | 'javascript';

/** A search as it was asked for. */
export interface Asked {
  readonly queries: Vectors;
  readonly k: number;
  readonly out: Hits;
  readonly allowed?: Allowed | undefined;
}

/** Exact search in a table. Holds the memory that searches use again and again. */
export class Scanner {
  readonly engine: Engine;
  readonly #table: Table;
  readonly #native: NativeScan | undefined;
  readonly #planner = new Planner();
  #queries = new Float32Array(0);

  /** Scans natively where the kernels were compiled, unless told otherwise. */
  constructor(table: Table, engine?: Engine) {
    if (engine === 'native' && !hasKernels()) {
      throw complaint('usage', {
        where: 'exact scan',
        expected: 'the native kernels',
        received: 'no compiled ones',
        try: 'Run npm run build:native, or leave the engine to be chosen.',
      });
    }
    this.engine = engine ?? (hasKernels() ? 'native' : 'javascript');
    this.#table = table;
    this.#native = this.engine === 'native' ? new NativeScan(table) : undefined;
  }

  /**
   * Checks and prepares a search. At most `few` allowed rows become a list.
   *
   * @throws GymError as `VectorIndex.search` does
   */
  prepare(where: string, { queries, k, out, allowed }: Asked, few: number): Request {
    const table = this.#table;
    if (!Number.isInteger(k) || k < 1 || k >= 2 ** 31) {
      throw complaint('usage', { where: `${where}: k`, expected: 'a whole number from 1', received: String(k) });
    }
    const count = countVectors(`${where}: queries`, table, queries);
    expectLength(`${where}: out.rows`, out.rows, { queries: count, k });
    expectLength(`${where}: out.scores`, out.scores, { queries: count, k });
    const among = allowed === undefined ? undefined : this.#planner.plan(where, allowed, table.rows, few);
    if (!(queries instanceof Float32Array)) return { queries, first: 0, count, k, among, out };
    if (this.#queries.length < queries.length) this.#queries = new Float32Array(queries.length);
    copyPrepared(`${where}: queries`, table, queries, this.#queries);
    return { queries: this.#queries, first: 0, count, k, among, out };
  }

  /** Answers what `prepare` has prepared, or a part of it. */
  scan(request: Request): void {
    if (this.#native === undefined) searchPlainly(this.#table, request);
    else this.#native.search(request);
  }
}
