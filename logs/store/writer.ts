import { complaint, GymError } from '../../core/check.js';
import type { Dictionary } from '../record.js';
import { numberIn, openDatabase, type Database } from './database.js';
import {
  bytesOf,
  checkColumns,
  fieldsOf,
  isAbsent,
  shapeOf,
  sliceColumns,
  type Column,
  type Field,
  type LogColumns,
  type LogHead,
  type Shape,
} from './fields.js';
import { CODES, COUNTS, hashStored, type StoredLog } from './reader.js';
import { CHUNK_ROWS, type StoredHead } from './tables.js';

export interface WriteOptions {
  /** Takes the place of a log of the same name, at the moment of the commit. Without it such a name is refused. */
  readonly replace?: boolean;
  /** Fingerprint of what is being imported, for `findByOrigin`. */
  readonly origin?: string;
}

/**
 * Writes one log piece by piece in one transaction on a connection of its own: until `commit` nobody sees any of it,
 * and after `abort`, a crash or a power cut nothing of it is left. Other writers of the file wait meanwhile; readers
 * do not. Memory does not grow with the rows.
 */
export interface LogWriter {
  readonly name: string;
  /** Appends rows; 4,096 at a time is best, more are cut up. The arrays may be reused afterwards. */
  append(columns: LogColumns): Promise<void>;
  /** Finishes the log: dictionaries are known only now. Takes back everything when it fails. */
  commit(head: LogHead): Promise<StoredLog>;
  /** Forgets everything appended. Harmless after `commit` or another `abort`. */
  abort(): Promise<void>;
}

/** Opens a writer; the name is checked at once, not after an hour of work. */
export async function openWriter(file: string, name: string, options: WriteOptions): Promise<LogWriter> {
  if (name.trim() === '') throw new GymError('usage', 'A log needs a name that is not empty.');
  const database = await openDatabase(file);
  try {
    await database.run('BEGIN IMMEDIATE');
    const id = await claim(database, name, options);
    return writer(database, id, name, options.origin ?? '');
  } catch (error) {
    await database.close();
    throw error;
  }
}

function checkShape(name: string, appended: Shape | undefined, head: LogHead): void {
  if (appended === undefined) return;
  const wanted = shapeOf(head.schema);
  for (const key of ['outcomes', 'numeric', 'categorical'] as const) {
    if (appended[key] !== wanted[key]) {
      throw complaint('shape', {
        where: `log '${name}': ${key} columns`,
        expected: `${wanted[key]}, as the schema names`,
        received: `${appended[key]} in the appended rows`,
      });
    }
  }
}

/** Deletes the log that is to be replaced and takes its name, both visible only after the commit. */
async function claim(database: Database, name: string, { replace, origin }: WriteOptions): Promise<number> {
  const taken = (await database.all('SELECT rows FROM log WHERE name = ?', name)).at(0);
  if (taken !== undefined && replace !== true) {
    throw new GymError(
      'usage',
      `log '${name}': already stored in ${database.file} (${numberIn(taken, 'rows')} rows). ` +
        'Import under another name, or replace it (--replace).',
    );
  }
  await database.run('DELETE FROM log WHERE name = ?', name);
  const [row] = await database.all(
    "INSERT INTO log(name, hash, rows, origin, head) VALUES (?, '', 0, ?, '') RETURNING id",
    name,
    origin ?? '',
  );
  return numberIn(row, 'id');
}

function writer(database: Database, id: number, name: string, origin: string): LogWriter {
  let rows = 0;
  let listed: boolean | undefined;
  let shape: Shape | undefined;
  let open = true;
  const mustBeOpen = (): void => {
    if (!open) throw new GymError('usage', `log '${name}': the writer was already closed.`);
  };
  const end = async (statement: string): Promise<void> => {
    if (!open) return;
    open = false;
    try {
      await database.run(statement);
      if (statement === 'COMMIT') await database.all('PRAGMA wal_checkpoint(TRUNCATE)');
    } finally {
      await database.close();
    }
  };

  return {
    name,
    async append(columns) {
      mustBeOpen();
      const lists = columns.candidates !== 'all';
      if (listed !== undefined && listed !== lists) {
        throw new GymError('shape', `log '${name}': candidates are listed in some rows and not in others.`);
      }
      listed = lists;
      if (columns.rows === 0) return;
      shape ??= {
        outcomes: columns.outcomes.length,
        numeric: columns.numeric.length / columns.rows,
        categorical: columns.categorical.length / columns.rows,
      };
      const fields = fieldsOf(shape);
      checkColumns(`log '${name}'`, fields, columns);
      for (let from = 0; from < columns.rows; from += CHUNK_ROWS) {
        const to = Math.min(columns.rows, from + CHUNK_ROWS);
        await writePieces(database, id, fields, rows, sliceColumns(columns, from, to));
        rows += to - from;
      }
    },
    async commit(head) {
      mustBeOpen();
      try {
        checkShape(name, shape, head);
        const log = { id, name, rows, hash: '', origin };
        const stored = await writeHead(database, log, head, listed === true ? 'listed' : 'all');
        const hash = await hashStored(database, stored, head);
        await database.run('UPDATE log SET hash = ? WHERE id = ?', hash, id);
        await end('COMMIT');
        return { ...stored, hash };
      } catch (error) {
        await end('ROLLBACK');
        throw error;
      }
    },
    abort: () => end('ROLLBACK'),
  };
}

async function writePiece(database: Database, log: number, field: string, first: number, piece: Column): Promise<void> {
  await database.run(
    'INSERT INTO chunk(log, field, first, bytes) VALUES (?, ?, ?, ?)',
    log,
    field,
    first,
    bytesOf(piece),
  );
}

/** Stores up to CHUNK_ROWS rows, leaving out what says nothing. */
async function writePieces(
  database: Database,
  log: number,
  fields: readonly Field[],
  first: number,
  columns: LogColumns,
): Promise<void> {
  for (const { name, width, absent, of } of fields) {
    const piece = of(columns);
    if (width > 0 && !isAbsent(piece, absent)) await writePiece(database, log, name, first, piece);
  }
  if (columns.candidates === 'all') return;
  const { offsets, codes } = columns.candidates;
  const counts = offsets.subarray(1).map((offset, i) => offset - offsets[i]);
  await writePiece(database, log, COUNTS.name, first, counts);
  await writePiece(database, log, CODES, first, codes);
}

/** Stores the head: names as JSON, texts in batches, what is known of the actions like the rows. */
async function writeHead(
  database: Database,
  log: Omit<StoredLog, keyof StoredHead>,
  head: LogHead,
  candidates: StoredHead['candidates'],
): Promise<StoredLog> {
  const { actions } = head;
  const stored: StoredHead = {
    schema: head.schema,
    actionNumericNames: actions.numericNames,
    actionCategoricalNames: actions.categoricalNames,
    candidates,
  };
  await database.run('UPDATE log SET rows = ?, head = ? WHERE id = ?', log.rows, JSON.stringify(stored), log.id);
  const numbered = (prefix: string, all: readonly Dictionary[]): [string, Dictionary][] =>
    all.map((dictionary, i) => [`${prefix}.${i}`, dictionary]);
  const dictionaries: readonly (readonly [string, Dictionary])[] = [
    ['actions', actions],
    ['policies', head.policies],
    ['users', head.users],
    ['sessions', head.sessions],
    ['requests', head.requests],
    ...numbered('categorical', head.categoricalValues),
    ...numbered('actions.categorical', actions.categoricalValues),
  ];
  for (const [name, { values }] of dictionaries) {
    for (let first = 0; first < values.length; first += CHUNK_ROWS) {
      const texts = JSON.stringify(values.slice(first, first + CHUNK_ROWS));
      await database.run(
        'INSERT INTO dictionary(log, name, first, texts) VALUES (?, ?, ?, ?)',
        log.id,
        name,
        first,
        texts,
      );
    }
  }
  await writeActions(database, log.id, 'actions.numeric', actions.numericNames.length, actions.numeric);
  await writeActions(database, log.id, 'actions.categorical', actions.categoricalNames.length, actions.categorical);
  return { ...log, ...stored };
}

async function writeActions(
  database: Database,
  log: number,
  field: string,
  width: number,
  column: Column,
): Promise<void> {
  const step = CHUNK_ROWS * width;
  for (let at = 0; at < column.length; at += step) {
    await writePiece(database, log, field, at / width, column.subarray(at, at + step));
  }
}
