import { complaint, GymError, suggestion } from '../../../core/check.js';
import { readColumns, type CodedTexts, type ReadColumns } from '../../../logs/import/fast-csv.js';
import type { BadRows } from '../../evaluate/bad-rounds.js';
import type { Segmentation, Trial } from '../contract.js';
import { Complaints } from './complaints.js';
import { dayNumbers, inOrderOfDay, runningMeans } from './days.js';

/** Which columns of a table say what. */
export interface TrialColumns {
  readonly arm: string;
  readonly control: string;
  /** Columns that metrics are made of. */
  readonly measures: readonly string[];
  /** Columns known beforehand, the same in all rows of a unit. */
  readonly covariates: readonly string[];
  /** Without it every row is a unit. */
  readonly unit?: string;
  /** How several rows of a unit become one value; without it a unit may have one row only. */
  readonly rows?: 'sum' | 'mean';
  readonly cluster?: string;
  readonly day?: string;
  readonly segments: readonly string[];
}

/** A trial as read. It means nothing while there are bad rows. */
export interface TrialTable {
  readonly trial: Trial;
  readonly rows: number;
  readonly bad: BadRows;
}

/**
 * Reads a table (CSV, TSV or NDJSON) of units, or of what was observed of them, as a trial. The control is arm 0, the
 * others follow by name. Rows that cannot be used come back in `bad`: cells that are no numbers, units in two arms,
 * units with several rows when nobody said how rows add up.
 */
export async function readTrial(path: string, columns: TrialColumns): Promise<TrialTable> {
  const { arm, control, measures, covariates, unit, cluster, day, segments } = columns;
  const optional = [unit, cluster, day].flatMap((name) => name ?? []);
  const read = await readColumns(path, {
    numbers: [...measures, ...covariates].map((name) => [name]),
    texts: [arm, ...segments, ...optional],
  });
  if (read.rows === 0) throw new GymError('data', `${path}: expected rows below the header, received none.`);
  measures.forEach((name, m) => {
    if (read.numbers[m].every(Number.isNaN)) throw notNumbers(path, name, read);
  });
  const text = (name: string): CodedTexts => read.texts[[arm, ...segments, ...optional].indexOf(name)];
  const complaints = new Complaints(read);
  complaints.columns(measures, covariates);
  for (const name of [arm, ...optional]) complaints.missing(text(name), name);
  const arms = armsOf(text(arm), control, arm);
  const units = unit === undefined ? undefined : text(unit);
  const first = firstRows(units, read.rows);
  const constant = [arm, ...segments, ...(cluster === undefined ? [] : [cluster])];
  if (units !== undefined) {
    for (const name of constant) complaints.differing(units, first, text(name), { name });
    covariates.forEach((name, c) => complaints.differingNumbers(units, first, read.numbers[measures.length + c], name));
    if (columns.rows === undefined) complaints.repeated(units, first);
  }
  if (cluster !== undefined)
    complaints.differing(text(cluster), firstRows(text(cluster), read.rows), text(arm), {
      name: arm,
      group: 'cluster',
    });
  const trial: Trial = {
    arms: arms.names,
    unit: cluster === undefined ? (unit ?? 'row') : cluster,
    arm: Int32Array.from(first, (row) => arms.of[text(arm).codes[row]] ?? 0),
    covariates: Object.fromEntries(
      covariates.map((name, c) => [name, Float64Array.from(first, (row) => read.numbers[measures.length + c][row])]),
    ),
    segments: segments.map((name) => segmentation(name, text(name), first)),
    ...(cluster === undefined ? {} : { cluster: Int32Array.from(first, (row) => text(cluster).codes[row]) }),
    observations: observations(
      read,
      columns,
      units,
      day === undefined ? undefined : dayNumbers(text(day), day, complaints),
    ),
  };
  return { trial, rows: read.rows, bad: complaints.done() };
}

function notNumbers(path: string, name: string, { odd }: ReadColumns): GymError {
  const example = odd.first.find(({ column }) => column === name);
  const received = example === undefined ? 'none' : `'${example.text}' (line ${example.line}) and nothing better`;
  return complaint('data', {
    where: `${path}: column '${name}'`,
    expected: 'numbers to make a metric of',
    received,
    try: 'Texts can be segments (--segment); for a yes or no write 1 and 0.',
  });
}

/** The arms, the control first and the others by name, and the arm of each text. */
function armsOf({ values }: CodedTexts, control: string, column: string): { names: string[]; of: Int32Array } {
  if (!values.includes(control))
    throw new GymError(
      'usage',
      `--control: no arm called '${control}' in column '${column}'. ${suggestion(control, values)}`,
    );
  const others = values.filter((name) => name !== control).sort((a, b) => (a < b ? -1 : 1));
  if (others.length === 0)
    throw new GymError(
      'usage',
      `--arm: expected a column with several arms, received '${column}', in which all is '${control}'.`,
    );
  const names = [control, ...others];
  return { names, of: Int32Array.from(values, (name) => names.indexOf(name)) };
}

/** [U] the first row of each unit. */
function firstRows(units: CodedTexts | undefined, rows: number): Int32Array {
  if (units === undefined) return Int32Array.from({ length: rows }, (_, row) => row);
  const first = new Int32Array(units.values.length).fill(-1);
  for (let row = 0; row < rows; row++)
    if (units.codes[row] >= 0 && first[units.codes[row]] < 0) first[units.codes[row]] = row;
  return first;
}

function segmentation(name: string, { codes, values }: CodedTexts, first: Int32Array): Segmentation {
  const code = Int32Array.from(first, (row) => codes[row]);
  if (!code.includes(-1)) return { name, values, code };
  return { name, values: [...values, '(missing)'], code: code.map((c) => (c < 0 ? values.length : c)) };
}

function observations(
  read: ReadColumns,
  { measures, rows }: TrialColumns,
  units: CodedTexts | undefined,
  day: Int32Array | undefined,
): Trial['observations'] {
  const unit = units?.codes ?? Int32Array.from({ length: read.rows }, (_, row) => row);
  const columns = Object.fromEntries(measures.map((name, m) => [name, read.numbers[m]]));
  const sorted = inOrderOfDay({ unit, columns, ...(day === undefined ? {} : { day }) });
  return rows === 'mean' ? runningMeans(sorted, units?.values.length ?? read.rows) : sorted;
}
