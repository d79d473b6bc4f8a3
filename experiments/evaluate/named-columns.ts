import { GymError, suggestion } from '../../core/check.js';
import { readColumnNames, readColumns, type CodedTexts } from '../../logs/import/fast-csv.js';
import { MOST_TOLD, type BadRow, type BadRows } from './bad-rounds.js';

/** A flag of the command line and the columns it names, read as numbers. */
export interface NumberColumns {
  readonly flag: string;
  readonly columns: readonly string[];
  /** Why a number cannot be used, if so. */
  readonly wrong?: (value: number) => string | undefined;
}

/** A flag and the column that it names, read as texts. */
export interface TextColumn {
  readonly flag: string;
  readonly column: string;
}

export interface NamedColumns {
  readonly rows: number;
  /** By flag: [rows, columns] row-major. */
  readonly numbers: (flag: string) => Float64Array | undefined;
  /** By flag. */
  readonly texts: (flag: string) => CodedTexts | undefined;
  /** Rows in which something is missing, no number, or wrong; the caller refuses to answer while there are any. */
  readonly bad: BadRows;
}

/** Reads columns that flags of the command line name from a table (CSV, TSV or NDJSON), and finds the rows that cannot be used. */
export async function readNamedColumns(
  path: string,
  numbers: readonly NumberColumns[],
  texts: readonly TextColumn[],
): Promise<NamedColumns> {
  const names = await readColumnNames(path);
  const wanted = [...numbers, ...texts.map(({ flag, column }) => ({ flag, columns: [column] }))];
  for (const { flag, columns } of wanted) {
    for (const name of columns)
      if (!names.includes(name))
        throw new GymError('usage', `${path}: ${flag}: no column called '${name}'. ${suggestion(name, names)}`);
    const twice = columns.find((name, i) => columns.indexOf(name) !== i);
    if (twice !== undefined)
      throw new GymError('usage', `${flag}: expected different columns, received '${twice}' twice.`);
  }
  const read = await readColumns(path, {
    numbers: numbers.map(({ columns }) => columns),
    texts: texts.map(({ column }) => column),
  });
  if (read.rows === 0) throw new GymError('data', `${path}: expected rows below the header, received none.`);
  const problems = new Map(read.problems.first.map(({ row, reason }) => [row, reason]));
  const odd = new Map(read.odd.first.map(({ row, column, text }) => [`${row} ${column}`, text]));
  const first: BadRow[] = [];
  let count = 0;
  for (let row = 0; row < read.rows; row++) {
    const reason = whyBad(row);
    if (reason === undefined) continue;
    count++;
    if (first.length < MOST_TOLD) first.push({ row, line: read.lines[row], reason: problems.get(row) ?? reason });
  }
  return {
    rows: read.rows,
    numbers: (flag) => read.numbers[numbers.findIndex((one) => one.flag === flag)],
    texts: (flag) => read.texts[texts.findIndex((one) => one.flag === flag)],
    bad: { count, first },
  };

  function whyBad(row: number): string | undefined {
    for (let g = 0; g < numbers.length; g++) {
      const { flag, columns, wrong } = numbers[g];
      for (let c = 0; c < columns.length; c++) {
        const value = read.numbers[g][row * columns.length + c];
        if (Number.isNaN(value)) {
          const text = odd.get(`${row} ${columns[c]}`);
          return `${flag} ${text === undefined ? 'nothing' : `'${text}'`} in column '${columns[c]}' is not a finite number`;
        }
        const reason = wrong?.(value);
        if (reason !== undefined) return `${reason} (${flag}, column '${columns[c]}')`;
      }
    }
    for (let c = 0; c < texts.length; c++)
      if (read.texts[c].codes[row] < 0) return `${texts[c].flag}: column '${texts[c].column}' is empty`;
    return undefined;
  }
}

/** Checks of numbers that are probabilities. */
export const isPropensity = (value: number): string | undefined =>
  value > 0 && value <= 1 ? undefined : `propensity ${value} is not in (0, 1]`;
export const isProbability = (value: number): string | undefined =>
  value >= 0 && value <= 1 + 1e-6 ? undefined : `probability ${value} is not in [0, 1]`;
export const isDensity = (value: number): string | undefined =>
  value > 0 ? undefined : `density ${value} is not above 0`;
