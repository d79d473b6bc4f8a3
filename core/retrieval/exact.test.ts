import { fc, testProp } from '@fast-check/ava';
import test, { type ExecutionContext } from 'ava';
import { addon } from '../tensor/native/addon.js';
import { hitsFor, type Allowed, type Metric, type RowKind, type Vectors } from './contract.js';
import { ExactIndex } from './exact.js';
import { hasKernels } from './native.js';
import { random, ROWS, vectorsOf, type Rows } from './_vectors.test.js';

/** Runs `body` once for every instruction set of this processor with one thread and with two. */
function everywhere(t: ExecutionContext, body: (where: string) => void): void {
  if (!hasKernels()) {
    t.log('native kernels: not compiled here, so only the scan in JavaScript was tested');
    t.pass();
    return;
  }
  const native = addon();
  const threads = native.threads();
  const sets = native.instructionSets();
  try {
    for (const set of sets) {
      for (const count of [1, 2]) {
        native.useInstructionSet(set);
        native.threads(count);
        body(`${set}, threads: ${count}`);
      }
    }
  } finally {
    native.useInstructionSet(sets[0]);
    native.threads(threads);
  }
}

type Found = ReturnType<typeof search>;

/** The first place where two answers differ, in words; nothing where they are the same. */
function difference(a: Found, b: Found): string | undefined {
  const place = a.rows.findIndex((row, i) => row !== b.rows[i] || !Object.is(a.scores[i], b.scores[i]));
  if (place < 0) return undefined;
  return `place ${place}: row ${a.rows[place]} of ${a.scores[place]}, row ${b.rows[place]} of ${b.scores[place]}`;
}

function indexOf(kind: RowKind, rows: Vectors, engine?: 'javascript' | 'native'): ExactIndex {
  const index = new ExactIndex(kind, { engine });
  index.add(rows);
  return index;
}

function search(
  index: ExactIndex,
  queries: Vectors,
  k: number,
  allowed?: Allowed,
): { rows: number[]; scores: number[] } {
  const each = index.metric === 'hamming' ? index.width / 8 : index.width;
  const out = hitsFor(queries.length / each, k);
  out.rows.fill(77);
  out.scores.fill(NaN);
  index.search(queries, k, out, { allowed });
  return { rows: [...out.rows], scores: [...out.scores] };
}

/** All rows in order, by the definition of each metric and a plain sort. */
function bySorting({ metric, width }: RowKind, rows: Vectors, query: Vectors): { row: number; score: number }[] {
  const each = metric === 'hamming' ? width / 8 : width;
  const length = (v: ArrayLike<number>): number => Math.sqrt(Array.from(v).reduce((sum, x) => sum + x * x, 0)) || 1;
  const scored = Array.from({ length: rows.length / each }, (_, row) => {
    const x = Array.from(rows.subarray(row * each, (row + 1) * each));
    if (metric === 'hamming') {
      const bits = x.map((byte, i) => (byte ^ query[i]).toString(2).replaceAll('0', '').length);
      return { row, score: -bits.reduce((sum, n) => sum + n, 0) };
    }
    const product = x.reduce((sum, value, i) => sum + value * query[i], 0);
    return { row, score: metric === 'cosine' ? product / length(x) / length(query) : product };
  });
  return scored.sort((a, b) => b.score - a.score || a.row - b.row);
}

test('worked by hand: three rows, two queries, each metric', (t) => {
  const rows = Float32Array.of(1, 0, 0, 2, 3, 4);
  const queries = Float32Array.of(1, 1, 0, -1);
  const product = indexOf({ metric: 'inner-product', width: 2 }, rows);
  // (1, 1): 1, 2, 7. (0, −1): 0, −2, −4.
  t.deepEqual(search(product, queries, 2), { rows: [2, 1, 0, 1], scores: [7, 2, 0, -2] });
  const cosine = indexOf({ metric: 'cosine', width: 2 }, rows);
  // (0, −1): 0, −1, −4/5.
  t.deepEqual(search(cosine, queries.subarray(2), 3), { rows: [0, 2, 1], scores: [0, Math.fround(-0.8), -1] });
  // 1010 0000 against 1111 0000 (2 bits differ), 1010 0001 (1), 0000 0000 (2): of equal ones the lower row.
  const bits = indexOf({ metric: 'hamming', width: 8 }, Uint8Array.of(0xf0, 0xa1, 0x00));
  t.deepEqual(search(bits, Uint8Array.of(0xa0), 4), { rows: [1, 0, 2, -1], scores: [-1, -2, -2, -Infinity] });
});

test('an index says what it is, and which engine scans', (t) => {
  const index = new ExactIndex({ metric: 'hamming', width: 16 });
  t.is(index.element, 'bits');
  t.is(index.rows, 0);
  t.is(index.engine, hasKernels() ? 'native' : 'javascript');
  t.is(new ExactIndex(index, { engine: 'javascript' }).engine, 'javascript');
});

testProp.serial(
  'the scan in JavaScript is a plain sort by score',
  [ROWS, fc.integer({ min: 1, max: 20 })],
  (t, shape, k) => {
    const { kind, rows, queries } = vectorsOf({ ...shape, spread: 'whole', count: Math.min(shape.count, 60) });
    const found = search(indexOf(kind, rows, 'javascript'), queries, k);
    const each = queries.length / shape.queries;
    t.is(found.rows.length, k * shape.queries);
    for (let q = 0; q < shape.queries; q++) {
      const sorted = bySorting(kind, rows, queries.subarray(q * each, (q + 1) * each)).slice(0, k);
      const scores = found.scores.slice(q * k, q * k + sorted.length);
      if (kind.metric !== 'cosine')
        t.deepEqual(
          found.rows.slice(q * k, q * k + sorted.length),
          sorted.map((hit) => hit.row),
        );
      t.true(sorted.every((hit, i) => Math.abs(hit.score - scores[i]) < 1e-6 * (1 + Math.abs(hit.score))));
      t.true(found.rows.slice(q * k + sorted.length, (q + 1) * k).every((row) => row === -1));
    }
  },
  { numRuns: 60 },
);

testProp.serial(
  'every instruction set and number of threads gives the rows and the very bits of the scan in JavaScript',
  [
    ROWS,
    fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 300 })),
    fc.constantFrom('all', 'list', 'bits'),
  ],
  (t, shape, k, filter) => {
    const { kind, rows, queries } = vectorsOf(shape);
    const allowed = filter === 'all' ? undefined : allow(shape, filter);
    const plain = search(indexOf(kind, rows, 'javascript'), queries, k, allowed);
    t.is(plain.rows.length, k * shape.queries);
    everywhere(t, (where) => {
      t.is(difference(search(indexOf(kind, rows, 'native'), queries, k, allowed), plain), undefined, where);
    });
  },
  { numRuns: 120 },
);

/** A random subset; small and large ones take different paths. */
function allow({ count, seed }: Rows, form: string): Allowed {
  const next = random(seed + 1);
  const share = next() ** 3;
  const rows = Array.from({ length: count }, (_, row) => row).filter(() => next() < share);
  if (form === 'list') return Int32Array.from([...rows, ...rows.slice(0, 3)].reverse());
  const bits = new Uint8Array(Math.ceil(count / 8));
  for (const row of rows) bits[row >> 3] |= 1 << (row & 7);
  if (count % 8 !== 0) bits[bits.length - 1] |= 0x80; // behind the last row: counts for nothing
  return bits;
}

for (const [order, sign] of [
  ['rising', 1],
  ['falling', -1],
  ['equal', 0],
] as const) {
  test.serial(`a table large enough for several threads, with ${order} lengths`, (t) => {
    const kind = { metric: 'inner-product', width: 48 } as const;
    const { rows, queries } = vectorsOf({ kind, count: 9000, queries: 33, spread: 'normal', seed: 5 });
    if (rows instanceof Float32Array) rows.forEach((x, i) => (rows[i] = x * (1 + (sign * Math.floor(i / 48)) / 9001)));
    const plain = search(indexOf(kind, rows, 'javascript'), queries, 100);
    everywhere(t, (where) =>
      t.is(difference(search(indexOf(kind, rows, 'native'), queries, 100), plain), undefined, where),
    );
  });
}

test.serial('rows and queries of zeros, rows that are all alike, and more ties than there is room for', (t) => {
  const kind = { metric: 'inner-product', width: 16 } as const;
  const rows = new Float32Array(16 * 5000);
  rows.fill(0.1, 16 * 2000, 16 * 4500);
  const queries = new Float32Array(32).fill(0.3, 16);
  everywhere(t, (where) => {
    const { rows: found } = search(indexOf(kind, rows, 'native'), queries, 3);
    t.deepEqual(found, [0, 1, 2, 2000, 2001, 2002], where);
  });
});

/**
 * One row whose product in byte codes falls short of its score by as much as it ever can, among rows that score a little
 * less and are stored without loss. A bound that is too small by a few hundredths passes over the row.
 */
function hardest(lossy: 'row' | 'query'): { rows: Float32Array; query: Float32Array } {
  const sign = (i: number): number => (i % 2 === 0 ? 1 : -1);
  // Scale 1: the greatest is 127. What is lost lies along the other vector, which is a multiple of ±127.
  const lost = Float32Array.from({ length: 17 }, (_, i) => (i === 0 ? 127 : 20 * sign(i >> 1) + 0.49 * sign(i)));
  const kept = Float32Array.from({ length: 17 }, (_, i) => (i === 0 ? 0 : 127 * sign(i)));
  const [row, query] = lossy === 'row' ? [lost, kept] : [kept, lost];
  const score = row.reduce((sum, x, i) => sum + x * query[i], 0);
  const at = lossy === 'row' ? 2 : 0;
  const rows = new Float32Array(41 * 17);
  for (let i = 0; i < 40; i++) rows[17 * i + at] = (0.999 * score) / query[at];
  rows.set(row, 40 * 17);
  return { rows, query };
}

for (const lossy of ['row', 'query'] as const) {
  test.serial(`no row is passed over, however badly the ${lossy} is stored as bytes`, (t) => {
    const { rows, query } = hardest(lossy);
    const kind = { metric: 'inner-product', width: 17 } as const;
    t.deepEqual(search(indexOf(kind, rows, 'javascript'), query, 1).rows, [40]);
    everywhere(t, (where) => t.deepEqual(search(indexOf(kind, rows, 'native'), query, 1).rows, [40], where));
  });
}

test.serial('rows that differ by less than floats can add up are told apart', (t) => {
  for (const width of [3, 9, 30, 66]) {
    const kind = { metric: 'inner-product', width } as const;
    const { rows, queries } = vectorsOf({ kind, count: 2500, queries: 3, spread: 'close', seed: width });
    const plain = search(indexOf(kind, rows, 'javascript'), queries, 10);
    everywhere(t, (where) => {
      t.is(
        difference(search(indexOf(kind, rows, 'native'), queries, 10), plain),
        undefined,
        `${where}, width ${width}`,
      );
    });
  }
});

test.serial('rows added one by one, in parts or all at once are the same index', (t) => {
  const { kind, rows, queries } = vectorsOf({
    kind: { metric: 'cosine', width: 20 },
    count: 150,
    queries: 3,
    spread: 'normal',
    seed: 9,
  });
  const whole = indexOf(kind, rows);
  const parts = new ExactIndex(kind);
  for (const [from, to] of [
    [0, 1],
    [1, 31],
    [31, 70],
    [70, 70],
    [70, 150],
  ]) {
    parts.add(rows.subarray(20 * from, 20 * to));
    search(parts, queries, 5); // whatever is kept from a search must be brought up to date by the next
  }
  t.is(parts.rows, 150);
  t.deepEqual(search(parts, queries, 40), search(whole, queries, 40));
  t.deepEqual(parts.save(), whole.save());
});

test('a batch is as many searches', (t) => {
  for (const metric of ['inner-product', 'hamming'] satisfies Metric[]) {
    const kind = { metric, width: 64 };
    const { rows, queries } = vectorsOf({ kind, count: 700, queries: 70, spread: 'normal', seed: 3 });
    const index = indexOf(kind, rows);
    const batch = search(index, queries, 7);
    const each = queries.length / 70;
    const single = Array.from({ length: 70 }, (_, q) => search(index, queries.subarray(q * each, (q + 1) * each), 7));
    t.deepEqual(
      batch.rows,
      single.flatMap((one) => one.rows),
    );
    t.deepEqual(
      batch.scores,
      single.flatMap((one) => one.scores),
    );
  }
});

test('what cannot be is refused in words, and nothing is added', (t) => {
  const index = indexOf({ metric: 'inner-product', width: 2 }, Float32Array.of(1, 2, 3, 4));
  const refused = (work: () => void, message: string): void => {
    t.is(t.throws(work).message, message);
  };
  const out = hitsFor(1, 1);
  refused(
    () => index.add(Float32Array.of(1, 2, 3, NaN)),
    'exact index: add: vector 1: expected finite numbers of a norm of at most 1000000000000000000, received NaN at place 1.',
  );
  refused(
    () => index.add(Float32Array.of(1e19, 0)),
    'exact index: add: vector 0: expected finite numbers of a norm of at most 1000000000000000000, received a norm of 9999999980506448000.',
  );
  refused(
    () => index.add(Uint8Array.of(1)),
    'exact index: add: expected a Float32Array of n × 2 numbers, received Uint8Array of length 1. The index holds float32 rows of width 2.',
  );
  t.is(index.rows, 2);
  refused(
    () => index.search(Float32Array.of(1, Infinity), 1, out),
    'exact index: search: queries: vector 0: expected finite numbers of a norm of at most 1000000000000000000, received Infinity at place 1.',
  );
  refused(
    () => index.search(Float32Array.of(1), 1, out),
    'exact index: search: queries: expected a Float32Array of n × 2 numbers, received Float32Array of length 1. The index holds float32 rows of width 2.',
  );
  refused(
    () => index.search(Float32Array.of(1, 1), 0, out),
    'exact index: search: k: expected a whole number from 1, received 0.',
  );
  refused(
    () => index.search(Float32Array.of(1, 1), 2, out),
    'exact index: search: out.rows: expected 2 numbers (queries=1 × k=2), received 1.',
  );
  refused(
    () => index.search(Float32Array.of(1, 1), 1, out, { allowed: Int32Array.of(0, 2) }),
    'exact index: search: allowed: expected rows from 0 to 1, received 2.',
  );
  refused(
    () => index.search(Float32Array.of(1, 1), 1, out, { allowed: new Uint8Array(2) }),
    'exact index: search: allowed: expected an Int32Array of rows, or a Uint8Array of 1 bytes (a bit for each of 2 rows), received 2 bytes.',
  );
  refused(
    () => new ExactIndex({ metric: 'hamming', width: 12 }),
    'exact index: expected a width from 8 to 65536, a multiple of 8, received 12.',
  );
  // A refused list leaves no trace in the next search.
  t.deepEqual(search(index, Float32Array.of(1, 1), 2, Int32Array.of(1)), { rows: [1, -1], scores: [7, -Infinity] });
});
