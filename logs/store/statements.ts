import sqlite3 from 'sqlite3';
import { complaint, GymError, messageOf } from '../../core/check.js';

/** How long a statement waits for another process that is writing. */
const BUSY_MS = 15_000;

/** What a statement can be given. Bytes are copied when the call is made. */
export type Value = string | number | null | Uint8Array;
/** One row of an answer. Read it with `textIn`, `numberIn` and `bytesIn`. */
export type Row = Readonly<Record<string, unknown>>;

/** The statements of one connection, prepared once each, as promises. Errors are SQLite's own. */
export interface Statements {
  change(sql: string, values?: readonly Value[]): Promise<number>;
  ask(sql: string, values?: readonly Value[]): Promise<readonly Row[]>;
  /** Ends every statement, then the connection. */
  close(): Promise<void>;
}

export function connect(file: string): Promise<sqlite3.Database> {
  return new Promise((done, fail) => {
    const mode = sqlite3.OPEN_READWRITE | sqlite3.OPEN_CREATE | sqlite3.OPEN_FULLMUTEX;
    const connection = new sqlite3.Database(file, mode, (error) => {
      if (error !== null) {
        fail(errorOf(error, file));
        return;
      }
      connection.configure('busyTimeout', BUSY_MS);
      done(connection);
    });
  });
}

export function keepStatements(connection: sqlite3.Database): Statements {
  const statements = new Map<string, Promise<sqlite3.Statement>>();
  const prepared = (sql: string): Promise<sqlite3.Statement> => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const fresh = new Promise<sqlite3.Statement>((done, fail) => {
      const statement = connection.prepare(sql, (error) => {
        if (error === null) done(statement);
        else fail(error);
      });
    });
    statements.set(sql, fresh);
    fresh.catch(() => statements.delete(sql));
    return fresh;
  };
  return {
    async change(sql, values = []) {
      const statement = await prepared(sql);
      return new Promise((done, fail) => {
        statement.run(values.map(bindable), function (this: sqlite3.RunResult, error: Error | null) {
          if (error === null) done(this.changes);
          else fail(error);
        });
      });
    },
    async ask(sql, values = []) {
      const statement = await prepared(sql);
      return new Promise((done, fail) => {
        statement.all<Row>(values.map(bindable), (error, rows) => {
          if (error === null) done(rows);
          else fail(error);
        });
      });
    },
    async close() {
      for (const statement of await Promise.allSettled(statements.values())) {
        if (statement.status === 'fulfilled') await new Promise<void>((done) => statement.value.finalize(() => done()));
      }
      statements.clear();
      await new Promise<void>((done, fail) => {
        connection.close((error) => {
          if (error === null) done();
          else fail(error);
        });
      });
    },
  };
}

function bindable(value: Value): string | number | null | Buffer {
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function hintsAtDamage(error: unknown): boolean {
  return ['SQLITE_CORRUPT', 'SQLITE_IOERR'].includes(codeOf(error));
}

/** SQLite's error as something that can be acted on; runs SQLite's own check when the error hints at damage. */
export async function explain(error: unknown, file: string, statements: Statements): Promise<GymError> {
  if (!hintsAtDamage(error)) return errorOf(error, file);
  // The check itself may fail on a badly damaged file; the first error then says enough.
  const rows = await statements.ask('PRAGMA quick_check(3)').catch((): readonly Row[] => []);
  const findings = rows.map((row) => String(row['quick_check'])).filter((line) => line !== 'ok');
  return errorOf(error, file, findings.join('; ').replaceAll('\n', ' '));
}

function errorOf(error: unknown, file: string, findings = ''): GymError {
  if (error instanceof GymError) return error;
  const where = `store ${file}`;
  const received = messageOf(error);
  const detail = findings === '' ? received : `${received} (${findings})`;
  switch (codeOf(error)) {
    case 'SQLITE_NOTADB':
      return complaint(
        'data',
        {
          where,
          expected: 'an SQLite database',
          received: 'a file that is not one, or whose first bytes are damaged',
          try: 'It was left untouched. Name another file with --store, or restore it from a copy.',
        },
        error,
      );
    case 'SQLITE_CORRUPT':
      return complaint(
        'data',
        {
          where,
          expected: 'an undamaged database',
          received: detail,
          try: 'Restore it from a copy, or delete it and import again.',
        },
        error,
      );
    case 'SQLITE_BUSY':
    case 'SQLITE_LOCKED':
      return complaint(
        'io',
        {
          where,
          expected: `the write lock within ${BUSY_MS / 1000} s`,
          received: 'a lock held by another writer',
          try: 'Wait for the other import or run to finish, or name another file with --store.',
        },
        error,
      );
    case 'SQLITE_FULL':
      return complaint('io', { where, expected: 'room on the disk', received, try: 'Free some space.' }, error);
    case 'SQLITE_CANTOPEN':
    case 'SQLITE_READONLY':
    case 'SQLITE_PERM':
    case 'SQLITE_IOERR':
      return complaint(
        'io',
        {
          where,
          expected: 'a file in a folder that can be written',
          received: detail,
          try: 'Name another file with --store.',
        },
        error,
      );
    default:
      return complaint('data', { where, expected: 'a statement that SQLite carries out', received }, error);
  }
}
