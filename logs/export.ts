import { access, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { complaint, GymError, messageOf } from '../core/check.js';
import { writeAtomic } from '../core/files.js';
import { kindOfTable, type TableFormat } from './import/open-rows.js';
import { headJson, headPath, type TableHead } from './import/table-head.js';
import { csvText, outColumns } from './export-columns.js';
import type { Log } from './record.js';
import { sliceColumns, type LogColumns, type LogHead } from './store/fields.js';
import type { LogStore } from './store/log-store.js';
import { CHUNK_ROWS } from './store/tables.js';

export interface ExportOptions {
  /** The end of the file's name decides: .ndjson, .jsonl, .tsv, else CSV. A format that contradicts it is refused. */
  readonly format?: TableFormat;
  /** Replaces files that exist. */
  readonly force?: boolean;
  readonly onProgress?: (rows: number, total: number) => void;
}

/** A log as it is written: its head, and its rows piece by piece. */
export interface LogPieces {
  readonly name: string;
  readonly rows: number;
  readonly head: LogHead;
  readonly listsCandidates: boolean;
  readonly pieces: AsyncIterable<LogColumns> | Iterable<LogColumns>;
}

/** A log in memory, in pieces. */
export function piecesOf(log: Log): LogPieces {
  function* pieces(): Generator<LogColumns> {
    for (let from = 0; from < log.rows; from += CHUNK_ROWS) {
      yield sliceColumns(log, from, Math.min(log.rows, from + CHUNK_ROWS));
    }
  }
  return { name: log.name, rows: log.rows, head: log, listsCandidates: log.candidates !== 'all', pieces: pieces() };
}

/** A log in a store, in pieces; memory does not grow with the rows. Damaged content is refused before the first row. */
export async function storedPieces(store: LogStore, name: string): Promise<LogPieces> {
  const log = await store.find(name);
  await store.check(log);
  const head = await store.head(log);
  return { name, rows: log.rows, head, listsCandidates: log.candidates === 'listed', pieces: store.pieces(log) };
}

/**
 * Writes a log as a table that `logs import --format table` reads back to the same hash. What a table cannot say (see
 * `import/table-head.ts`) goes into FILE.head.json. Each file appears whole or not at all.
 *
 * @throws a usage error when a file is in the way; a data error for what a table cannot hold: numbers that are not
 *   finite, empty texts, and "|" in the names of listed candidates in CSV
 */
export async function exportLog(log: LogPieces, path: string, options: ExportOptions = {}): Promise<void> {
  const format = formatFor(path, options.format);
  if (options.force !== true) await mustBeFree(path);
  const part = `${path}.${process.pid}.part`;
  try {
    const file = await open(part, 'w');
    let head: TableHead;
    try {
      head = await writeRows(file, log, format, options.onProgress);
      await file.sync();
    } finally {
      await file.close();
    }
    // A table without its head can still be read; one with another table's head would be read wrongly.
    await rm(headPath(path), { force: true });
    await rename(part, path);
    await writeAtomic(headPath(path), headJson(head));
  } catch (error) {
    await rm(part, { force: true });
    if (error instanceof GymError) throw error;
    throw complaint('io', { where: path, expected: 'a file that can be written', received: messageOf(error) }, error);
  }
}

function formatFor(path: string, asked: TableFormat | undefined): TableFormat {
  const told = kindOfTable(path);
  if (asked === undefined || asked === told) return told;
  const ending = asked === 'ndjson' ? '.ndjson' : `.${asked}`;
  throw new GymError('usage', `${path}: its name says ${told}, ${asked} was asked for. Let the name end in ${ending}.`);
}

async function mustBeFree(path: string): Promise<void> {
  for (const file of [path, headPath(path)]) {
    const exists = await access(file).then(
      () => true,
      () => false,
    );
    if (exists) throw new GymError('usage', `${file}: exists already. Name another file, or replace it (--force).`);
  }
}

async function writeRows(
  file: FileHandle,
  log: LogPieces,
  format: TableFormat,
  onProgress: ExportOptions['onProgress'],
): Promise<TableHead> {
  const { columns, head } = outColumns(log.head, log.listsCandidates, format);
  const separator = format === 'tsv' ? '\t' : ',';
  if (format !== 'ndjson') await file.write(`${columns.map(({ name }) => csvText(name)).join(separator)}\n`);
  const keys = columns.map(({ name }) => JSON.stringify(name));
  const lineOf = (cells: readonly (string | undefined)[]): string =>
    format === 'ndjson'
      ? `{${cells.map((cell, i) => `${keys[i]}:${cell ?? 'null'}`).join(',')}}\n`
      : `${cells.join(separator)}\n`;
  let done = 0;
  for await (const piece of log.pieces) {
    const lines: string[] = [];
    for (let row = 0; row < piece.rows; row++) {
      try {
        lines.push(lineOf(columns.map(({ of }) => of(piece, row))));
      } catch (error) {
        throw new GymError('data', `log '${log.name}' row ${done + row}: ${messageOf(error)}`, { cause: error });
      }
    }
    await file.write(lines.join(''));
    done += piece.rows;
    onProgress?.(done, log.rows);
  }
  return head();
}
