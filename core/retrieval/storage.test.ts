import test from 'ava';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { GymError } from '../check.js';
import { hitsFor, type RowKind, type Vectors } from './contract.js';
import { ExactIndex } from './exact.js';
import { HEADING } from './heading.js';
import { loadExact, saveIndex } from './storage.js';
import { vectorsOf } from './_vectors.test.js';

const KINDS: readonly RowKind[] = [
  { metric: 'inner-product', width: 7 },
  { metric: 'cosine', width: 16 },
  { metric: 'hamming', width: 72 },
];

function made(kind: RowKind, count = 50): { index: ExactIndex; queries: Vectors } {
  const { rows, queries } = vectorsOf({ kind, count, queries: 2, spread: 'normal', seed: 1 });
  const index = new ExactIndex(kind);
  index.add(rows);
  return { index, queries };
}

function answers(index: ExactIndex, queries: Vectors): unknown {
  const out = hitsFor(2, 9);
  index.search(queries, 9, out);
  return out;
}

/** A copy with one change and a heading whose own checksum agrees with it again. */
function changed(file: Uint8Array, change: (view: DataView, copy: Uint8Array) => void): Uint8Array {
  const copy = file.slice();
  const view = new DataView(copy.buffer);
  change(view, copy);
  view.setUint32(60, crc32(copy.subarray(0, 60)), true);
  return copy;
}

for (const kind of KINDS) {
  test(`${kind.metric}: what is saved and loaded answers as before, and can be added to`, (t) => {
    for (const count of [0, 1, 50]) {
      const { index, queries } = made(kind, count);
      const file = index.save();
      const loaded = ExactIndex.load(file);
      t.deepEqual([loaded.metric, loaded.width, loaded.rows], [kind.metric, kind.width, count]);
      t.deepEqual(answers(loaded, queries), answers(index, queries));
      t.deepEqual(loaded.save(), file);
      const more = vectorsOf({ kind, count: 40, queries: 0, spread: 'normal', seed: 2 }).rows;
      const before = file.slice();
      index.add(more);
      loaded.add(more);
      t.deepEqual(answers(loaded, queries), answers(index, queries));
      t.deepEqual(loaded.save(), index.save());
      t.deepEqual(file, before, 'a loaded file is not written on');
    }
  });

  test(`${kind.metric}: a file cut short anywhere or with any byte changed is refused`, (t) => {
    const file = made(kind, 3).index.save();
    for (let length = 0; length < file.length; length++) {
      t.throws(
        () => ExactIndex.load(file.subarray(0, length)),
        { instanceOf: GymError, code: 'data' },
        `${length} bytes`,
      );
    }
    for (let at = 0; at < file.length; at++) {
      const copy = file.slice();
      copy[at] ^= 0x10;
      t.throws(() => ExactIndex.load(copy), { instanceOf: GymError, code: 'data' }, `byte ${at}`);
    }
    const longer = new Uint8Array(file.length + 1);
    longer.set(file);
    t.throws(() => ExactIndex.load(longer), { message: /expected \d+ bytes, received \d+/ });
  });
}

test('loading shares the bytes where they are aligned, and copies them where not', (t) => {
  const { index, queries } = made(KINDS[0]);
  const file = index.save();
  const shared = ExactIndex.load(file);
  const before = answers(shared, queries);
  new Float32Array(file.buffer, HEADING).fill(0);
  t.notDeepEqual(answers(shared, queries), before, 'the index works on the very bytes');
  for (const offset of [1, 2, 3, 4]) {
    const moved = new Uint8Array(index.save().length + 8).subarray(offset, offset + file.length);
    moved.set(index.save());
    t.deepEqual(answers(ExactIndex.load(moved), queries), before);
  }
});

test('a file that is something else is refused, and the complaint says what it is', (t) => {
  const file = made(KINDS[0]).index.save();
  const refused = (bytes: Uint8Array, message: string): void => {
    t.is(t.throws(() => ExactIndex.load(bytes, 'rows.index')).message, message);
  };
  const cut = 'Was it cut short or damaged? Save the index again.';
  refused(file.subarray(0, 10), `rows.index: expected a heading of 64 bytes, received 10 bytes. ${cut}`);
  refused(
    changed(file, (_, copy) => copy.set([0x50], 0)),
    'rows.index: expected a file of an exact index, received "Powtable". Is it the right file?',
  );
  refused(
    changed(file, (view) => view.setUint32(8, 2, true)),
    'rows.index: expected version 1, received version 2. Save the index again with this version of the program.',
  );
  refused(
    changed(file, (view) => view.setUint32(12, 2, true)),
    `rows.index: expected elements of type float32 for inner-product, received bits. ${cut}`,
  );
  refused(
    changed(file, (view) => view.setUint32(16, 9, true)),
    `rows.index: expected a metric from 1 to 3, received 9. ${cut}`,
  );
  refused(
    changed(file, (view) => view.setUint32(20, 0, true)),
    `rows.index: expected a width that can be, received 0. ${cut}`,
  );
  refused(
    changed(file, (view) => view.setUint32(24, 51, true)),
    `rows.index: expected 1492 bytes for 51 rows, received 1464. ${cut}`,
  );
  const body = file.slice();
  body[HEADING] ^= 1;
  refused(body, `rows.index: expected rows that agree with their checksum, received others. ${cut}`);
  const wanted = { metric: 'hamming', width: 8 } as const;
  t.is(
    t.throws(() => ExactIndex.load(file, 'rows.index', wanted)).message,
    'rows.index: expected an index of bits rows for hamming, width 8, received one of float32 rows for inner-product, width 7. Is it the right file?',
  );
  t.notThrows(() => ExactIndex.load(file, 'rows.index', KINDS[0]));
});

test('an index goes to a file and comes back; a file that is not there is named', async (t) => {
  const path = join(mkdtempSync(join(tmpdir(), 'recsys-gym-index-')), 'deep', 'rows.index');
  for (const kind of KINDS) {
    const { index, queries } = made(kind);
    await saveIndex(path, index);
    t.deepEqual(answers(await loadExact(path, kind), queries), answers(index, queries));
  }
  writeFileSync(path, readFileSync(path).subarray(0, 100));
  const cut = await t.throwsAsync(loadExact(path), { instanceOf: GymError, code: 'data' });
  t.true(cut.message.startsWith(`${path}: expected`));
  await t.throwsAsync(loadExact(`${path}.not`), {
    code: 'io',
    message: /rows\.index\.not: expected a file that can be read/,
  });
});
