import { once } from 'node:events';
import { CsvError, parse } from 'csv-parse';
import { complaint } from '../../core/check.js';
import { wrongWidth } from './column-collector.js';
import { LONGEST_ROW, readPieces, type RawRow, type RowBatch, type RowFile } from './row-file.js';

/** Opens a CSV file whose first row names the columns. */
export async function openCsv(path: string, name: string, totalBytes: number, delimiter: string): Promise<RowFile> {
  const columns = await readHeader(path, delimiter);
  async function* batches(): AsyncGenerator<RowBatch> {
    let header = 1;
    for await (const { rows, bytes } of csvBatches(path, delimiter)) {
      yield { rows: checkWidth(header > 0 ? rows.slice(header) : rows, columns.length), bytes };
      header = 0;
    }
  }
  return { name, columns, totalBytes, batches: batches() };
}

async function readHeader(path: string, delimiter: string): Promise<string[]> {
  for await (const { rows } of csvBatches(path, delimiter)) {
    const columns = rows[0].cells.map(String);
    const twice = columns.find((column, i) => columns.indexOf(column) !== i);
    if (twice === undefined) return columns;
    throw complaint('data', { where: path, expected: 'a header of different names', received: `'${twice}' twice` });
  }
  throw complaint('data', { where: path, expected: 'a header', received: 'only empty lines' });
}

function checkWidth(rows: readonly RawRow[], width: number): readonly RawRow[] {
  return rows.map((row) => {
    if (row.cells.length === width) return row;
    return { ...row, problem: wrongWidth(row.cells.length, width, row.unended === true) };
  });
}

/** Rows of a CSV file, header included. */
async function* csvBatches(path: string, delimiter: string): AsyncGenerator<RowBatch> {
  let rows: RawRow[] = [];
  let lastLine = 0;
  let lastByte = 0;
  const parser = parse({
    delimiter,
    bom: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: LONGEST_ROW,
    // Taking the rows here, in step with the writes, saves the way through an object stream.
    on_record: (cells: string[], { lines }) => {
      lastLine = lines;
      rows.push({ line: lines, cells });
      return null;
    },
  });
  // Errors come back from `write` and `once`; without a listener they would also end the process.
  parser.on('error', () => undefined).resume();
  let bytes = 0;
  try {
    for await (const piece of readPieces(path)) {
      await new Promise<void>((done, fail) => {
        parser.write(piece, (error) => {
          if (error) fail(error);
          else done();
        });
      });
      bytes += piece.length;
      lastByte = piece[piece.length - 1];
      if (rows.length === 0) continue;
      yield { rows, bytes };
      rows = [];
    }
    const finished = once(parser, 'end');
    parser.end();
    await finished;
  } catch (error) {
    throw csvTrouble(path, error, lastLine);
  }
  const last = rows.at(-1);
  if (last === undefined) return;
  if (lastByte !== 10 && lastByte !== 13) rows[rows.length - 1] = { ...last, unended: true };
  yield { rows, bytes };
}

/** What a broken CSV file means. These end the import: past a stray quote nobody knows where a row begins. */
function csvTrouble(path: string, error: unknown, lastLine: number): unknown {
  if (!(error instanceof CsvError)) return error;
  const where = `${path} after line ${lastLine}`;
  if (error.code === 'CSV_QUOTE_NOT_CLOSED' || error.code === 'CSV_MAX_RECORD_SIZE') {
    const received =
      error.code === 'CSV_QUOTE_NOT_CLOSED' ? 'the end of the file' : `a row of over ${LONGEST_ROW} bytes`;
    const hint = 'The file is cut off, or a quote inside a field is not doubled. Nothing was stored.';
    return complaint('data', { where, expected: 'a closing quote', received, try: hint }, error);
  }
  const hint = 'Put fields that contain quotes in quotes and double those inside. Nothing was stored.';
  return complaint('data', { where, expected: 'well-formed CSV', received: error.message, try: hint }, error);
}
