import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { parse } from 'csv-parse';
import { GymError, complaint, messageOf } from '../../core/check.js';

/** One row of a table of text: where it stood and its cells by column name, or why it could not be read. */
export interface TextRow {
  readonly line: number;
  readonly cells?: readonly string[];
  readonly problem?: string;
}

/** A table of text read row by row; `header` is known before the first row. */
export interface TextTable {
  readonly header: readonly string[];
  readonly rows: AsyncIterable<TextRow>;
}

/** Opens a CSV file (comma, quotes, header line) or, by its ending, NDJSON (.ndjson, .jsonl). Streams; memory stays flat. */
export async function openTable(file: string): Promise<TextTable> {
  let size: number;
  try {
    const found = await stat(file);
    if (!found.isFile()) throw new Error('a folder');
    ({ size } = found);
  } catch (error) {
    throw complaint(
      'usage',
      { where: file, expected: 'a readable CSV or NDJSON file', received: messageOf(error), try: 'Check the path.' },
      error,
    );
  }
  if (size === 0) throw complaint('data', { where: file, expected: 'a header and rows', received: 'an empty file' });
  return /\.(ndjson|jsonl)$/.test(file) ? openJsonLines(file) : openCsv(file);
}

async function openCsv(file: string): Promise<TextTable> {
  const parser = createReadStream(file).pipe(
    parse({ bom: true, relax_column_count: true, skip_empty_lines: true, info: true }),
  );
  const records: AsyncIterator<unknown> = parser[Symbol.asyncIterator]();
  const next = async (): Promise<{ cells: readonly string[]; line: number } | undefined> => {
    try {
      const result = await records.next();
      return result.done === true ? undefined : recordOf(result.value);
    } catch (error) {
      throw new GymError(
        'data',
        `${file}: expected well-formed CSV, received: ${messageOf(error)}. Is the file cut short?`,
        { cause: error },
      );
    }
  };
  const first = await next();
  if (first === undefined)
    throw complaint('data', { where: file, expected: 'a header and rows', received: 'nothing but empty lines' });
  const header = first.cells.map((cell) => cell.trim());
  async function* rows(): AsyncGenerator<TextRow> {
    for (let row = await next(); row !== undefined; row = await next()) {
      const { cells, line } = row;
      if (cells.length === header.length) yield { line, cells };
      else
        yield {
          line,
          problem: `expected ${header.length} fields, received ${cells.length}${cells.length < header.length ? ' (is the file cut short?)' : ''}`,
        };
    }
  }
  return { header, rows: rows() };
}

function recordOf(value: unknown): { cells: readonly string[]; line: number } {
  if (
    typeof value !== 'object' ||
    value === null ||
    !('record' in value) ||
    !Array.isArray(value.record) ||
    !('info' in value)
  ) {
    throw new Error('a record without its line');
  }
  const { info } = value;
  const line = typeof info === 'object' && info !== null && 'lines' in info ? Number(info.lines) : NaN;
  return { cells: value.record.map(String), line };
}

async function openJsonLines(file: string): Promise<TextTable> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity })[Symbol.asyncIterator]();
  let line = 0;
  const next = async (): Promise<unknown> => {
    for (;;) {
      const result = await lines.next();
      if (result.done === true) return undefined;
      line++;
      if (result.value.trim() === '') continue;
      try {
        return JSON.parse(result.value);
      } catch (error) {
        return new SyntaxError(messageOf(error));
      }
    }
  };
  const first = await next();
  if (first === undefined)
    throw complaint('data', { where: file, expected: 'rows', received: 'nothing but empty lines' });
  if (!isObject(first))
    throw complaint('data', {
      where: `${file} line 1`,
      expected: 'a JSON object',
      received: first instanceof Error ? first.message : JSON.stringify(first),
    });
  const header = Object.keys(first);
  async function* rows(): AsyncGenerator<TextRow> {
    for (let row: unknown = first; row !== undefined; row = await next()) {
      if (!isObject(row)) {
        yield {
          line,
          problem: `expected a JSON object, received ${row instanceof Error ? row.message : JSON.stringify(row)}`,
        };
        continue;
      }
      const object = row;
      yield { line, cells: header.map((name) => textOf(object[name])) };
    }
  }
  return { header, rows: rows() };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Error);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value);
}
