import type { Observations, Trial } from '../contract.js';

/** The units in the order of (arm, day of entry): what an arm had by some day is then one stretch from its first row on. */
export interface Layout {
  /** Units that take part, by row. */
  readonly unitOf: Int32Array;
  /** [U] row of a unit; −1 where it was left out. */
  readonly rowOf: Int32Array;
  /** [A + 1] arm a holds the rows from start[a] to start[a + 1]. */
  readonly start: Int32Array;
  /** Days with observations, ascending; one day, 0, when there is no time. */
  readonly days: Int32Array;
  /** [days, A] rows that arm a had by the end of the day. */
  readonly present: Int32Array;
  /** First observation that counts; those before it belong to days that the arms do not share. */
  readonly from: number;
  /** What was left out so that all arms share the days; absent when nothing was. */
  readonly restricted?: { readonly day: number; readonly unitsLeftOut: number; readonly late: readonly number[] };
}

/** An arm without a unit on the first days is called late when chance would do that less often. */
const LATE_BY_CHANCE = 1e-4;

/**
 * Sorts the units by arm and by the day they entered: the day of their first observation. Units never observed count
 * from the first day, with sums of 0: they were given an arm, and leaving them out could undo the randomisation.
 */
export function layOut(trial: Trial): Layout {
  const { observations, arm, arms } = trial;
  const days = distinctDays(observations);
  const entry = entries(trial, days);
  const common = commonStart(arm, entry, arms.length, days.length);
  // Units of days that some arm does not have stay out (those never observed may be of such days), and what was seen then.
  const takes = (u: number): boolean => common.day === 0 || entry[u] >= common.day;
  const buckets = arms.length * days.length;
  const at = new Int32Array(buckets + 1);
  const bucket = (u: number): number => arm[u] * days.length + Math.max(0, entry[u]);
  for (let u = 0; u < arm.length; u++) if (takes(u)) at[bucket(u) + 1]++;
  for (let b = 0; b < buckets; b++) at[b + 1] += at[b];
  const start = Int32Array.from({ length: arms.length + 1 }, (_, a) => at[a * days.length]);
  const present = new Int32Array(days.length * arms.length);
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
  const whole = { unitOf, rowOf, start, days, present, from: 0 };
  if (common.day === 0) return whole;
  return {
    ...whole,
    days: days.slice(common.day),
    present: present.slice(common.day * arms.length),
    from: firstOf(observations, days[common.day]),
    restricted: { day: days[common.day], unitsLeftOut: arm.length - unitOf.length, late: common.late },
  };
}

function distinctDays({ day }: Observations): Int32Array {
  if (day === undefined || day.length === 0) return Int32Array.of(0);
  const found: number[] = [day[0]];
  for (let i = 1; i < day.length; i++) if (day[i] !== day[i - 1]) found.push(day[i]);
  return Int32Array.from(found);
}

/** [U] index of the day of a unit's first observation, −1 for those never observed. */
function entries({ observations: { unit, day }, arm }: Trial, days: Int32Array): Int32Array {
  const entry = new Int32Array(arm.length).fill(-1);
  if (day === undefined) return entry;
  let today = 0;
  for (let i = 0; i < unit.length; i++) {
    if (day[i] !== days[today]) today++;
    if (entry[unit[i]] < 0) entry[unit[i]] = today;
  }
  return entry;
}

/** The first day on which every arm takes part, and the arms that were waited for. */
function commonStart(
  arm: Int32Array,
  entry: Int32Array,
  arms: number,
  days: number,
): { readonly day: number; readonly late: readonly number[] } {
  const units = new Int32Array(arms);
  const first = new Int32Array(arms).fill(days);
  for (let u = 0; u < arm.length; u++) {
    if (entry[u] < 0) continue;
    units[arm[u]]++;
    if (entry[u] < first[arm[u]]) first[arm[u]] = entry[u];
  }
  let start = 0;
  const late: number[] = [];
  for (let a = 0; a < arms; a++) {
    if (units[a] === 0 || first[a] === 0) continue;
    let [others, before] = [0, 0];
    for (let u = 0; u < arm.length; u++) {
      if (arm[u] === a || entry[u] < 0) continue;
      others++;
      if (entry[u] < first[a]) before++;
    }
    // If this arm's units entered like the others', none would have come before by this chance.
    if (units[a] * Math.log1p(-before / others) > Math.log(LATE_BY_CHANCE)) continue;
    late.push(a);
    start = Math.max(start, first[a]);
  }
  return { day: start, late };
}

function firstOf({ day }: Observations, from: number): number {
  return day === undefined ? 0 : day.findIndex((d) => d >= from);
}
