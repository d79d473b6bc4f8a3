import test from 'ava';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { memoryHeld, scratch } from '../sample.test.helper.js';
import { openStore } from '../store/log-store.js';
import { importTable } from './table.js';

// A file of its own, so that it runs in a thread of its own.
test('memory stays flat while 300,000 rows are imported', async (t) => {
  const folder = scratch(t);
  const path = join(folder, 'large.csv');
  const features = Array.from({ length: 20 }, (_, i) => `numeric.f${i}`);
  const file = openSync(path, 'w');
  writeSync(file, `action,outcome.click,user,${features.join(',')}\n`);
  const rows = 300_000;
  for (let first = 0; first < rows; first += 3000) {
    const lines = Array.from({ length: 3000 }, (_, i) => `a${i % 9},${i % 2},u${i % 997},${'1,'.repeat(19)}2\n`);
    writeSync(file, lines.join(''));
  }
  closeSync(file);

  const store = await openStore(join(folder, 'gym.sqlite'));
  const start = memoryHeld();
  const grown: number[] = [];
  const onProgress = (): void => void grown.push(memoryHeld() - start);
  const { log } = await importTable(store, path, {}, { name: 'large', onProgress });
  t.is(log.rows, rows);
  t.true(grown.length > 60);
  // Held in memory, the rows after the first third alone would take 200,000 × 92 bytes = 18 MB, as texts 100 MB.
  const third = Math.max(...grown.slice(0, grown.length / 3));
  const peak = Math.max(...grown);
  t.log(`grew to ${third.toFixed(0)} MB in the first third, to ${peak.toFixed(0)} MB in all`);
  t.true(peak < 160, `grew by ${peak.toFixed(0)} MB`);
  t.true(peak - third < 30, `grew from ${third.toFixed(0)} to ${peak.toFixed(0)} MB`);
  await store.close();
});
