import { complaint } from '../../../core/check.js';
import { shuffle } from '../../../core/distributions.js';
import type { Rng } from '../../../core/random.js';
import type { Inputs } from '../../../core/tensor/compiled-programs.js';
import { BEGIN, END, PADDING } from './byte-pairs.js';

/** Places of a batch are rounded up to a multiple of this, so that a step is recorded for few shapes. */
const STEP = 8;

/**
 * Prompts with responses as tokens: begin mark, prompt, response, end mark. What counts is ln π of the response and its
 * end mark, given what comes before.
 */
export class TokenRows {
  /** Tokens of all rows, one after the other; row i is `tokens[start[i]] … tokens[start[i + 1] − 1]`. */
  readonly tokens: Int32Array;
  readonly start: Int32Array;
  /** [n] where each row's response begins in it. */
  readonly response: Int32Array;

  /** @param rows tokens without marks */
  constructor(rows: readonly { readonly prompt?: readonly number[]; readonly response: readonly number[] }[]) {
    this.start = new Int32Array(rows.length + 1);
    this.response = new Int32Array(rows.length);
    rows.forEach(({ prompt = [], response }, i) => {
      this.response[i] = 1 + prompt.length;
      this.start[i + 1] = this.start[i] + prompt.length + response.length + 2;
    });
    this.tokens = new Int32Array(this.start[rows.length]);
    rows.forEach(({ prompt = [], response }, i) => {
      this.tokens.set([BEGIN, ...prompt, ...response, END], this.start[i]);
    });
  }

  get count(): number {
    return this.response.length;
  }

  /** Places that a decoder needs for a row: all tokens but the last. */
  places(row: number): number {
    return this.start[row + 1] - this.start[row] - 1;
  }

  /** Tokens that count: the response's and its end mark. */
  counted(rows?: Int32Array): number {
    const of = (row: number): number => this.start[row + 1] - this.start[row] - this.response[row];
    if (rows !== undefined) return rows.reduce((sum, row) => sum + of(row), 0);
    return this.response.reduce((sum, _, row) => sum + of(row), 0);
  }

  /**
   * Some rows as inputs of a decoder, B rows of T places, T the longest rounded up to a multiple of 8.
   *
   * @param context most places
   * @returns `tokens`, `positions`, `targets` int32 [B, T], and `mask` [B, T]: 1 where the target counts
   * @throws a data error for a row that is longer than the context
   */
  inputs(rows: Int32Array, context: number, least = 1): Batch {
    const longest = rows.reduce((most, row) => Math.max(most, this.places(row)), least);
    if (longest > context)
      throw complaint('data', {
        where: 'tokens',
        expected: `rows of at most ${context} places`,
        received: String(longest),
        try: 'Raise the context, or leave long texts out.',
      });
    const T = Math.min(context, Math.ceil(longest / STEP) * STEP);
    const shape = [rows.length, T];
    const [tokens, positions, targets] = [0, 0, 0].map(() => new Int32Array(rows.length * T).fill(PADDING));
    const mask = new Float32Array(rows.length * T);
    rows.forEach((row, b) => {
      const [from, n] = [this.start[row], this.places(row)];
      for (let t = 0; t < T; t++) positions[b * T + t] = t;
      tokens.set(this.tokens.subarray(from, from + n), b * T);
      targets.set(this.tokens.subarray(from + 1, from + 1 + n), b * T);
      mask.fill(1, b * T + this.response[row] - 1, b * T + n);
    });
    return {
      tokens: { values: tokens, shape },
      positions: { values: positions, shape },
      targets: { values: targets, shape },
      mask: { values: mask, shape },
    };
  }
}

/** Inputs of a batch; see `TokenRows.inputs`. */
export interface Batch extends Inputs {
  readonly tokens: { readonly values: Int32Array; readonly shape: readonly number[] };
  readonly positions: { readonly values: Int32Array; readonly shape: readonly number[] };
  readonly targets: { readonly values: Int32Array; readonly shape: readonly number[] };
  readonly mask: { readonly values: Float32Array; readonly shape: readonly number[] };
}

/**
 * Batches of one pass over n rows in a random order: rows of like length together, so that little is padding and a step
 * is recorded for few shapes. Every row is in one batch, and only one of them may be smaller than the others.
 */
export function likeLengths(n: number, size: number, random: Rng, lengthOf: (row: number) => number): Int32Array[] {
  const order = Int32Array.from({ length: n }, (_, i) => i);
  shuffle(random, order);
  const groups = new Map<number, number[]>();
  const batches: Int32Array[] = [];
  for (const row of order) {
    const length = Math.ceil(lengthOf(row) / STEP);
    const group = groups.get(length) ?? [];
    groups.set(length, group);
    group.push(row);
    if (group.length < size) continue;
    batches.push(Int32Array.from(group));
    group.length = 0;
  }
  const left = [...groups].sort(([a], [b]) => a - b).flatMap(([, group]) => group);
  for (let from = 0; from < left.length; from += size) batches.push(Int32Array.from(left.slice(from, from + size)));
  const turns = Int32Array.from({ length: batches.length }, (_, i) => i);
  shuffle(random, turns);
  return Array.from(turns, (i) => batches[i]);
}
