import { ONES, type Among } from './allowed.js';
import type { Hits, Vectors } from './contract.js';
import type { Table } from './table.js';

/** Part of a batch, checked and prepared: `count` queries from `first` on. */
export interface Request {
  readonly queries: Vectors;
  readonly first: number;
  readonly count: number;
  readonly k: number;
  readonly among?: Among | undefined;
  readonly out: Hits;
}

/**
 * Σ a_i·b_i: the products in double precision, added in 8 partial sums (i modulo 8), those added in halves, and the total
 * rounded once to float32. The native kernels use the same order and so give the same bits.
 */
export function innerProduct(a: Float32Array, aAt: number, b: Float32Array, bAt: number, width: number): number {
  const part = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < width; i++) part[i & 7] += a[aAt + i] * b[bAt + i];
  for (let half = 4; half >= 1; half /= 2) for (let j = 0; j < half; j++) part[j] += part[j + half];
  return Math.fround(part[0]) + 0; // never −0
}

/** How many bits differ in `bytes` bytes. */
export function differingBits(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number, bytes: number): number {
  let differ = 0;
  for (let i = 0; i < bytes; i++) differ += ONES[a[aAt + i] ^ b[bAt + i]];
  return differ;
}

/** The search as one would explain it: every row is scored, and the k best are kept in order. */
export function searchPlainly(table: Table, { queries, first, count, k, among, out }: Request): void {
  for (let q = first; q < first + count; q++) {
    let filled = 0;
    const consider = (row: number): void => {
      const score = scoreOf(table, queries, q, row);
      let at = q * k + filled;
      if (filled < k) filled++;
      else if (!isBetter(score, row, out.scores[--at], out.rows[at])) return;
      for (; at > q * k && isBetter(score, row, out.scores[at - 1], out.rows[at - 1]); at--) {
        out.scores[at] = out.scores[at - 1];
        out.rows[at] = out.rows[at - 1];
      }
      out.scores[at] = score;
      out.rows[at] = row;
    };
    if (among?.list !== undefined) for (let i = 0; i < among.count; i++) consider(among.list[i]);
    else {
      for (let row = 0; row < table.rows; row++) {
        if (among === undefined || ((among.bits[row >> 3] >> (row & 7)) & 1) !== 0) consider(row);
      }
    }
    out.rows.fill(-1, q * k + filled, (q + 1) * k);
    out.scores.fill(-Infinity, q * k + filled, (q + 1) * k);
  }
}

function scoreOf(table: Table, queries: Vectors, q: number, row: number): number {
  const { width, bytes, floats } = table;
  return queries instanceof Float32Array
    ? innerProduct(queries, q * width, floats, row * width, width)
    : 0 - differingBits(queries, (q * width) / 8, bytes, (row * width) / 8, width / 8);
}

function isBetter(score: number, row: number, thanScore: number, thanRow: number): boolean {
  return score > thanScore || (score === thanScore && row < thanRow);
}
