import { complaint } from '../../../core/check.js';
import { readColumns, type CodedTexts } from '../../../logs/import/fast-csv.js';
import { parseNumber, parseTime } from '../../../logs/import/parse.js';
import type { BadRows } from '../../evaluate/bad-rounds.js';
import { Complaints } from '../analyze/complaints.js';
import type { SwitchbackSeries } from './exposure.js';

/** Which columns of a table say what. */
export interface SwitchbackColumns {
  /** A number, a date or a time. */
  readonly time: string;
  /** 1 or 0, true or false; or names of which `control` is one. */
  readonly treated: string;
  readonly control?: string;
  readonly metric: string;
  /** The place (city, region), each with coins of its own; without it all rows are one place. */
  readonly unit?: string;
  /** Which rows were treated by one toss: a column, or how many periods. */
  readonly window: string | number;
}

/** Series as read. They mean nothing while there are bad rows. */
export interface SwitchbackTable {
  readonly series: readonly SwitchbackSeries[];
  readonly bad: BadRows;
  /** What looks odd, in sentences. */
  readonly remarks: readonly string[];
}

/** Reads a table (CSV, TSV or NDJSON) of outcomes by time. Several rows of a place and time are one period: their mean. */
export async function readSwitchback(path: string, columns: SwitchbackColumns): Promise<SwitchbackTable> {
  const { time, treated, metric, unit, window } = columns;
  const optional = [unit, typeof window === 'string' ? window : undefined].flatMap((name) => name ?? []);
  const read = await readColumns(path, { numbers: [[metric]], texts: [time, treated, ...optional] });
  if (read.rows === 0) throw complaint('data', { where: path, expected: 'rows below the header', received: 'none' });
  const complaints = new Complaints(read);
  complaints.columns([metric], []);
  const text = (name: string): CodedTexts => read.texts[[time, treated, ...optional].indexOf(name)];
  for (const name of [time, treated, ...optional]) complaints.missing(text(name), name);
  const rows: Rows = {
    time: coded(text(time), timeOf, (row, shown) =>
      complaints.add(row, () => `${time} ${shown} is neither a number nor a time`),
    ),
    arm: coded(text(treated), armOf(columns.control), (row, shown) =>
      complaints.add(
        row,
        () =>
          `${treated} ${shown} is neither 1 nor 0${columns.control === undefined ? '; name the control with --control' : ''}`,
      ),
    ),
    outcome: read.numbers[0],
    window: typeof window === 'string' ? text(window).codes : window,
  };
  const places = unit === undefined ? undefined : text(unit);
  const members = new Map<number, number[]>();
  for (let row = 0; row < read.rows; row++) {
    const place = places?.codes[row] ?? 0;
    const list = members.get(place);
    if (list === undefined) members.set(place, [row]);
    else list.push(row);
  }
  const remarks: string[] = [];
  const series = Array.from(members, ([place, list]) =>
    seriesOf(list, rows, complaints, (said) =>
      remarks.push(places === undefined ? said : `${places.values[place]}: ${said}`),
    ),
  );
  return { series, bad: complaints.done(), remarks };
}

interface Rows {
  readonly time: Float64Array;
  readonly arm: Float64Array;
  readonly outcome: Float64Array;
  readonly window: Int32Array | number;
}

function seriesOf(
  members: number[],
  { time, arm, outcome, window }: Rows,
  complaints: Complaints,
  remark: (said: string) => void,
): SwitchbackSeries {
  members.sort((a, b) => time[a] - time[b] || a - b);
  const [times, treated, windows, values]: [number[], number[], number[], number[]] = [[], [], [], []];
  let [rows, mean, code] = [0, 0, -1];
  for (const row of members) {
    const last = times.length - 1;
    if (last >= 0 && time[row] === times[last]) {
      if (arm[row] !== treated[last])
        complaints.add(row, () => 'the same period is both treated and not; name the places with --unit');
      mean += (outcome[row] - mean) / ++rows;
      values[last] = mean;
      continue;
    }
    const next = typeof window === 'number' ? Math.floor(times.length / window) : window[row];
    if (next !== code) windows.push((windows.at(-1) ?? -1) + 1);
    else {
      windows.push(windows[last]);
      if (arm[row] !== treated[last])
        complaints.add(row, () => 'treatment changes inside a window, which is treated by one toss as a whole');
    }
    code = next;
    [rows, mean] = [1, outcome[row]];
    times.push(time[row]);
    treated.push(arm[row]);
    values.push(mean);
  }
  tellGaps(times, remark);
  tellRuns(treated, windows, remark);
  return { treated: Uint8Array.from(treated), window: Int32Array.from(windows), outcome: Float64Array.from(values) };
}

/** Carry-over is counted in periods: missing ones would shorten it. */
function tellGaps(times: readonly number[], remark: (said: string) => void): void {
  const steps = times.slice(1).map((time, i) => time - times[i]);
  const usual = [...steps].sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
  const gaps = steps.filter((step) => step > 1.5 * usual).length;
  if (gaps > 0)
    remark(
      `Periods are missing in ${gaps} place${gaps === 1 ? '' : 's'}: carry-over is counted in the periods that are there.`,
    );
}

/** Treatment that only ever changes every so many periods was hardly tossed for each of them. */
function tellRuns(treated: readonly number[], windows: readonly number[], remark: (said: string) => void): void {
  const starts = treated.flatMap((arm, t) => (t > 0 && arm !== treated[t - 1] ? [t] : []));
  const between = starts.slice(1).map((start, i) => start - starts[i]);
  const common = between.reduce(gcd, 0);
  const longest = Math.max(0, ...lengths(windows));
  if (between.length >= 5 && common > longest)
    remark(
      `Treatment only changes every ${common} periods, but windows are at most ${longest}: were they longer? Wrong windows make wrong weights.`,
    );
}

function lengths(windows: readonly number[]): number[] {
  const counts = new Array<number>((windows.at(-1) ?? -1) + 1).fill(0);
  for (const window of windows) counts[window]++;
  return counts;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** A number per row from its text; NaN texts are told. */
function coded(
  { codes, values }: CodedTexts,
  numberOf: (text: string) => number,
  tell: (row: number, shown: string) => void,
): Float64Array {
  const numbers = values.map(numberOf);
  return Float64Array.from(codes, (code, row) => {
    if (code < 0) return NaN;
    if (Number.isNaN(numbers[code])) tell(row, `'${values[code]}'`);
    return numbers[code];
  });
}

function timeOf(text: string): number {
  const number = parseNumber(text);
  return Number.isNaN(number) ? parseTime(text) : number;
}

function armOf(control: string | undefined): (text: string) => number {
  return (text) => {
    if (control !== undefined) return text === control ? 0 : 1;
    const plain = text.trim().toLowerCase();
    return plain === '1' || plain === 'true' ? 1 : plain === '0' || plain === 'false' ? 0 : NaN;
  };
}
