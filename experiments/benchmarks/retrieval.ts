import { hitsFor, type Vectors } from '../../core/retrieval/contract.js';
import { ExactIndex } from '../../core/retrieval/exact.js';
import { readTable } from '../../core/retrieval/native.js';
import { median, sample } from './tensor-clock.js';
import { loadNow, machineNotes, useThreads } from './tensor-machine.js';

/** One search, and what it is held to. Times are medians in milliseconds. */
interface SearchResult {
  /** One call of `search`. */
  readonly ms: number;
  /** Reading the same bytes and doing nothing with them. */
  readonly readMs?: number;
  /** Time over that of the reading. */
  readonly ratio?: number;
  /** The most that the ratio (or, where nothing is read beside it, the time) may be. */
  readonly bar?: number;
  readonly holds?: boolean;
}

export interface RetrievalBenchmark {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  readonly notes: readonly string[];
  readonly searches: Readonly<Record<string, SearchResult>>;
}

export interface RetrievalSizes {
  /** Rows of float32 numbers. */
  readonly rows: number;
  readonly width: number;
  readonly batch: number;
  /** Rows of bits. */
  readonly codes: number;
  readonly bits: number;
  readonly k: number;
}

const FULL: RetrievalSizes = { rows: 1_000_000, width: 64, batch: 32, codes: 10_000_000, bits: 256, k: 100 };
/** A batch of exact searches may take so many times what it takes to read the table. */
const READ_BAR = 1.5;
/** The codes must be gone through within so many milliseconds per query. */
const CODES_BAR_MS = 60;

/**
 * Exact search on made-up rows: inner products of float32, beside a plain read of the table in the same rounds, and
 * differing bits of codes.
 */
export function benchRetrieval({
  threads = 1,
  rounds = 5,
  seconds = 0.3,
  sizes = FULL,
}: {
  readonly threads?: number;
  readonly rounds?: number;
  readonly seconds?: number;
  readonly sizes?: RetrievalSizes;
} = {}): RetrievalBenchmark {
  const { rows, width, batch, codes, bits, k } = sizes;
  const before = loadNow();
  const native = new ExactIndex({ metric: 'inner-product', width }).engine === 'native';
  const restore = native ? useThreads(threads) : () => undefined;
  try {
    const exact = floatSearch(sizes, native, { rounds, seconds });
    const [one, many] = codeSearch(sizes, { rounds, seconds });
    const named: Record<string, SearchResult> = {
      [`top ${k} of ${rows} × ${width} float32, batch ${batch}`]: exact,
      [`top ${k} of ${codes} codes of ${bits} bits, one query`]: one,
      [`top ${k} of ${codes} codes of ${bits} bits, batch ${batch}`]: many,
    };
    return {
      columns: ['search', 'ms', 'reading ms', 'search/reading', 'bar'],
      rows: Object.entries(named).map(([name, { ms, readMs, ratio, bar, holds }]) => {
        const limit = bar === undefined ? '' : `≤ ${bar}${ratio === undefined ? ' ms' : ''}`;
        return [name, ms, readMs ?? '', ratio ?? '', holds === undefined ? limit : `${limit}: ${word(holds)}`];
      }),
      notes: [
        `Medians of ${rounds} rounds, threads: ${threads}; ${native ? 'native kernels' : 'in JavaScript: nothing was compiled here'}.`,
        ...machineNotes(before, threads),
      ],
      searches: named,
    };
  } finally {
    restore();
  }
}

const word = (holds: boolean): string => (holds ? 'holds' : 'missed');

interface Rounds {
  readonly rounds: number;
  readonly seconds: number;
}

/** Searching and reading take turns. */
function floatSearch({ rows, width, batch, k }: RetrievalSizes, native: boolean, turns: Rounds): SearchResult {
  const index = new ExactIndex({ metric: 'inner-product', width });
  const table = numbers(rows * width, 1);
  index.add(table);
  const [queries, hits, sum] = [numbers(batch * width, 2), hitsFor(batch, k), new Float32Array(1)];
  const search = (): void => index.search(queries, k, hits);
  if (!native) return { ms: medianOf([search], turns)[0], bar: READ_BAR };
  const [ms, readMs] = medianOf([search, () => readTable(table, sum)], turns);
  const ratio = ms / readMs;
  return { ms, readMs, ratio, bar: READ_BAR, holds: ratio <= READ_BAR };
}

/** One query at a time, and a batch. */
function codeSearch({ batch, codes, bits, k }: RetrievalSizes, turns: Rounds): [SearchResult, SearchResult] {
  const index = new ExactIndex({ metric: 'hamming', width: bits });
  index.add(bytes((codes * bits) / 8, 3));
  const searching = (count: number): (() => void) => {
    const [queries, hits] = [bytes((count * bits) / 8, 4), hitsFor(count, k)];
    return () => index.search(queries, k, hits);
  };
  const [one, many] = medianOf([searching(1), searching(batch)], turns);
  return [
    { ms: one, bar: CODES_BAR_MS, holds: one <= CODES_BAR_MS },
    { ms: many, bar: CODES_BAR_MS * batch, holds: many <= CODES_BAR_MS * batch },
  ];
}

function medianOf(works: readonly (() => void)[], { rounds, seconds }: Rounds): number[] {
  const samples = works.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    works.forEach((work, i) => samples[i].push(...sample(work, seconds)));
  }
  return samples.map(median);
}

/** A well-mixed 32-bit number per place and salt, far faster than a stream: the tables are large. */
function mixed(place: number, salt: number): number {
  let h = Math.imul(place ^ Math.imul(salt, 0x9e3779b1), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  return (h ^ (h >>> 15)) >>> 0;
}

function numbers(length: number, salt: number): Float32Array {
  const out = new Float32Array(length);
  for (let i = 0; i < length; i++) out[i] = mixed(i, salt) / 2 ** 31 - 1;
  return out;
}

function bytes(length: number, salt: number): Vectors {
  const out = new Uint8Array(length);
  for (let i = 0; i < length; i++) out[i] = mixed(i, salt) >>> 24;
  return out;
}
