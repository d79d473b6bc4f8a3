import { complaint } from '../check.js';
import type { Allowed } from './contract.js';

/**
 * Which rows a search looks at: all (absent), those whose bit is set, or the first `length` of a list without
 * repetitions. `count` is how many there are.
 */
export type Among =
  | { readonly bits: Uint8Array; readonly list?: undefined; readonly count: number }
  | { readonly list: Int32Array; readonly bits?: undefined; readonly count: number };

/**
 * Turns what a caller allows into what a scan looks at: a list of rows where there are at most `few`, which is then
 * scored row by row, and bits otherwise. Its memory is used again by the next search.
 */
export class Planner {
  #bits = new Uint8Array(0);
  #list = new Int32Array(0);
  /** Whether bits may be left from an earlier search. */
  #stained = false;

  /** @throws GymError `shape` or `usage` where a row or the length is wrong */
  plan(where: string, allowed: Allowed, rows: number, few: number): Among {
    return allowed instanceof Int32Array
      ? this.#fromList(where, allowed, rows, few)
      : this.#fromBits(where, allowed, rows, few);
  }

  #fromList(where: string, allowed: Int32Array, rows: number, few: number): Among {
    this.#reserve(rows, Math.min(rows, allowed.length));
    const bits = this.#bits;
    const list = this.#list;
    this.#stained = true;
    let count = 0;
    for (const row of allowed) {
      if (row < 0 || row >= rows) {
        const expected = rows === 0 ? 'no rows, for the index is empty' : `rows from 0 to ${rows - 1}`;
        throw complaint('usage', { where: `${where}: allowed`, expected, received: String(row) });
      }
      const bit = 1 << (row & 7);
      if ((bits[row >> 3] & bit) !== 0) continue;
      bits[row >> 3] |= bit;
      list[count++] = row;
    }
    if (count > few) return { bits, count };
    for (let i = 0; i < count; i++) bits[list[i] >> 3] = 0;
    this.#stained = false;
    return { list, count };
  }

  #fromBits(where: string, allowed: Uint8Array, rows: number, few: number): Among {
    const bytes = Math.ceil(rows / 8);
    if (allowed.length !== bytes) {
      const expected = `an Int32Array of rows, or a Uint8Array of ${bytes} bytes (a bit for each of ${rows} rows)`;
      throw complaint('shape', { where: `${where}: allowed`, expected, received: `${allowed.length} bytes` });
    }
    // Bits behind the last row count for nothing.
    const last = rows % 8 === 0 ? 0xff : (1 << (rows % 8)) - 1;
    let count = 0;
    for (let i = 0; i < bytes; i++) count += ONES[i === bytes - 1 ? allowed[i] & last : allowed[i]];
    if (count > few) return { bits: allowed, count };
    this.#reserve(0, count);
    const list = this.#list;
    for (let i = 0, at = 0; at < count; i++) {
      for (let byte = i === bytes - 1 ? allowed[i] & last : allowed[i]; byte !== 0; byte &= byte - 1) {
        list[at++] = 8 * i + 31 - Math.clz32(byte & -byte);
      }
    }
    return { list, count };
  }

  #reserve(rows: number, listed: number): void {
    if (this.#list.length < listed) this.#list = new Int32Array(listed);
    const bytes = Math.ceil(rows / 8);
    if (this.#bits.length < bytes) this.#bits = new Uint8Array(bytes);
    else if (this.#stained) this.#bits.fill(0);
  }
}

/** How many bits of a byte are set. */
export const ONES = Uint8Array.from({ length: 256 }, (_, byte) => {
  let ones = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) ones++;
  return ones;
});
