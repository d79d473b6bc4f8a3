import type { CodedTexts, ReadColumns } from '../../../logs/import/fast-csv.js';
import { MOST_TOLD, type BadRow, type BadRows } from '../../evaluate/bad-rounds.js';

/** Collects the rows of a table that a trial cannot be made of; a row counts once. */
export class Complaints {
  readonly #read: ReadColumns;
  readonly #bad: BadRow[] = [];
  #count = 0;
  readonly #counted: Uint8Array;

  constructor(read: ReadColumns) {
    this.#read = read;
    this.#counted = new Uint8Array(read.rows);
    // Rows of the wrong width first: whatever else is wrong with them follows from it.
    read.problems.first.forEach(({ row, reason }) => this.add(row, () => reason));
  }

  add(row: number, reason: () => string): void {
    if (this.#counted[row] === 1) return;
    this.#counted[row] = 1;
    this.#count++;
    if (this.#bad.length < MOST_TOLD) this.#bad.push({ row, line: this.#read.lines[row], reason: reason() });
  }

  /** Cells that should be numbers. What was known beforehand may be empty. */
  columns(measures: readonly string[], covariates: readonly string[]): void {
    const { numbers, odd, rows } = this.#read;
    const told = new Map(odd.first.map(({ row, column, text }) => [`${row}/${column}`, ` '${text}'`]));
    const empty = odd.count > odd.first.length ? '' : ' nothing';
    measures.forEach((name, m) => {
      for (let row = 0; row < rows; row++)
        if (Number.isNaN(numbers[m][row]))
          this.add(row, () => `${name}${told.get(`${row}/${name}`) ?? empty} is not a finite number`);
    });
    for (const { row, column, text } of odd.first)
      if (covariates.includes(column)) this.add(row, () => `${column} '${text}' is not a finite number`);
  }

  missing({ codes }: CodedTexts, name: string): void {
    if (codes.includes(-1)) codes.forEach((code, row) => code < 0 && this.add(row, () => `${name} is missing`));
  }

  /** A text that has to be the same in all rows of a unit, or of whatever else the rows are grouped by. */
  differing(
    units: CodedTexts,
    first: Int32Array,
    { codes, values }: CodedTexts,
    { name, group = 'unit' }: { readonly name: string; readonly group?: string },
  ): void {
    for (let row = 0; row < codes.length; row++) {
      const unit = units.codes[row];
      if (unit < 0 || codes[row] === codes[first[unit]]) continue;
      const shown = (code: number): string => (code < 0 ? 'nothing' : `'${values[code]}'`);
      this.add(row, () => this.#twice(units, row, first, [group, name, shown(codes[row]), shown(codes[first[unit]])]));
    }
  }

  differingNumbers(units: CodedTexts, first: Int32Array, column: Float64Array, name: string): void {
    for (let row = 0; row < column.length; row++) {
      const unit = units.codes[row];
      if (unit < 0 || Object.is(column[row], column[first[unit]])) continue;
      this.add(row, () =>
        this.#twice(units, row, first, ['unit', name, String(column[row]), String(column[first[unit]])]),
      );
    }
  }

  /** Units with several rows when nobody said how rows add up: one complaint for all of them. */
  repeated({ codes, values }: CodedTexts, first: Int32Array): void {
    const again: number[] = [];
    for (let row = 0; row < codes.length; row++) if (codes[row] >= 0 && first[codes[row]] !== row) again.push(row);
    const row = again.at(0);
    if (row === undefined) return;
    const unit = `unit '${values[codes[row]]}' was in row ${first[codes[row]]} already`;
    const more = again.length === 1 ? '' : `, and ${again.length - 1} more rows are of units seen before`;
    this.add(row, () => `${unit}${more}; say with --rows sum or --rows mean how rows of a unit add up`);
  }

  done(): BadRows {
    return { count: this.#count, first: [...this.#bad].sort((a, b) => a.row - b.row) };
  }

  #twice(units: CodedTexts, row: number, first: Int32Array, [group, name, now, before]: readonly string[]): string {
    const unit = units.codes[row];
    return `${group} '${units.values[unit]}' has ${name} ${now} here and ${before} in row ${first[unit]} (line ${this.#read.lines[first[unit]]})`;
  }
}
