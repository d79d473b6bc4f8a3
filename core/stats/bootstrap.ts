import { KeyedDraws } from '../draws.js';
import type { Interval } from './intervals.js';
import { canCountNatively, countNatively } from './native-draws.js';
import { quantileOfSorted } from './moments.js';

/** Rows that one call goes through: engines compile a short function that is called often better than one long loop. */
const BLOCK = 4096;
/** From an unsigned 32-bit word to [0, 1). */
const UNIT = 2 ** -32;

/**
 * The bootstrap of anything made of sums (Efron 1979): each replicate draws N rows with replacement and hands on the
 * sums of the columns over the rows drawn, so that numerators and normalisers move together. Nothing is allocated per
 * replicate or row.
 *
 * Replicate r depends on (seed, r) alone: its two key words come from Threefry (`KeyedDraws`), and draw i is a keyed
 * mixing of the counter i (two multiply-xor-shift rounds with the second key between them). Rows are counted as they
 * are drawn, and the columns then read in order, which is kinder to caches than fetching the rows drawn: one byte a row
 * is reached at random. Time per row and replicate: `recsys-gym bench evaluate`.
 *
 * @param columns [columns][N] equally long
 * @param visit   receives the sums, one per column, in an array that the next replicate overwrites
 */
export function bootstrapSums(
  columns: readonly Float64Array[],
  options: { readonly replicates: number; readonly seed: number | string },
  visit: (sums: Float64Array, replicate: number) => void,
): void {
  const n = columns.length === 0 ? 0 : columns[0].length;
  const sums = new Float64Array(columns.length);
  bootstrapCounts(n, options, (counts, replicate) => {
    sums.fill(0);
    for (let from = 0; from < n; from += BLOCK) {
      const to = Math.min(from + BLOCK, n);
      for (let c = 0; c < sums.length; c += 2) addCounted(columns, c, sums, counts, from, to);
    }
    visit(sums, replicate);
  });
}

/**
 * The same draws for what is not made of sums: hands on how often each of n rows was drawn, in an array that the next
 * replicate overwrites. A byte is enough: that any row is drawn 256 times has a probability below n / 256! ≈ n·10⁻⁵⁰⁷.
 */
export function bootstrapCounts(
  n: number,
  { replicates, seed }: { readonly replicates: number; readonly seed: number | string },
  visit: (counts: Uint8Array, replicate: number) => void,
): void {
  const draws = new KeyedDraws(seed, 'bootstrap');
  const counts = new Uint8Array(n);
  const native = n > 0 && canCountNatively();
  for (let replicate = 0; replicate < replicates; replicate++) {
    draws.at(0, replicate);
    const key0 = (draws.next() / UNIT) | 0;
    const key1 = (draws.next() / UNIT) | 0;
    if (native) countNatively(counts, key0, key1);
    else {
      counts.fill(0);
      for (let from = 0; from < n; from += BLOCK) countDraws(counts, from, Math.min(from + BLOCK, n), key0, key1);
    }
    visit(counts, replicate);
  }
}

/** Makes the draws number `from` to `to`, four at a time, because their mixings need not wait for each other. */
function countDraws(counts: Uint8Array, from: number, to: number, key0: number, key1: number): void {
  const scale = counts.length * UNIT;
  let i = from;
  for (; i + 3 < to; i += 4) {
    const first = mixed(i, key0, key1) * scale;
    const second = mixed(i + 1, key0, key1) * scale;
    const third = mixed(i + 2, key0, key1) * scale;
    const fourth = mixed(i + 3, key0, key1) * scale;
    counts[first >>> 0]++;
    counts[second >>> 0]++;
    counts[third >>> 0]++;
    counts[fourth >>> 0]++;
  }
  for (; i < to; i++) counts[(mixed(i, key0, key1) * scale) >>> 0]++;
}

/** An unsigned 32-bit word from a counter and two keys. */
function mixed(counter: number, key0: number, key1: number): number {
  let h = counter ^ key0;
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
  h = (h + key1) | 0;
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  return (h ^ (h >>> 15)) >>> 0;
}

/** Adds Σ counts·column over some rows for two columns, which share the reading of the counts (the last may be alone). */
function addCounted(
  columns: readonly Float64Array[],
  c: number,
  sums: Float64Array,
  counts: Uint8Array,
  from: number,
  to: number,
): void {
  const x = columns[c];
  const y = c + 1 < columns.length ? columns[c + 1] : x;
  // Two running sums per column, so that an addition need not wait for the one before it.
  let evenX = 0;
  let oddX = 0;
  let evenY = 0;
  let oddY = 0;
  let i = from;
  for (; i + 1 < to; i += 2) {
    const even = counts[i];
    const odd = counts[i + 1];
    evenX += even * x[i];
    evenY += even * y[i];
    oddX += odd * x[i + 1];
    oddY += odd * y[i + 1];
  }
  if (i < to) {
    evenX += counts[i] * x[i];
    evenY += counts[i] * y[i];
  }
  sums[c] += evenX + oddX;
  if (c + 1 < columns.length) sums[c + 1] += evenY + oddY;
}

/** Percentile interval: the (1 − level)/2 and (1 + level)/2 quantiles of the replicates. Sorts them in place. */
export function percentileInterval(replicated: Float64Array, level: number): Interval {
  replicated.sort();
  return {
    low: quantileOfSorted(replicated, (1 - level) / 2),
    high: quantileOfSorted(replicated, (1 + level) / 2),
  };
}
