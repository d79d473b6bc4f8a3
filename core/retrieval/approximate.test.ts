import test, { type ExecutionContext } from 'ava';
import { ApproximateIndex } from './approximate.js';
import { hitsFor, type Allowed, type Hits, type VectorIndex } from './contract.js';
import { ExactIndex } from './exact.js';
import { messageOf } from '../check.js';
import { openGraph } from './usearch.js';
import { random } from './_vectors.test.js';

const absence = (() => {
  try {
    openGraph({ dimensions: 2, connectivity: 2, expansion_add: 2, expansion_search: 2 });
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
})();

/** A test of the graph; where the optional package is missing, it is skipped and its title says why. */
const withGraph = (title: string, body: (t: ExecutionContext) => void): void => {
  if (absence === undefined) test(title, body);
  else test.skip(`${title} (${absence})`, body);
};

const WIDTH = 24;

/** Unit vectors around some centres, as embeddings are. */
function clustered(count: number, seed: number): Float32Array {
  const next = random(7);
  const centres = Float32Array.from({ length: 40 * WIDTH }, () => next() - 0.5);
  const own = random(seed);
  const vectors = new Float32Array(count * WIDTH);
  for (let row = 0; row < count; row++) {
    const centre = Math.floor(own() * 40);
    for (let i = 0; i < WIDTH; i++) vectors[row * WIDTH + i] = centres[centre * WIDTH + i] + 0.4 * (own() - 0.5);
  }
  return vectors;
}

function find(index: VectorIndex, queries: Float32Array, k: number, allowed?: Allowed): Hits {
  const out = hitsFor(queries.length / WIDTH, k);
  index.search(queries, k, out, { allowed });
  return out;
}

/** The share of the exact answers that were found. */
function recall(found: Hits, exact: Hits, k: number): number {
  let hits = 0;
  for (let q = 0; q < exact.rows.length; q += k) {
    const known = new Set(exact.rows.subarray(q, q + k));
    hits += found.rows.subarray(q, q + k).filter((row) => known.has(row)).length;
  }
  return hits / exact.rows.length;
}

withGraph('finds nearly all of the exact answers, with exact scores, for both metrics', (t) => {
  const rows = clustered(5000, 1);
  const queries = clustered(50, 2);
  for (const metric of ['inner-product', 'cosine'] as const) {
    const exact = new ExactIndex({ metric, width: WIDTH });
    const index = new ApproximateIndex({ metric, width: WIDTH });
    exact.add(rows);
    index.add(rows.subarray(0, 3000 * WIDTH));
    index.add(rows.subarray(3000 * WIDTH));
    const best = find(exact, queries, 10);
    const found = find(index, queries, 10);
    const share = recall(found, best, 10);
    t.log(`${metric}: recall@10 ${share.toFixed(3)}`);
    t.true(share > 0.9);
    // Each score is the one that the exact index gives that row.
    const all = find(exact, queries, 5000);
    for (let q = 0; q < 50; q++) {
      for (let i = 10 * q; i < 10 * q + 10; i++) {
        const place = all.rows.subarray(5000 * q, 5000 * (q + 1)).indexOf(found.rows[i]);
        t.is(found.scores[i], all.scores[5000 * q + place]);
      }
    }
    // Alone or in a batch, a query has the same answer.
    t.deepEqual(find(index, queries.subarray(0, WIDTH), 10).rows, found.rows.subarray(0, 10));
  }
});

withGraph('allowed rows: a scan where they are few, more of the graph where they are many', (t) => {
  const count = 9000;
  const rows = clustered(count, 3);
  const queries = clustered(20, 4);
  const exact = new ExactIndex({ metric: 'inner-product', width: WIDTH });
  const index = new ApproximateIndex(exact);
  exact.add(rows);
  index.add(rows);
  const next = random(9);
  for (const share of [0, 0.01, 0.2, 0.6, 1]) {
    const allowed = Int32Array.from({ length: count }, (_, row) => row).filter(() => next() < share);
    const bits = new Uint8Array(Math.ceil(count / 8));
    for (const row of allowed) bits[row >> 3] |= 1 << (row & 7);
    const found = find(index, queries, 10, allowed);
    t.deepEqual(find(index, queries, 10, bits), found, 'a list or bits');
    const best = find(exact, queries, 10, allowed);
    if (share <= 0.2) t.deepEqual(found, best, 'scanned');
    t.true(recall(found, best, 10) > 0.9);
    t.true(found.rows.every((row) => row === -1 || allowed.includes(row)));
  }
  // Allowed rows that all lie far from the query: what the graph proposes is dropped, and the rest is scanned.
  const far = find(exact, queries.subarray(0, WIDTH), count).rows.subarray(count / 2);
  const hits = find(index, queries.subarray(0, WIDTH), 10, far);
  t.deepEqual(hits, find(exact, queries.subarray(0, WIDTH), 10, far));
});

withGraph('an empty index, and more rows asked for than there are', (t) => {
  const index = new ApproximateIndex({ metric: 'cosine', width: 2 });
  const out = hitsFor(1, 3);
  index.search(Float32Array.of(1, 0), 3, out);
  t.deepEqual([...out.rows], [-1, -1, -1]);
  index.add(Float32Array.of(0, 1, 2, 0));
  index.search(Float32Array.of(1, 0), 3, out);
  t.deepEqual([...out.rows], [1, 0, -1]);
  t.deepEqual([...out.scores], [1, 0, -Infinity]);
});

withGraph('equal rows give an equal file; it loads, answers and grows as the index did', (t) => {
  const rows = clustered(500, 5);
  const more = clustered(100, 6);
  const queries = clustered(5, 7);
  const make = (): ApproximateIndex => {
    const index = new ApproximateIndex({ metric: 'cosine', width: WIDTH }, { connectivity: 8, expansionSearch: 40 });
    index.add(rows);
    return index;
  };
  const index = make();
  const file = index.save();
  t.deepEqual(make().save(), file);
  const loaded = ApproximateIndex.load(file);
  t.deepEqual(loaded.settings, { connectivity: 8, expansionAdd: 128, expansionSearch: 40 });
  t.deepEqual(find(loaded, queries, 10), find(index, queries, 10));
  loaded.add(more);
  t.is(loaded.rows, 600);
  const grown = new ExactIndex(index);
  grown.add(rows);
  grown.add(more);
  t.true(recall(find(loaded, queries, 10), find(grown, queries, 10), 10) > 0.9);
  t.is(ApproximateIndex.load(new ApproximateIndex(index).save()).rows, 0);
});

withGraph('files of the other index, cut short or damaged are refused before the library sees them', (t) => {
  const index = new ApproximateIndex({ metric: 'cosine', width: 2 });
  index.add(Float32Array.of(0, 1, 2, 0));
  const file = index.save();
  const exact = new ExactIndex(index);
  t.throws(() => ApproximateIndex.load(exact.save()), {
    message: /expected a file of an approximate index, received "rowtable"/,
  });
  t.throws(() => ExactIndex.load(file), { message: /expected a file of an exact index, received "rowgraph"/ });
  for (let length = 0; length < file.length; length++) {
    t.throws(() => ApproximateIndex.load(file.subarray(0, length)), { code: 'data' });
  }
  for (let at = 0; at < file.length; at++) {
    const copy = file.slice();
    copy[at] ^= 1;
    t.throws(() => ApproximateIndex.load(copy), { code: 'data' });
  }
});

withGraph('what it cannot do is said in words', (t) => {
  t.throws(() => new ApproximateIndex({ metric: 'hamming', width: 8 }), {
    message: /expected the metric 'inner-product' or 'cosine', received 'hamming'/,
  });
  t.throws(() => new ApproximateIndex({ metric: 'cosine', width: 8 }, { connectivity: 0 }), {
    message: 'approximate index: connectivity: expected a whole number from 1, received 0.',
  });
});
