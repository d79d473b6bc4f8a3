import { complaint, messageOf } from '../../core/check.js';
import type { Cell } from './parse.js';
import { LONGEST_ROW, readPieces, type RowBatch, type RowFile } from './row-file.js';

/** Opens a file of one JSON object a line; the keys are the columns. */
export async function openJsonLines(path: string, name: string, totalBytes: number): Promise<RowFile> {
  const columns = await readKeys(path);
  async function* batches(): AsyncGenerator<RowBatch> {
    for await (const { rows, bytes } of jsonBatches(path)) {
      yield {
        bytes,
        rows: rows.map(({ line, cells, problem }) => {
          const row = { line, cells: columns.map((column) => cells.get(column)) };
          return problem === undefined ? row : { ...row, problem };
        }),
      };
    }
  }
  return { name, columns, totalBytes, batches: batches() };
}

/** A key may be absent from the first line; whatever the first batch mentions is a column. */
async function readKeys(path: string): Promise<string[]> {
  for await (const { rows } of jsonBatches(path)) return [...new Set(rows.flatMap(({ cells }) => [...cells.keys()]))];
  throw complaint('data', { where: path, expected: 'JSON lines', received: 'only empty lines' });
}

interface JsonRow {
  readonly line: number;
  readonly cells: ReadonlyMap<string, Cell>;
  readonly problem?: string;
}
interface JsonBatch {
  readonly rows: readonly JsonRow[];
  readonly bytes: number;
}

async function* jsonBatches(path: string): AsyncGenerator<JsonBatch> {
  const decoder = new TextDecoder();
  let line = 0;
  let bytes = 0;
  let rest = '';
  const parsed = (texts: readonly string[]): JsonRow[] =>
    texts.flatMap((text) => {
      line++;
      return text.trim() === '' ? [] : [jsonRow(line, text)];
    });
  for await (const piece of readPieces(path)) {
    bytes += piece.length;
    const texts = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = texts.pop() ?? '';
    if (rest.length > LONGEST_ROW) {
      throw complaint('data', {
        where: `${path} after line ${line}`,
        expected: 'one JSON object a line',
        received: `a line of over ${LONGEST_ROW} characters`,
      });
    }
    const rows = parsed(texts);
    if (rows.length > 0) yield { rows, bytes };
  }
  const rows = parsed([rest + decoder.decode()]).map((row) =>
    row.problem === undefined ? row : { ...row, problem: `${row.problem}; the file seems cut off here` },
  );
  if (rows.length > 0) yield { rows, bytes };
}

function jsonRow(line: number, text: string): JsonRow {
  const cells = new Map<string, Cell>();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { line, cells, problem: `not JSON (${messageOf(error)})` };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { line, cells, problem: 'not a JSON object' };
  }
  for (const [key, cell] of Object.entries(value)) {
    if (!isCell(cell)) return { line, cells, problem: `'${key}' is neither text nor a number nor a list of texts` };
    cells.set(key, cell);
  }
  return { line, cells };
}

function isCell(value: unknown): value is Cell {
  if (Array.isArray(value)) return value.every((part) => typeof part === 'string');
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}
