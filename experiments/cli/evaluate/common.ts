import { stat } from 'node:fs/promises';
import { GymError, messageOf } from '../../../core/check.js';
import type { Diagnostics, Estimate, Verdict } from '../../contract.js';
import { tellBadRows, type BadRows } from '../../evaluate/bad-rounds.js';
import { intervals, parseIntervals, type Bounds, type IntervalKey } from '../../evaluate/intervals/index.js';
import { brief, print, printJson, table, VERDICT_COLOUR } from '../terminal.js';

/** What the ways to judge a policy have in common: flags that say how sure an estimate is, and how an answer is printed. */

/** Replicates of an asked-for bootstrap interval. */
const REPLICATES = 2000;

export const columnsOf = (text: string): string[] => text.split(',').map((name) => name.trim());

/** Flags of delta and bootstrap intervals, of force and of the format of the answer. */
export const resampling = {
  level: { type: 'number', default: 0.95, requiresArg: true, describe: 'Two-sided level of the intervals' },
  interval: {
    choices: ['delta', 'bootstrap'] as const,
    default: 'delta' as const,
    requiresArg: true,
    describe: 'How the interval is made',
  },
  replicates: {
    type: 'number',
    requiresArg: true,
    describe: `Bootstrap replicates (${REPLICATES}); with --interval delta, adds a second, bootstrap interval`,
  },
  seed: { type: 'number', default: 0, requiresArg: true, describe: 'Seed of the bootstrap' },
  force: { type: 'boolean', default: false, describe: 'Print numbers although the log does not carry them' },
  json: { type: 'boolean', default: false, describe: 'Print one JSON object' },
} as const;

interface IntervalFlags {
  readonly level: number;
  readonly interval: 'delta' | 'bootstrap';
  readonly replicates?: number | undefined;
  readonly seed: number;
}

export function intervalOf({ level, interval, replicates: asked, seed }: IntervalFlags): {
  level: number;
  interval: 'delta' | 'bootstrap';
  replicates: number;
  seed: number;
} {
  if (!(level > 0.5 && level < 1))
    throw new GymError('usage', `--level: expected a number between 0.5 and 1, received ${level}.`);
  const replicates = asked ?? (interval === 'bootstrap' ? REPLICATES : 0);
  if (!Number.isInteger(replicates) || replicates < (interval === 'bootstrap' ? 2 : 0))
    throw new GymError('usage', `--replicates: expected a whole number, received ${replicates}.`);
  return { level, interval, replicates, seed };
}

/** Flags of every kind of interval, of force and of the format of the answer. */
export const intervalFlags = {
  ...resampling,
  interval: {
    type: 'string',
    default: 'delta',
    requiresArg: true,
    describe: `How intervals are made, the first leads: of ${Object.keys(intervals).join(', ')}`,
  },
  'reward-range': {
    type: 'string',
    requiresArg: true,
    describe: 'Smallest and largest reward that can occur, as 0,1: for hoeffding, bernstein and sequence',
  },
  'weight-max': {
    type: 'number',
    requiresArg: true,
    describe: 'Largest weight that can occur, e.g. 1 ÷ the smallest propensity ever used: for the same',
  },
} as const;

/** Columns of a help text, and those before what a method promises. */
const HELP_WIDTH = 78;
const MARGIN = 20;

/** What each method promises: for the end of a help text. */
export const promises = [
  'Intervals:',
  ...Object.entries(intervals).flatMap(([key, { promise }]) =>
    wrapped(promise, HELP_WIDTH - MARGIN).map((line, i) => `  ${i === 0 ? key : ''}`.padEnd(MARGIN) + line),
  ),
].join('\n');

/** The text in lines of at most so many characters, broken between words. */
function wrapped(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1];
    if (last === '') lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

interface AllIntervalFlags {
  readonly level: number;
  readonly interval: string;
  readonly replicates?: number | undefined;
  readonly seed: number;
  readonly rewardRange?: string | undefined;
  readonly weightMax?: number | undefined;
}

/** Intervals by any methods, with what is known beforehand for those that need it. */
export function intervalsOf(flags: AllIntervalFlags): {
  level: number;
  interval: readonly IntervalKey[];
  replicates: number;
  seed: number;
  bounds: Bounds;
} {
  const interval = parseIntervals(flags.interval);
  const resamples = interval.some((key) => intervals[key].resamples);
  const { level, replicates, seed } = intervalOf({ ...flags, interval: resamples ? 'bootstrap' : 'delta' });
  const { rewardRange, weightMax } = flags;
  if (weightMax !== undefined && !(weightMax > 0))
    throw new GymError('usage', `--weight-max: expected a number above 0, received ${weightMax}.`);
  return {
    ...{ level, interval, replicates, seed },
    bounds: {
      ...(rewardRange === undefined ? {} : { rewardRange: rangeOf(rewardRange) }),
      ...(weightMax === undefined ? {} : { weightMax }),
    },
  };
}

function rangeOf(text: string): [number, number] {
  const [low, high, ...more] = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (more.length > 0 || !(low < high) || !Number.isFinite(low) || !Number.isFinite(high))
    throw new GymError('usage', `--reward-range: expected two numbers, the smaller first, as 0,1; received '${text}'.`);
  return [low, high];
}

/** The path of a log that exists. */
export async function pathOf(log: string): Promise<string> {
  await stat(log).catch((error: unknown) => {
    throw new GymError('usage', `${log}: expected a file, received ${messageOf(error)}. Check the path.`);
  });
  return log;
}

/** For a log that cannot be read as a table at all: with --json it is answered like one with bad rows, then thrown. */
export function tellsWhyInJson(json: boolean, refusal: (reasons: string[]) => unknown): (error: unknown) => never {
  return (error) => {
    if (json && error instanceof GymError && error.code === 'data') printJson(refusal([messageOf(error)]));
    throw error;
  };
}

export function describeBad(log: string, bad: BadRows): string {
  const rows = tellBadRows(bad).map((reason) => `  ${reason}`);
  return `${log}: unsupported: expected rows that can be weighted, received ${bad.count} that cannot:\n${rows.join('\n')}`;
}

/** An answer in words. */
interface Answer {
  readonly estimates: Readonly<Record<string, Estimate>>;
  readonly diagnostics: Diagnostics;
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
}

/** Prints an answer. @param units what is counted: rounds, slates @param remark said below the table */
export function show({ estimates, diagnostics, verdict, reasons }: Answer, units: string, remark?: string): void {
  print(estimateTable(estimates));
  print();
  for (const way of refusedWays(Object.values(estimates))) print(`no interval: ${way}`);
  if (remark !== undefined) print(remark);
  const { rounds, effectiveSampleSize, meanWeight, maxWeight, maxWeightShare, propensityFloor, offendingRows } =
    diagnostics;
  print(
    `${units} ${rounds}, effective sample size ${brief(effectiveSampleSize)}, mean weight ${brief(meanWeight)}, largest weight ${brief(maxWeight)} (${brief(100 * maxWeightShare, 3)} % of all), smallest propensity ${brief(propensityFloor)}`,
  );
  if (offendingRows.length > 0) print(`rows that hold much of the weight: ${offendingRows.join(', ')}`);
  print();
  print(VERDICT_COLOUR[verdict](verdict.toUpperCase()));
  for (const reason of reasons) print(`  – ${reason}`);
}

function estimateTable(estimates: Readonly<Record<string, Estimate>>): string {
  const range = (interval: readonly [number, number] | null | undefined): string =>
    interval === null || interval === undefined ? '—' : `[${brief(interval[0])}, ${brief(interval[1])}]`;
  const entries = Object.entries(estimates);
  const bootstrapped = entries.some(([, { bootstrap }]) => bootstrap !== undefined);
  const beside = [...new Set(entries.flatMap(([, { others = [] }]) => others.map(({ method }) => wayOf(method))))];
  const set = entries.some(([, { setting }]) => setting !== undefined);
  return table(
    [
      'estimator',
      ...(set ? ['setting'] : []),
      'value',
      'standard error',
      'interval',
      'method',
      ...(bootstrapped ? ['bootstrap'] : []),
      ...beside,
    ],
    entries.map(([key, { value, standardError, interval, method, bootstrap, others = [], setting }]) => [
      key,
      ...(set ? [setting === undefined ? '' : brief(setting)] : []),
      brief(value, 6),
      brief(standardError),
      range(interval),
      value === null ? 'refused' : wayOf(method),
      ...(bootstrapped ? [range(bootstrap)] : []),
      ...beside.map((way) => range(others.find((one) => wayOf(one.method) === way)?.interval)),
    ]),
  );
}

/** "Hoeffding 95%" of "Hoeffding 95% refused: …". */
const wayOf = (method: string): string => method.split(' refused: ')[0];

/** Why intervals are missing, each reason once. */
function refusedWays(estimates: readonly Estimate[]): string[] {
  const said = estimates.flatMap(({ value, interval, method, others = [] }) =>
    value === null
      ? []
      : [{ interval, method }, ...others].filter((one) => one.interval === null).map((one) => one.method),
  );
  return [...new Set(said)];
}
