import { z } from 'zod';
import { complaint, messageOf } from '../../core/check.js';
import type { LogSchema } from '../record.js';
import type { Database } from './database.js';

/** Rows per stored piece of a column. */
export const CHUNK_ROWS = 4096;

/**
 * log: one row a log. chunk: one row per column and up to CHUNK_ROWS rows of the log, found by the number of its first
 * row; columns that say nothing have no pieces. dictionary: the texts behind the codes, CHUNK_ROWS a row, as JSON.
 * origin: fingerprint of the files and settings it was imported from, so that nothing is imported twice.
 */
const STEPS: readonly string[] = [
  `CREATE TABLE log(
     id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, hash TEXT NOT NULL, rows INTEGER NOT NULL,
     origin TEXT NOT NULL, head TEXT NOT NULL);
   CREATE INDEX log_origin ON log(origin);
   CREATE TABLE chunk(
     log INTEGER NOT NULL REFERENCES log(id) ON DELETE CASCADE,
     field TEXT NOT NULL, first INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY(log, field, first));
   CREATE TABLE dictionary(
     log INTEGER NOT NULL REFERENCES log(id) ON DELETE CASCADE,
     name TEXT NOT NULL, first INTEGER NOT NULL, texts TEXT NOT NULL, PRIMARY KEY(log, name, first));`,
];

/** Makes sure the tables of the logs exist. */
export function prepareTables(database: Database): Promise<void> {
  return database.part('logs', STEPS);
}

/** What the `head` column holds: everything of a log's head but its texts and numbers. */
export interface StoredHead {
  readonly schema: LogSchema;
  readonly actionNumericNames: readonly string[];
  readonly actionCategoricalNames: readonly string[];
  readonly candidates: 'all' | 'listed';
}

const names = z.array(z.string());
const storedHead = z.object({
  schema: z.object({
    numericNames: names,
    categoricalNames: names,
    perAction: z.array(z.object({ name: z.string(), columns: z.array(z.number()) })),
    endReasons: names,
    hasPropensity: z.boolean(),
    outcomes: names,
    source: z.string(),
    warnings: names.exactOptional(),
  }),
  actionNumericNames: names,
  actionCategoricalNames: names,
  candidates: z.enum(['all', 'listed']),
});

/** Parses JSON that this store wrote; anything else means the file was changed or damaged. */
function parseStored<T>(where: string, shape: z.ZodType<T>, text: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw complaint('data', { where, expected: 'JSON written by this store', received: messageOf(error) }, error);
  }
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  throw complaint('data', { where, expected: 'what this store writes', received: z.prettifyError(parsed.error) });
}

export function parseHead(where: string, text: string): StoredHead {
  return parseStored(where, storedHead, text);
}

export function parseTexts(where: string, text: string): string[] {
  return parseStored(where, names, text);
}
