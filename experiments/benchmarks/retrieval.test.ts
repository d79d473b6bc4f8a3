import test from 'ava';
import { benchRetrieval } from './retrieval.js';

test('the retrieval benchmark measures what it says', (t) => {
  const sizes = { rows: 200, width: 16, batch: 3, codes: 300, bits: 64, k: 5 };
  const { columns, rows, searches } = benchRetrieval({ rounds: 2, seconds: 0.005, sizes });
  t.is(rows.length, 3);
  for (const row of rows) t.is(row.length, columns.length);
  for (const [name, { ms, ratio = 1 }] of Object.entries(searches)) {
    t.true(Number.isFinite(ms) && ms > 0 && Number.isFinite(ratio) && ratio > 0, name);
  }
});
