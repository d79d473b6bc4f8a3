import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { complaint } from '../check.js';
import type { Among } from './allowed.js';
import { elementOf, type Hits, type RowKind, type SearchOptions, type VectorIndex, type Vectors } from './contract.js';
import { HEADING, readHeading, sectionEnd, type Expected } from './heading.js';
import type { Request } from './javascript.js';
import { Scanner } from './scanner.js';
import { expectKind, Table } from './table.js';
import { openGraph, type Graph } from './usearch.js';

/** How a graph is built and searched. All three cost time and buy recall. */
export interface ApproximateSettings {
  /** Neighbours a row keeps. 16 for 50 to 200 numbers a row, more for wider rows. */
  readonly connectivity: number;
  /** Candidates looked at when a row is added. */
  readonly expansionAdd: number;
  /** Candidates looked at in a search; at least k are. */
  readonly expansionSearch: number;
}

/** Scoring that many rows takes about as long as a search in the graph. */
const FEW_ROWS = 4096;
/** Where at most this share of the rows is allowed, they are scanned instead. */
const SMALL_SHARE = 0.05;
/** How many times more rows are fetched from the graph than would be needed if allowed ones were spread evenly. */
const OVERFETCH = 1.5;

/**
 * The approximate index: a graph of neighbours (the usearch package, HNSW) proposes rows, which are then scored as the
 * exact index scores them. It finds most of the best rows, and every score it gives is exact. It looks at few rows and so
 * pays for large tables; with batches of queries the exact scan stays ahead for long. Measure both.
 *
 * The graph knows no filter. With allowed rows, more are fetched and the others dropped; where few are allowed (4,096, or
 * a twentieth), or fewer than k are left, those that are allowed are scanned. Graphs are built by one thread, so that
 * equal rows give an equal index. Inner products of rows whose lengths differ widely are hard for it; measure recall.
 */
export class ApproximateIndex implements VectorIndex {
  readonly metric;
  readonly width;
  readonly element;
  readonly settings: ApproximateSettings;
  readonly #table: Table;
  readonly #scanner: Scanner;
  readonly #graph: Graph;
  #candidates = new Int32Array(0);

  /**
   * An empty index.
   *
   * @throws GymError `usage` where the optional package is not installed, or for `hamming`
   */
  constructor(kind: RowKind, settings: Partial<ApproximateSettings> = {}) {
    expectKind('approximate index', kind);
    if (kind.metric === 'hamming') {
      throw complaint('usage', {
        where: 'approximate index',
        expected: "the metric 'inner-product' or 'cosine'",
        received: "'hamming'",
        try: 'Use the exact index, which scans bits fast.',
      });
    }
    this.settings = { connectivity: 16, expansionAdd: 128, expansionSearch: 64, ...settings };
    for (const [name, value] of Object.entries(this.settings)) {
      if (!Number.isInteger(value) || value < 1) {
        const expected = 'a whole number from 1';
        throw complaint('usage', { where: `approximate index: ${name}`, expected, received: String(value) });
      }
    }
    this.#table = kind instanceof Table ? kind : new Table(kind);
    this.#scanner = new Scanner(this.#table);
    this.#graph = openGraph({
      dimensions: kind.width,
      connectivity: this.settings.connectivity,
      expansion_add: this.settings.expansionAdd,
      expansion_search: this.settings.expansionSearch,
    });
    this.metric = kind.metric;
    this.width = kind.width;
    this.element = elementOf(kind.metric);
  }

  /** Takes back what `save` gave, as `ExactIndex.load` does; the graph, which is the library's, is copied. */
  static load(bytes: Uint8Array, where = 'approximate index', expected: Expected = {}): ApproximateIndex {
    const heading = readHeading(where, bytes, 'approximate', expected);
    const [connectivity, expansionAdd, expansionSearch] = heading.settings;
    const table = Table.over(bytes, heading);
    const index = new ApproximateIndex(table, { connectivity, expansionAdd, expansionSearch });
    const graph = bytes.subarray(sectionEnd(HEADING + table.bytes.length));
    if (table.rows > 0) {
      inFile((path) => {
        writeFileSync(path, graph);
        index.#graph.load(path);
      });
    }
    return index;
  }

  get rows(): number {
    return this.#table.rows;
  }

  add(vectors: Vectors): void {
    const from = this.rows;
    this.#table.append('approximate index: add', vectors);
    const added = this.rows - from;
    if (added === 0) return;
    const keys = BigUint64Array.from({ length: added }, (_, i) => BigInt(from + i));
    this.#graph.add(keys, this.#table.floats.subarray(from * this.width), 1);
  }

  search(queries: Vectors, k: number, out: Hits, { allowed }: SearchOptions = {}): void {
    const few = Math.max(FEW_ROWS, Math.floor(this.rows * SMALL_SHARE));
    const request = this.#scanner.prepare('approximate index: search', { queries, k, out, allowed }, few);
    const { among } = request;
    const share = among === undefined ? 1 : among.count / this.rows;
    const fetch = Math.min(this.rows, share === 1 ? k : Math.ceil((k / share) * OVERFETCH));
    if (among?.list !== undefined || fetch > few || fetch === 0 || request.count === 0) this.#scanner.scan(request);
    else this.#searchGraph(request, fetch, among);
  }

  save(): Uint8Array {
    const { connectivity, expansionAdd, expansionSearch } = this.settings;
    let graph: Uint8Array = new Uint8Array(0);
    if (this.rows > 0) {
      inFile((path) => {
        this.#graph.save(path);
        graph = readFileSync(path);
      });
    }
    return this.#table.toFile({ kind: 'approximate', settings: [connectivity, expansionAdd, expansionSearch] }, graph);
  }

  #searchGraph(request: Request, fetch: number, among: Among | undefined): void {
    const { queries, count, k } = request;
    const asked = queries instanceof Float32Array ? queries.subarray(0, count * this.width) : new Float32Array(0);
    const { keys, counts } = this.#graph.search(asked, fetch, 1);
    if (this.#candidates.length < fetch) this.#candidates = new Int32Array(fetch);
    const wanted = Math.min(k, among === undefined ? this.rows : among.count);
    for (let q = 0; q < count; q++) {
      const found = counts === undefined ? keys.length : Number(counts[q]);
      let kept = 0;
      for (let i = 0; i < found; i++) {
        const row = Number(keys[q * fetch + i]);
        if (among?.bits === undefined || ((among.bits[row >> 3] >> (row & 7)) & 1) !== 0) {
          this.#candidates[kept++] = row;
        }
      }
      const candidates = kept < wanted ? among : { list: this.#candidates, count: kept };
      this.#scanner.scan({ ...request, first: q, count: 1, among: candidates });
    }
  }
}

/** Runs `work` with the path of a file that is gone afterwards: the library saves and loads files only. */
function inFile(work: (path: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'recsys-gym-index-'));
  try {
    work(join(folder, 'graph'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
