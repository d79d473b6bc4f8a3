import test from 'ava';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sqlite3 from 'sqlite3';
import type { GymError } from '../../core/check.js';
import { makeLog } from '../columns.js';
import type { Log } from '../record.js';
import { memoryHeld, plainLog, sampleLog, scratch } from '../sample.test.helper.js';
import { openDatabase } from './database.js';
import { sliceColumns } from './fields.js';
import { openStore } from './log-store.js';

/** Runs plain SQL on a file, past the store. */
async function sql(file: string, statement: string): Promise<void> {
  const database = new sqlite3.Database(file);
  await new Promise<void>((done, fail) => {
    database.exec(statement, (error) => (error === null ? done() : fail(error)));
  });
  await new Promise<void>((done) => database.close(() => done()));
}

/** The whole of a log without its hash and source, for comparing. */
function content(log: Log) {
  const { hash: _hash, ...rest } = log;
  return rest;
}

test('a log comes back as it was put, to the hash', async (t) => {
  const store = await openStore(join(scratch(t), 'a/b/gym.sqlite'));
  for (const rows of [0, 1, 4096, 10_000]) {
    const log = sampleLog(rows, 3, `rows ${rows}`);
    const stored = await store.put(log);
    t.is(stored.hash, log.hash);
    t.is(stored.rows, rows);
    t.deepEqual(content(await store.read(log.name)), content(log));
  }
  const plain = plainLog(5000);
  await store.put(plain);
  t.deepEqual(content(await store.read('plain')), content(plain));
  t.deepEqual(
    (await store.list()).map(({ name }) => name),
    ['plain', 'rows 0', 'rows 1', 'rows 10000', 'rows 4096'],
  );
  await store.close();
});

test('a range of rows is a log of its own', async (t) => {
  const store = await openStore(join(scratch(t), 'gym.sqlite'));
  const log = sampleLog(9000);
  await store.put(log);
  for (const [from, to] of [
    [0, 10],
    [4090, 4100],
    [4096, 8192],
    [8999, 9000],
    [5, 5],
  ] as const) {
    const part = await store.read('sample', { from, to });
    t.deepEqual(part.users, log.users);
    const { candidates, numeric, action, timeMs } = sliceColumns(log, from, to);
    t.deepEqual({ ...sliceColumns(part, 0, part.rows), rows: 0 }, { ...sliceColumns(log, from, to), rows: 0 });
    t.deepEqual(part.candidates, candidates);
    t.deepEqual([part.numeric, part.action, part.timeMs], [numeric, action, timeMs]);
  }
  await t.throwsAsync(store.read('sample', { from: 5, to: 9001 }), { message: /no rows \[5, 9001\)/ });
  await store.close();
});

test('appends of any size make the same log', async (t) => {
  const store = await openStore(join(scratch(t), 'gym.sqlite'));
  const log = sampleLog(10_000);
  const writer = await store.writer('odd pieces');
  for (let from = 0, size = 1; from < log.rows; from += size, size = Math.min(size * 3, log.rows - from)) {
    await writer.append(sliceColumns(log, from, Math.min(log.rows, from + size)));
  }
  t.is((await writer.commit(log)).hash, log.hash);
  t.is((await store.read('odd pieces')).hash, log.hash);
  t.deepEqual(
    (await store.read('odd pieces', { from: 4000, to: 5000 })).candidates,
    sliceColumns(log, 4000, 5000).candidates,
  );
  await store.close();
});

test('a name is taken once, unless it is replaced, and then at once', async (t) => {
  const store = await openStore(join(scratch(t), 'gym.sqlite'));
  const [first, second] = [plainLog(100, 'log'), { ...plainLog(200, 'other'), name: 'log' }];
  await store.put(first);
  const refused = await t.throwsAsync<GymError>(store.put(second), {
    message: /already stored.*--replace/,
  });
  t.is(refused.code, 'usage');
  const writer = await store.writer('log', { replace: true });
  await writer.append(second);
  t.is((await store.read('log')).hash, first.hash, 'the old log is there until the commit');
  await writer.commit(second);
  t.is((await store.read('log')).hash, second.hash);
  t.is((await store.list()).length, 1);
  await t.throwsAsync(store.put({ ...first, name: ' ' }), { message: /needs a name/ });
  await store.close();
});

test('an aborted or failed import leaves everything as it was', async (t) => {
  const store = await openStore(join(scratch(t), 'gym.sqlite'));
  const kept = sampleLog(5000, 2, 'kept');
  await store.put(kept);
  const writer = await store.writer('half');
  await writer.append(sampleLog(9000));
  await writer.abort();
  await writer.abort();
  await t.throwsAsync(writer.append(kept), { message: /already closed/ });

  const wrong = await store.writer('half');
  await wrong.append(plainLog(10));
  await t.throwsAsync(wrong.commit(kept), { message: /outcomes columns: expected 2.*received 1/ });
  const mixed = await store.writer('half');
  await mixed.append(plainLog(10));
  await t.throwsAsync(
    mixed.append({ ...plainLog(10), candidates: { offsets: new Int32Array(11), codes: new Int32Array(0) } }),
    {
      message: /listed in some rows/,
    },
  );
  await t.throwsAsync(mixed.append({ ...plainLog(10), user: new Int32Array(3) }), { message: /user: expected 10/ });
  await mixed.abort();

  t.deepEqual(
    (await store.list()).map(({ name }) => name),
    ['kept'],
  );
  t.is((await store.read('kept')).hash, kept.hash);
  const [left] = await store.database.all('SELECT count(*) AS n FROM chunk WHERE log NOT IN (SELECT id FROM log)');
  t.is(left['n'], 0);
  await store.close();
});

test('a killed import leaves everything as it was', async (t) => {
  const file = join(scratch(t), 'gym.sqlite');
  const store = await openStore(file);
  const kept = sampleLog(2000, 2, 'kept');
  await store.put(kept);
  await store.close();
  const url = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
  const child = spawn(process.execPath, [
    '--input-type=module',
    '--eval',
    `import { openStore } from ${url('./log-store.js')};
     import { plainLog } from ${url('../sample.test.helper.js')};
     const store = await openStore(${JSON.stringify(file)});
     const writer = await store.writer('kept', { replace: true });
     for (let i = 0; i < 100; i++) await writer.append(plainLog(4096));
     process.stdout.write('half-way');
     setInterval(() => {}, 1000);`,
  ]);
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  t.is(String(said), 'half-way');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const again = await openStore(file);
  t.is((await again.read('kept')).hash, kept.hash);
  t.is((await again.list()).length, 1);
  await again.put(plainLog(10, 'after'));
  await again.close();
});

test('removing takes the log and nothing else; unknown names are answered with the nearest', async (t) => {
  const store = await openStore(join(scratch(t), 'gym.sqlite'));
  await store.put(plainLog(10, 'spring'));
  await store.put(plainLog(10, 'autumn'));
  const old = await store.find('spring');
  await store.remove('spring');
  await t.throwsAsync(store.remove('autum'), { message: /No log called 'autum'.*Did you mean 'autumn'/ });
  t.is((await store.database.all('SELECT DISTINCT log FROM chunk')).length, 1);
  await store.put(plainLog(10, 'spring'));
  await t.throwsAsync(
    async () => {
      for await (const piece of store.pieces(old)) t.fail(`read ${piece.rows} rows of another log`);
    },
    { message: /replaced or removed while/ },
  );
  await store.close();
});

test('a log is found by what it was imported from', async (t) => {
  const store = await openStore(join(scratch(t), 'gym.sqlite'));
  await store.put(plainLog(10), { origin: 'abc' });
  t.is((await store.findByOrigin('abc'))?.name, 'plain');
  t.is(await store.findByOrigin('abd'), undefined);
  await store.close();
});

test.serial('memory stays flat while a large log streams in', async (t) => {
  const store = await openStore(join(scratch(t), 'gym.sqlite'));
  const features = 200;
  const rows = 4096;
  const piece = makeLog({
    ...plainLog(rows),
    schema: { outcomes: ['click'], source: 'test', numericNames: Array.from({ length: features }, (_, i) => `f${i}`) },
    numeric: Float32Array.from({ length: rows * features }, (_, i) => i),
    policies: ['logged'],
    users: [],
    sessions: [],
    requests: [],
    categoricalValues: [],
  });
  const writer = await store.writer('large');
  const before = memoryHeld();
  let grown = 0;
  // 60 pieces of 3.2 MB each.
  for (let i = 0; i < 60; i++) {
    await writer.append(piece);
    grown = Math.max(grown, memoryHeld() - before);
  }
  await writer.commit(piece);
  grown = Math.max(grown, memoryHeld() - before);
  t.log(`grew by ${grown.toFixed(0)} MB for ${(60 * rows * features * 4) / 2 ** 20} MB of rows`);
  t.true(grown < 100);
  await store.close();
});

test('a file that is not a database is refused and left alone', async (t) => {
  const file = join(scratch(t), 'notes.txt');
  writeFileSync(file, 'this is not a database, it is a text of more than a hundred bytes. '.repeat(50));
  const before = readFileSync(file);
  const error = await t.throwsAsync<GymError>(openStore(file), {
    message: /expected an SQLite database.*left untouched/,
  });
  t.is(error.code, 'data');
  t.deepEqual(readFileSync(file), before);
});

test("another program's database is refused and left alone", async (t) => {
  const file = join(scratch(t), 'bookmarks.sqlite');
  await sql(file, 'CREATE TABLE bookmark(url TEXT)');
  const before = readFileSync(file);
  await t.throwsAsync(openStore(file), { message: /another program's SQLite database/ });
  t.deepEqual(readFileSync(file), before);
});

test('a newer file and newer tables are refused', async (t) => {
  const folder = scratch(t);
  const file = join(folder, 'gym.sqlite');
  await (await openStore(file)).close();
  await sql(file, "UPDATE part SET version = 99 WHERE name = 'logs'");
  const tables = await t.throwsAsync<GymError>(openStore(file), {
    message: /version 99, written by a newer recsys-gym/,
  });
  t.is(tables.code, 'data');
  await sql(file, 'PRAGMA user_version = 7');
  await t.throwsAsync(openStore(file), { message: /file version 1 or older, received version 7/ });
});

test('a truncated database and flipped bits are told, not read', async (t) => {
  const folder = scratch(t);
  const fresh = async (name: string): Promise<string> => {
    const file = join(folder, name);
    const store = await openStore(file);
    await store.put(plainLog(20_000));
    await store.close();
    return file;
  };
  const readAll = async (file: string): Promise<unknown> => {
    const store = await openStore(file);
    try {
      return await store.read('plain');
    } finally {
      await store.close();
    }
  };
  const cut = await fresh('cut.sqlite');
  truncateSync(cut, 30_000);
  const error = await t.throwsAsync<GymError>(readAll(cut), { message: /expected an undamaged database/ });
  t.is(error.code, 'data');

  const header = await fresh('header.sqlite');
  const bytes = readFileSync(header);
  bytes.fill(0x5a, 0, 16);
  writeFileSync(header, bytes);
  await t.throwsAsync(readAll(header), { message: /not one, or whose first bytes are damaged/ });

  const pages = await fresh('pages.sqlite');
  const flipped = readFileSync(pages);
  for (let page = 1; page < 12; page++) flipped.fill(0xff, page * 4096, page * 4096 + 200);
  writeFileSync(pages, flipped);
  await t.throwsAsync(readAll(pages), { message: /expected an undamaged database.*(malformed|quick|Tree|page)/s });

  // A single bit inside the stored numbers: SQLite cannot notice it, the hash does. (First copies may be what a page split left behind.)
  const bit = await fresh('bit.sqlite');
  const content = readFileSync(bit);
  const third = Buffer.from(new Float64Array([1 / 3, 1 / 3]).buffer);
  content[content.lastIndexOf(third)] ^= 1;
  writeFileSync(bit, content);
  await t.throwsAsync(readAll(bit), { message: /expected content with hash .*damaged or changed.*logs remove plain/ });
});

test('a folder that cannot be made or written is told', async (t) => {
  const folder = scratch(t);
  writeFileSync(join(folder, 'file'), '');
  const error = await t.throwsAsync<GymError>(openStore(join(folder, 'file', 'gym.sqlite')), {
    message: /a folder that can be created/,
  });
  t.is(error.code, 'io');
  mkdirSync(join(folder, 'gym.sqlite'));
  await t.throwsAsync(openStore(join(folder, 'gym.sqlite')), { message: /expected a file, received a folder/ });
  if (process.getuid?.() === 0) {
    t.log('running as root, who may write everywhere: read-only folder not tried');
    return;
  }
  chmodSync(folder, 0o555);
  await t.throwsAsync(openStore(join(folder, 'other.sqlite')), { message: /a folder that can be written/ });
  chmodSync(folder, 0o755);
});

test('transactions: all or nothing, one after the other, never nested', async (t) => {
  const database = await openDatabase(join(scratch(t), 'x.sqlite'));
  await database.part('numbers', ['CREATE TABLE number(n INTEGER NOT NULL)']);
  await database.part('numbers', ['CREATE TABLE number(n INTEGER NOT NULL)', 'CREATE INDEX number_n ON number(n)']);
  await t.throwsAsync(
    database.transaction(async () => {
      await database.run('INSERT INTO number(n) VALUES (?)', 1);
      throw new Error('stop');
    }),
    { message: 'stop' },
  );
  const count = async (): Promise<unknown> => (await database.all('SELECT count(*) AS n FROM number'))[0]['n'];
  t.is(await count(), 0);
  const seen: unknown[] = [];
  await Promise.all([
    database.transaction(async () => {
      await database.run('INSERT INTO number(n) VALUES (?)', 1);
      seen.push(await count());
      await database.run('INSERT INTO number(n) VALUES (?)', 2);
    }),
    database.run('INSERT INTO number(n) VALUES (?)', 3).then(async () => seen.push(await count())),
    database.snapshot(async () => seen.push(await count())),
  ]);
  t.deepEqual(seen[0], 1, 'the insert of 3 waited for the transaction');
  t.is(await count(), 3);
  await t.throwsAsync(
    database.transaction(() => database.transaction(() => Promise.resolve())),
    { message: /a transaction inside a transaction/ },
  );
  await t.throwsAsync(database.run('SELEC 1'), { message: /syntax error/ });
  t.is(await count(), 3, 'still usable');
  await database.close();
  t.true(existsSync(database.file));
});
