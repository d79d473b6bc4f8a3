import type { Observations, Trial } from '../contract.js';
import { sharedDays } from './shared-days.js';

/** The units in the order of (arm, day of entry): what an arm had by some day is then one stretch from its first row on. */
export interface Layout {
  /** Units that take part, by row. */
  readonly unitOf: Int32Array;
  /** [U] row of a unit; −1 where it was left out. */
  readonly rowOf: Int32Array;
  /** [A + 1] arm a holds the rows from start[a] to start[a + 1]. */
  readonly start: Int32Array;
  /** Days that count, ascending; one day, 0, when there is no time. */
  readonly days: Int32Array;
  /** [days, A] rows that arm a had by the end of the day. */
  readonly present: Int32Array;
  /** Observations that count: those of days that all arms share. */
  readonly from: number;
  readonly to: number;
  /** What was left out so that all arms share the days; absent when nothing was. */
  readonly restricted?: {
    readonly first: number;
    readonly last: number;
    readonly unitsLeftOut: number;
    readonly late: readonly number[];
    readonly early: readonly number[];
  };
}

/**
 * Sorts the units by arm and by the day they entered: the day of their first observation. Units never observed count
 * from the first day, with sums of 0: they were given an arm, and leaving them out could undo the randomisation. Only
 * where some arm lacks days are they left out, with the units that entered on those days, because nobody knows theirs.
 */
export function layOut(trial: Trial): Layout {
  const { observations, arm, arms } = trial;
  const all = distinctDays(observations);
  const { entry, exit } = entriesOf(trial, all);
  const { first, last, late, early } = sharedDays(trial, entry, exit, all.length);
  const whole = late.length + early.length === 0;
  const days = first > last ? new Int32Array(0) : all.slice(first, last + 1);
  const takes = (u: number): boolean => whole || (entry[u] >= first && entry[u] <= last);
  const bucket = (u: number): number => arm[u] * days.length + Math.max(0, entry[u] - first);
  const buckets = arms.length * days.length;
  const at = new Int32Array(buckets + 1);
  for (let u = 0; u < arm.length; u++) if (takes(u)) at[bucket(u) + 1]++;
  for (let b = 0; b < buckets; b++) at[b + 1] += at[b];
  const start = Int32Array.from({ length: arms.length + 1 }, (_, a) => at[a * days.length]);
  const present = new Int32Array(buckets);
  for (let d = 0; d < days.length; d++)
    for (let a = 0; a < arms.length; a++) present[d * arms.length + a] = at[a * days.length + d + 1] - start[a];
  const unitOf = new Int32Array(at[buckets]);
  const rowOf = new Int32Array(arm.length).fill(-1);
  for (let u = 0; u < arm.length; u++) {
    if (!takes(u)) continue;
    const row = at[bucket(u)]++;
    unitOf[row] = u;
    rowOf[u] = row;
  }
  const unitsLeftOut = arm.length - unitOf.length;
  return {
    unitOf,
    rowOf,
    start,
    days,
    present,
    ...stretchOf(observations, whole || days.length === 0 ? undefined : [days[0], days[days.length - 1]]),
    ...(whole ? {} : { restricted: { first: all[first], last: all[last], unitsLeftOut, late, early } }),
  };
}

function distinctDays({ day }: Observations): Int32Array {
  if (day === undefined || day.length === 0) return Int32Array.of(0);
  const found: number[] = [day[0]];
  for (let i = 1; i < day.length; i++) if (day[i] !== day[i - 1]) found.push(day[i]);
  return Int32Array.from(found);
}

/** [U] index of the day of a unit's first and last observation, −1 for those never observed. */
function entriesOf(
  { observations: { unit, day }, arm }: Trial,
  days: Int32Array,
): { entry: Int32Array; exit: Int32Array } {
  const entry = new Int32Array(arm.length).fill(-1);
  const exit = new Int32Array(arm.length).fill(-1);
  if (day === undefined) return { entry, exit };
  let today = 0;
  for (let i = 0; i < unit.length; i++) {
    if (day[i] !== days[today]) today++;
    if (entry[unit[i]] < 0) entry[unit[i]] = today;
    exit[unit[i]] = today;
  }
  return { entry, exit };
}

/** The observations of some days, or of all. */
function stretchOf(
  { day, unit }: Observations,
  shared: readonly [number, number] | undefined,
): { from: number; to: number } {
  if (day === undefined || shared === undefined) return { from: 0, to: unit.length };
  const from = day.findIndex((d) => d >= shared[0]);
  const to = day.findIndex((d) => d > shared[1]);
  return { from, to: to < 0 ? unit.length : to };
}
