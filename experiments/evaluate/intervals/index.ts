import { GymError, complaint, suggestion } from '../../../core/check.js';
import { bca } from './bca.js';
import { bernstein } from './bernstein.js';
import { bootstrap, replicatedValues } from './bootstrap.js';
import { clopperPearson } from './clopper-pearson.js';
import { delta } from './delta.js';
import { hoeffding } from './hoeffding.js';
import { percent, type Estimated, type Found, type IntervalMethod, type IntervalOptions } from './method.js';
import { sequence } from './sequence.js';
import { student } from './student.js';
import { studentised } from './studentised.js';

export type { Bounds, Estimated, Found, IntervalMethod, IntervalOptions, OwnInterval } from './method.js';
export { percent } from './method.js';
export { replicatedValues } from './bootstrap.js';

/** The table of interval methods. Its keys are the names used in configs and on the command line. */
export const intervals = {
  delta,
  bootstrap,
  bca,
  studentised,
  student,
  hoeffding,
  bernstein,
  'clopper-pearson': clopperPearson,
  sequence,
} as const satisfies Readonly<Record<string, IntervalMethod>>;

export type IntervalKey = keyof typeof intervals;

/** Their names, in the order of the table. */
export const intervalKeys = [
  'delta',
  'bootstrap',
  'bca',
  'studentised',
  'student',
  'hoeffding',
  'bernstein',
  'clopper-pearson',
  'sequence',
] as const satisfies readonly IntervalKey[];

const KEYS: readonly string[] = intervalKeys;
const isIntervalKey = (name: string): name is IntervalKey => KEYS.includes(name);

/** Reads "bca,delta": the methods of an estimate, the first leads. */
export function parseIntervals(list: string): IntervalKey[] {
  const names = list.split(',').map((name) => name.trim());
  return names.map((name, i) => {
    if (!isIntervalKey(name))
      throw new GymError('usage', `--interval: no method called '${name}'. ${suggestion(name, KEYS)}`);
    if (names.indexOf(name) !== i)
      throw new GymError('usage', `--interval: expected each method once, received '${name}' twice.`);
    return name;
  });
}

/** What a method found, with the words that stand beside it. */
export type Labelled = Found & { readonly method: string };

/**
 * Intervals of several estimates by several methods; the log is resampled once for all methods that want it.
 *
 * @returns [estimates][methods]
 */
export function findIntervals(
  estimates: readonly Estimated[],
  methods: readonly IntervalKey[],
  options: IntervalOptions,
): Labelled[][] {
  const resampling = methods.find((key) => intervals[key].resamples);
  if (resampling !== undefined && !(options.replicates >= 2)) {
    throw complaint('usage', {
      where: `interval ${resampling}`,
      expected: 'at least 2 bootstrap replicates',
      received: String(options.replicates),
      try: 'Set evaluation.bootstrap, or --replicates.',
    });
  }
  let made: readonly Float64Array[] | undefined;
  const replicates = (): readonly Float64Array[] =>
    (made ??= replicatedValues(
      estimates.map(({ form }) => form),
      options,
    ));
  const found = methods.map((key) => {
    const method: IntervalMethod = intervals[key];
    const label = `${method.name} ${percent(options.level)}${method.resamples ? ` (${options.replicates})` : ''}`;
    return method.find(estimates, options, replicates).map((one): Labelled => ({ method: label, ...one }));
  });
  return estimates.map((_, i) => found.map((one) => one[i]));
}
