import { AsyncLocalStorage } from 'node:async_hooks';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { complaint, GymError, messageOf } from '../../core/check.js';
export type { Row, Value } from './statements.js';
import { connect, explain, keepStatements, type Row, type Statements, type Value } from './statements.js';

/** Marks an SQLite file as ours ("rgym"), so that nobody else's database is ever written into. */
const APPLICATION_ID = 0x7267796d;
/** Version of the file's layout: which tables describe the file itself. Parts have versions of their own. */
const FILE_VERSION = 1;
/**
 * An open SQLite file: write-ahead log, `synchronous = NORMAL` (a power cut may lose the last transactions, never
 * damage the file), foreign keys on. Statements are prepared once each and kept. Logs and runs share one file; each
 * brings its own tables with `part`.
 */
export interface Database {
  readonly file: string;
  /** Runs a statement and returns how many rows it changed. */
  run(sql: string, ...values: readonly Value[]): Promise<number>;
  all(sql: string, ...values: readonly Value[]): Promise<readonly Row[]>;
  /**
   * All of `work` or nothing. Calls made inside `work` belong to the transaction; calls made elsewhere meanwhile wait
   * for its end. The write lock is taken at once, so that a transaction never fails half-way because of another writer.
   */
  transaction<T>(work: () => Promise<T>): Promise<T>;
  /** Like `transaction`, for reading only: `work` sees one state of the file and waits for no writer. */
  snapshot<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Makes sure a group of tables exists. `steps[v]` brings the part from version v to v + 1: append steps, never edit.
   * A file whose part is newer than the steps is refused.
   */
  part(name: string, steps: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Opens a database file and creates it, with its folder, when it does not exist. */
export async function openDatabase(path: string): Promise<Database> {
  const file = path === ':memory:' ? path : resolve(path);
  await makeFolder(file);
  const database = wrap(file, keepStatements(await connect(file)));
  try {
    await prepareFile(database, file);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function makeFolder(file: string): Promise<void> {
  if (file === ':memory:') return;
  try {
    await mkdir(dirname(file), { recursive: true });
  } catch (error) {
    throw complaint(
      'io',
      {
        where: `store ${file}`,
        expected: 'a folder that can be created and written',
        received: messageOf(error),
        try: 'Name another file with --store.',
      },
      error,
    );
  }
  const found = await stat(file).catch(() => undefined);
  if (found?.isDirectory() === true) {
    throw complaint('io', { where: `store ${file}`, expected: 'a file', received: 'a folder' });
  }
}

/** Refuses files that are not ours before anything is written, then sets the file up. */
async function prepareFile(database: Database, file: string): Promise<void> {
  const pragma = async (name: string): Promise<number> => numberIn((await database.all(`PRAGMA ${name}`))[0], name);
  const foreign = async (): Promise<boolean> =>
    (await pragma('application_id')) !== APPLICATION_ID &&
    (await database.all("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' LIMIT 1")).length > 0;
  if (await foreign()) {
    throw complaint('data', {
      where: `store ${file}`,
      expected: 'a recsys-gym store',
      received: "another program's SQLite database",
      try: 'It was left untouched. Name another file with --store.',
    });
  }
  const version = await pragma('user_version');
  if (version > FILE_VERSION) throw tooNew(file, 'file', FILE_VERSION, version);
  await database.all('PRAGMA journal_mode = WAL');
  await database.run('PRAGMA synchronous = NORMAL');
  await database.run('PRAGMA foreign_keys = ON');
  if (version === FILE_VERSION) return;
  await database.transaction(async () => {
    await database.run(
      'CREATE TABLE IF NOT EXISTS part(name TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID',
    );
    await database.run(`PRAGMA application_id = ${APPLICATION_ID}`);
    await database.run(`PRAGMA user_version = ${FILE_VERSION}`);
  });
}

function tooNew(file: string, what: string, known: number, found: number): GymError {
  return complaint('data', {
    where: `store ${file}`,
    expected: `${what} version ${known} or older`,
    received: `version ${found}, written by a newer recsys-gym`,
    try: 'Update recsys-gym, or name another file with --store.',
  });
}

function wrap(file: string, statements: Statements): Database {
  const inside = new AsyncLocalStorage<true>();
  /** Resolves when everything asked for so far is done: one transaction or statement at a time. */
  let turn: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    if (inside.getStore() === true) return work();
    const mine = turn.then(work, work);
    turn = mine.catch(() => undefined);
    return mine;
  };
  const explained = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw await explain(error, file, statements);
    }
  };
  const within = <T>(begin: string, work: () => Promise<T>): Promise<T> => {
    if (inside.getStore() === true) {
      throw new GymError('usage', `store ${file}: a transaction inside a transaction. Move the inner work out.`);
    }
    return inTurn(async () => {
      await explained(() => statements.change(begin));
      try {
        const result = await inside.run(true, work);
        await explained(() => statements.change('COMMIT'));
        return result;
      } catch (error) {
        // SQLite has rolled back by itself after some errors; then there is nothing left to undo.
        await statements.change('ROLLBACK').catch(() => 0);
        throw error;
      }
    });
  };

  const database: Database = {
    file,
    run: (sql, ...values) => inTurn(() => explained(() => statements.change(sql, values))),
    all: (sql, ...values) => inTurn(() => explained(() => statements.ask(sql, values))),
    transaction: (work) => within('BEGIN IMMEDIATE', work),
    snapshot: (work) => within('BEGIN', work),
    part: (name, steps) => bringUp(database, name, steps),
    close: () => inTurn(() => explained(() => statements.close())),
  };
  return database;
}

async function bringUp(database: Database, name: string, steps: readonly string[]): Promise<void> {
  const current = async (): Promise<number> => {
    const row = (await database.all('SELECT version FROM part WHERE name = ?', name)).at(0);
    return row === undefined ? 0 : numberIn(row, 'version');
  };
  const found = await current();
  if (found > steps.length) throw tooNew(database.file, `'${name}' tables of`, steps.length, found);
  if (found === steps.length) return;
  await database.transaction(async () => {
    // Another process may have done it while this one waited for the write lock.
    for (const step of steps.slice(await current())) {
      for (const sql of step.split(';').filter((text) => text.trim() !== '')) await database.run(sql);
    }
    await database.run('INSERT OR REPLACE INTO part(name, version) VALUES (?, ?)', name, steps.length);
  });
}

function wrongCell(row: Row | undefined, column: string, wanted: string): GymError {
  const received = row === undefined ? 'no row' : `a cell of type ${typeof row[column]}`;
  return complaint('data', { where: `store column '${column}'`, expected: wanted, received });
}

/** The text in a column of a row. */
export function textIn(row: Row | undefined, column: string): string {
  const cell = row?.[column];
  if (typeof cell === 'string') return cell;
  throw wrongCell(row, column, 'text');
}

/** The number in a column of a row. */
export function numberIn(row: Row | undefined, column: string): number {
  const cell = row?.[column];
  if (typeof cell === 'number') return cell;
  throw wrongCell(row, column, 'a number');
}

/** The bytes in a column of a row. */
export function bytesIn(row: Row | undefined, column: string): Uint8Array {
  const cell = row?.[column];
  if (cell instanceof Uint8Array) return cell;
  throw wrongCell(row, column, 'bytes');
}
