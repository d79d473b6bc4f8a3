import type { Fields } from './csv-fields.js';
import { isMissing, parseNumber } from './parse.js';
import { numberFromBytes } from './parse-bytes.js';
import type { RawRow } from './row-file.js';
import { TextCodes } from './text-codes.js';

/** How many odd cells and how many bad rows are told one by one; all are counted. */
const MOST_TOLD = 20;

/** A column of texts: values[codes[n]] is the text of row n; code −1 where its cell is empty. */
export interface CodedTexts {
  readonly codes: Int32Array;
  readonly values: readonly string[];
}

/** Rows that cannot be used, the first 20 of them in words. Lines count from 1 and include the header. */
interface Told<Row> {
  readonly count: number;
  readonly first: readonly ({ readonly row: number; readonly line: number } & Row)[];
}

/** What `readColumns` returns, in the order in which the columns were asked for. N = rows. */
export interface ReadColumns {
  readonly rows: number;
  /** All names of the table. */
  readonly columns: readonly string[];
  /** [N, group length] row-major; NaN where a cell is empty or not a finite number. */
  readonly numbers: readonly Float64Array[];
  readonly texts: readonly CodedTexts[];
  /** [N] line of each row. */
  readonly lines: Int32Array;
  /** Cells of number columns that are neither empty nor a finite number. */
  readonly odd: Told<{ readonly column: string; readonly text: string }>;
  /** Rows with another number of fields than the header, or unreadable ones; their numbers are NaN, their codes −1. */
  readonly problems: Told<{ readonly reason: string }>;
}

/** Where the columns that are wanted stand among the cells of a row. */
interface Places {
  readonly width: number;
  readonly numbers: readonly (readonly number[])[];
  readonly texts: readonly number[];
}

/** Collects columns row by row, from bytes or from cells, in arrays that grow. */
export class ColumnCollector {
  readonly width: number;
  rows = 0;
  readonly #names: readonly string[];
  readonly #numberAt: readonly Int32Array[];
  readonly #textAt: readonly number[];
  readonly #numbers: Float64Array[];
  readonly #codes: Int32Array[];
  readonly #texts: readonly TextCodes[];
  #lines = new Int32Array(0);
  readonly #odd: ReadColumns['odd']['first'][number][] = [];
  #oddCount = 0;
  readonly #problems: ReadColumns['problems']['first'][number][] = [];
  #problemCount = 0;

  constructor(names: readonly string[], { width, numbers, texts }: Places) {
    this.#names = names;
    this.width = width;
    this.#numberAt = numbers.map((group) => Int32Array.from(group));
    this.#textAt = texts;
    this.#numbers = numbers.map(() => new Float64Array(0));
    this.#codes = texts.map(() => new Int32Array(0));
    this.#texts = texts.map(() => new TextCodes());
    this.reserve(1024);
  }

  /** Makes room for so many rows in all. */
  reserve(rows: number): void {
    const room = Math.ceil(rows);
    if (room <= this.#lines.length) return;
    const used = this.rows;
    const lines = new Int32Array(room);
    lines.set(this.#lines.subarray(0, used));
    this.#lines = lines;
    for (let g = 0; g < this.#numbers.length; g++) {
      const group = this.#numberAt[g].length;
      const grown = new Float64Array(room * group);
      grown.set(this.#numbers[g].subarray(0, used * group));
      this.#numbers[g] = grown;
    }
    for (let c = 0; c < this.#codes.length; c++) {
      const grown = new Int32Array(room);
      grown.set(this.#codes[c].subarray(0, used));
      this.#codes[c] = grown;
    }
  }

  /** Adds a row whose fields stand in `bytes`. @param unended whether it is the last and no line end follows it */
  addFields(bytes: Buffer, fields: Fields, line: number, unended: boolean): void {
    const row = this.#begin(line);
    if (fields.count !== this.width) {
      this.#problem(row, line, wrongWidth(fields.count, this.width, unended));
      return;
    }
    const { starts, ends, doubled } = fields;
    for (let g = 0; g < this.#numberAt.length; g++) {
      const at = this.#numberAt[g];
      const into = this.#numbers[g];
      const base = row * at.length;
      for (let i = 0; i < at.length; i++) {
        const field = at[i];
        const value = numberFromBytes(bytes, starts[field], ends[field]);
        into[base + i] = value;
        if (Number.isNaN(value) && ends[field] > starts[field])
          this.#oddCell(row, line, field, textOf(bytes, starts[field], ends[field], doubled[field]));
      }
    }
    for (let c = 0; c < this.#textAt.length; c++) {
      const field = this.#textAt[c];
      const [start, end] = [starts[field], ends[field]];
      this.#codes[c][row] =
        start === end
          ? -1
          : doubled[field] === 0
            ? this.#texts[c].codeOf(bytes, start, end)
            : this.#codeOfText(c, textOf(bytes, start, end, 1));
    }
  }

  /** Adds a row of cells. */
  addCells({ line, cells, problem }: RawRow): void {
    const row = this.#begin(line);
    if (problem !== undefined) {
      this.#problem(row, line, problem);
      return;
    }
    this.#numberAt.forEach((at, g) => {
      at.forEach((field, i) => {
        const cell = cells[field];
        const value = parseNumber(cell);
        this.#numbers[g][row * at.length + i] = value;
        if (Number.isNaN(value) && !isMissing(cell))
          this.#oddCell(row, line, field, typeof cell === 'string' ? cell : JSON.stringify(cell));
      });
    });
    this.#textAt.forEach((field, c) => {
      const cell = cells[field];
      this.#codes[c][row] = isMissing(cell) ? -1 : this.#codeOfText(c, String(cell));
    });
  }

  done(): ReadColumns {
    return {
      rows: this.rows,
      columns: this.#names,
      numbers: this.#numbers.map((numbers, g) => numbers.subarray(0, this.rows * this.#numberAt[g].length)),
      texts: this.#codes.map((codes, c) => ({ codes: codes.subarray(0, this.rows), values: this.#texts[c].texts() })),
      lines: this.#lines.subarray(0, this.rows),
      odd: { count: this.#oddCount, first: this.#odd },
      problems: { count: this.#problemCount, first: this.#problems },
    };
  }

  #begin(line: number): number {
    if (this.rows === this.#lines.length) this.reserve(1.5 * this.rows);
    this.#lines[this.rows] = line;
    return this.rows++;
  }

  #codeOfText(column: number, text: string): number {
    const bytes = Buffer.from(text);
    return this.#texts[column].codeOf(bytes, 0, bytes.length);
  }

  #oddCell(row: number, line: number, field: number, text: string): void {
    this.#oddCount++;
    if (this.#odd.length < MOST_TOLD) this.#odd.push({ row, line, column: this.#names[field], text });
  }

  #problem(row: number, line: number, reason: string): void {
    this.#problemCount++;
    if (this.#problems.length < MOST_TOLD) this.#problems.push({ row, line, reason });
    this.#numberAt.forEach((at, g) => this.#numbers[g].fill(NaN, row * at.length, (row + 1) * at.length));
    for (const codes of this.#codes) codes[row] = -1;
  }
}

/** What is wrong with a row of so many fields. */
export function wrongWidth(fields: number, width: number, unended: boolean): string {
  const cut = unended ? '; the file seems cut off here' : '';
  return `${fields} fields where the header has ${width}${cut}`;
}

function textOf(bytes: Buffer, start: number, end: number, doubled: number): string {
  const text = bytes.toString('utf8', start, end);
  return doubled === 0 ? text : text.replaceAll('""', '"');
}
