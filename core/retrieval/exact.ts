import { elementOf, type Hits, type RowKind, type SearchOptions, type VectorIndex, type Vectors } from './contract.js';
import { readHeading, type Expected } from './heading.js';
import { Scanner, type Engine } from './scanner.js';
import { expectKind, Table } from './table.js';

/** Scoring an allowed row by itself costs about as much as passing over this many in a scan of all. */
const SCAN_PER_ROW = 32;

/**
 * The exact index: every search looks at every row (or every allowed one) and finds the best there are.
 *
 * A score is the same number on every machine, instruction set and number of threads, natively and in JavaScript; see
 * `innerProduct`. Where few rows are allowed they are scored one by one; otherwise the whole table is scanned and the
 * others are left out.
 */
export class ExactIndex implements VectorIndex {
  readonly metric;
  readonly width;
  readonly element;
  readonly #table: Table;
  readonly #scanner: Scanner;

  /** An empty index. The engine is chosen where none is named. */
  constructor(kind: RowKind, { engine }: { readonly engine?: Engine | undefined } = {}) {
    expectKind('exact index', kind);
    this.#table = kind instanceof Table ? kind : new Table(kind);
    this.#scanner = new Scanner(this.#table, engine);
    this.metric = kind.metric;
    this.width = kind.width;
    this.element = elementOf(kind.metric);
  }

  /**
   * Takes back what `save` gave. The bytes are shared, not copied, where they begin at a multiple of 4; leave them as
   * they are. Whatever is wrong with them, nothing is loaded.
   *
   * @param where     what to call them in a complaint, e.g. the file's name
   * @param expected  what the index must be, if it matters
   * @throws GymError `data`
   */
  static load(bytes: Uint8Array, where = 'exact index', expected: Expected = {}): ExactIndex {
    return new ExactIndex(Table.over(bytes, readHeading(where, bytes, 'exact', expected)));
  }

  get rows(): number {
    return this.#table.rows;
  }

  /** Who scans: compiled kernels, or JavaScript. */
  get engine(): Engine {
    return this.#scanner.engine;
  }

  add(vectors: Vectors): void {
    this.#table.append('exact index: add', vectors);
  }

  search(queries: Vectors, k: number, out: Hits, { allowed }: SearchOptions = {}): void {
    const few = Math.floor(this.rows / SCAN_PER_ROW);
    this.#scanner.scan(this.#scanner.prepare('exact index: search', { queries, k, out, allowed }, few));
  }

  save(): Uint8Array {
    return this.#table.toFile({ kind: 'exact', settings: [0, 0, 0] });
  }
}
