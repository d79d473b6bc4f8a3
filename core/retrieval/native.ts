import { kernel, openKernels, run } from '../tensor/native/run.js';
import type { Request } from './javascript.js';
import type { Table } from './table.js';

const scanTable = kernel('scanTable');
const scanListed = kernel('scanListed');
const scanBits = kernel('scanBits');
const scanBitsListed = kernel('scanBitsListed');
const scanEncode = kernel('scanEncode');
const scanUsesCodes = kernel('scanUsesCodes');
const readMemory = kernel('readMemory');

/** As in `src/best.h` and `src/codes.h`. */
const PANEL = 32;
const BLOCK = 32;
/** Numbers that the bounded heaps of one call may hold, for all its queries. */
const MOST_KEPT = 2 ** 24;
/** Narrower rows are scanned as they are: codes of a byte per number would take more than a third as much memory again. */
const LEAST_CODED_WIDTH = 16;

const NOTHING = new Uint8Array(0);

let opened: boolean | undefined;

/** Whether the native kernels are there. */
export function hasKernels(): boolean {
  if (opened !== undefined) return opened;
  try {
    openKernels();
    scanTable();
    return (opened = true);
  } catch {
    return (opened = false); // they were not compiled here; the scan in JavaScript gives the same answers
  }
}

/** Reads a table as fast as memory allows and does nothing with it: what a scan is compared with. */
export function readTable(table: Float32Array, out: Float32Array): void {
  run(readMemory(), [table], [out], [table.length, 1]);
}

/** Scans a table with the native kernels. Keeps the table's byte codes where this processor works on them. */
export class NativeScan {
  readonly #table: Table;
  #codes = new Uint8Array(0);
  /** Three numbers a block. */
  #measures = new Float32Array(0);
  /** Rows that have codes. */
  #coded = 0;

  constructor(table: Table) {
    this.#table = table;
  }

  /** Takes a batch in parts that the kernels' scratch has room for. */
  search({ first, count, k, ...rest }: Request): void {
    const part = Math.max(1, Math.min(PANEL, Math.floor(MOST_KEPT / (18 * k + 1024))));
    for (let at = first; at < first + count; at += part) {
      this.#searchPart({ ...rest, k, first: at, count: Math.min(part, first + count - at) });
    }
  }

  #searchPart({ queries, first, count, k, among, out }: Request): void {
    const { bytes, metric, rows, width, largestNorm } = this.#table;
    const each = metric === 'hamming' ? width / 8 : width;
    const hits = [out.rows, out.scores];
    if (among?.list !== undefined) {
      const code = metric === 'hamming' ? scanBitsListed() : scanListed();
      run(code, [queries, bytes, among.list], hits, [among.count, each, first, count, k]);
      return;
    }
    const bits = among?.bits ?? NOTHING;
    const masked = among === undefined ? 0 : 1;
    if (metric === 'hamming') {
      run(scanBits(), [queries, bytes, bits], hits, [rows, each, first, count, k, masked]);
      return;
    }
    const coded = this.#encode() ? 1 : 0;
    const inputs = [queries, bytes, this.#codes, this.#measures, bits];
    run(scanTable(), inputs, hits, [rows, width, first, count, k, coded, masked], [largestNorm]);
  }

  /** Brings the codes up to date; false where they are of no use. */
  #encode(): boolean {
    const { rows, width, bytes } = this.#table;
    if (width < LEAST_CODED_WIDTH || !usesCodes()) return false;
    if (rows === this.#coded) return true;
    const blocks = Math.ceil(rows / BLOCK);
    const blockBytes = BLOCK * 4 * Math.ceil(width / 4);
    if (this.#measures.length < 3 * blocks) {
      // As for the table: exactly what is needed at first, room for as much again later.
      const room = this.#coded === 0 ? blocks : Math.max(blocks, (2 * this.#measures.length) / 3);
      this.#codes = grown(this.#codes, new Uint8Array(room * blockBytes));
      this.#measures = grown(this.#measures, new Float32Array(room * 3));
    }
    const from = Math.floor(this.#coded / BLOCK);
    run(scanEncode(), [bytes], [this.#codes, this.#measures], [from, rows, width]);
    this.#coded = rows;
    return true;
  }
}

const answer = new Int32Array(1);
function usesCodes(): boolean {
  run(scanUsesCodes(), [], [answer], []);
  return answer[0] === 1;
}

function grown<T extends Float32Array | Uint8Array>(old: T, fresh: T): T {
  fresh.set(old);
  return fresh;
}
