import { open } from 'node:fs/promises';
import { GymError, suggestion } from '../../core/check.js';
import { ColumnCollector, type ReadColumns } from './column-collector.js';
import { emptyFields, fieldsOf, MORE, ODD, type Layout } from './csv-fields.js';
import { kindOfTable, openRows } from './open-rows.js';
import { LONGEST_ROW } from './row-file.js';

/** Columns by their names; spaces around the names of a header mean nothing. */
export interface WantedColumns {
  /** Each group is read into one row-major matrix [rows, group length]: `['reward']`, or `['pi_0', 'pi_1', 'pi_2']`. */
  readonly numbers: readonly (readonly string[])[];
  /** Each becomes codes into its distinct texts. */
  readonly texts: readonly string[];
}

export type { CodedTexts, ReadColumns } from './column-collector.js';

/** Bytes read at once. */
const PIECE = 1 << 20;

/**
 * Reads some columns of a table (CSV, TSV or NDJSON by its ending; the first row of CSV names the columns) into typed
 * arrays:
 *
 *     const { rows, numbers: [reward, target], texts: [arm] } =
 *       await readColumns('log.csv', { numbers: [['reward'], ['pi_0', 'pi_1']], texts: ['arm'] });
 *     reward[n]; target[2 * n + a]; arm.values[arm.codes[n]];
 *
 * Numbers are parsed from the bytes as they stream by, texts are numbered from them; nothing is allocated per row. A
 * cell that is not a finite number is NaN, an empty text is code −1; `odd` and `problems` say where a cell was neither
 * empty nor a number, and which rows do not have as many fields as the header. Only what is not plain CSV (stray
 * quotes, line ends inside quotes, mixed line ends, rows of over a megabyte) and NDJSON take the slower way through
 * `openRows`, which gives the same columns, or its error.
 *
 * Several times as fast as rows of texts; see `recsys-gym bench evaluate`.
 *
 * @throws 'usage' where a column does not exist, 'data' where the file is no table
 */
export async function readColumns(path: string, wanted: WantedColumns): Promise<ReadColumns> {
  const file = await openRows(path);
  const names = file.columns.map((name) => name.trim());
  const place = (name: string): number => {
    const at = names.indexOf(name);
    if (at < 0) throw new GymError('usage', `${path}: no column called '${name}'. ${suggestion(name, names)}`);
    return at;
  };
  const places = {
    width: names.length,
    numbers: wanted.numbers.map((group) => group.map(place)),
    texts: wanted.texts.map(place),
  };
  const kind = kindOfTable(path);
  if (kind !== 'ndjson') {
    const fast = new ColumnCollector(names, places);
    if (await readPlain(path, file.totalBytes, kind === 'tsv' ? 9 : 44, fast)) return fast.done();
  }
  const slow = new ColumnCollector(names, places);
  for await (const { rows } of file.batches) for (const row of rows) slow.addCells(row);
  return slow.done();
}

/** The names in a table's header (of CSV), or its keys (of NDJSON), without the spaces around them. */
export async function readColumnNames(path: string): Promise<string[]> {
  return (await openRows(path)).columns.map((name) => name.trim());
}

/** Reads plain CSV; false where it is not plain. */
async function readPlain(
  path: string,
  totalBytes: number,
  delimiter: number,
  collector: ColumnCollector,
): Promise<boolean> {
  const file = await open(path);
  try {
    const bytes = Buffer.allocUnsafe(PIECE + LONGEST_ROW);
    const rows = new PlainRows(bytes, delimiter, collector, totalBytes);
    let filled = 0;
    while (true) {
      const { bytesRead } = await file.read(bytes, filled, PIECE, null);
      filled += bytesRead;
      const from = rows.take(filled, bytesRead === 0);
      if (from < 0) return false;
      if (bytesRead === 0) return true;
      bytes.copy(bytes, 0, from, filled);
      filled -= from;
      if (filled >= LONGEST_ROW) return false;
    }
  } finally {
    await file.close();
  }
}

/** Takes the rows of plain CSV out of a buffer that is filled again and again. */
class PlainRows {
  readonly #bytes: Buffer;
  readonly #delimiter: number;
  readonly #collector: ColumnCollector;
  readonly #totalBytes: number;
  #layout: Layout | undefined;
  #line = 1;
  #headed = false;

  constructor(bytes: Buffer, delimiter: number, collector: ColumnCollector, totalBytes: number) {
    this.#bytes = bytes;
    this.#delimiter = delimiter;
    this.#collector = collector;
    this.#totalBytes = totalBytes;
  }

  /** Takes the whole rows among the first `filled` bytes; returns where what is left starts, or ODD. */
  take(filled: number, last: boolean): number {
    const bytes = this.#bytes;
    const layout = (this.#layout ??= layoutOf(bytes, filled, this.#delimiter));
    let at = !this.#headed && filled >= 3 && bytes.readUIntBE(0, 3) === 0xefbbbf ? 3 : 0;
    let end = filled;
    if (last && filled > 0) {
      // A last line without an end gets one.
      if (layout.returns) bytes[end++] = 13;
      bytes[end++] = 10;
    }
    const fields = emptyFields(this.#collector.width);
    const first = at;
    const rowsBefore = this.#collector.rows;
    while (at < end) {
      if (bytes[at] === 10 || (bytes[at] === 13 && at + 1 < end && bytes[at + 1] === 10)) {
        if ((bytes[at] === 13) !== layout.returns) return ODD;
        at += layout.returns ? 2 : 1;
        this.#line++;
        continue;
      }
      const next = fieldsOf(bytes, at, end, layout, fields);
      if (next === ODD) return ODD;
      if (next === MORE) return last ? ODD : at;
      if (this.#headed) this.#collector.addFields(bytes, fields, this.#line, last && next === end);
      this.#headed = true;
      this.#line++;
      at = next;
    }
    if (rowsBefore === 0 && this.#collector.rows > 0)
      this.#collector.reserve((1.02 * (this.#totalBytes * this.#collector.rows)) / (at - first) + 16);
    return Math.min(at, filled);
  }
}

/** How lines end, from the first of them. */
function layoutOf(bytes: Buffer, filled: number, delimiter: number): Layout {
  const end = bytes.subarray(0, filled).indexOf(10);
  return { delimiter, returns: end > 0 && bytes[end - 1] === 13 };
}
