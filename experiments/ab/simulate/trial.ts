import type { AbExperiment } from '../../config/ab-schema.js';
import type { Segmentation, Trial } from '../contract.js';
import type { Assignment } from './assignment.js';
import type { Rows } from './rows.js';

/** How a feature of the rows becomes a segmentation of the units. */
export interface Cut {
  readonly name: string;
  readonly feature: string;
  /** Ascending. */
  readonly cuts: readonly number[];
  /** One more than cuts. */
  readonly values: readonly string[];
}

export interface TrialRequest {
  readonly experiment: Pick<AbExperiment, 'users' | 'arms'>;
  readonly assignment: Assignment;
  /** In the order of time, the days before the test first. */
  readonly rows: Rows;
  readonly cuts: readonly Cut[];
  /** Rows of later periods are left out: the test was stopped. */
  readonly lastDay?: number;
}

/**
 * A played world as the table that `ab analyze` would have read: units with their arm, what was known of them before,
 * and what was seen of them day by day.
 */
export function trialOf({ experiment, assignment, rows, cuts, lastDay = Infinity }: TrialRequest): Trial {
  const { users, arms } = experiment;
  const day = periods(assignment, rows, arms.length);
  const units = unitsOf(assignment, rows, users, { day, lastDay });
  const index = rowsInTest(units.of);
  const feature = (name: string): Float64Array => {
    const values = new Float64Array(units.count);
    // The first row of a unit is what was known of it first.
    for (let i = index.length - 1; i >= 0; i--) values[units.of[index[i]]] = rows.features[name][index[i]];
    return values;
  };
  const byTime = assignment.design === 'time';
  return {
    arms: arms.map(({ name }) => name),
    unit: units.name,
    arm: units.arm,
    covariates: byTime ? {} : { ...features(rows, feature), ...before(rows, units) },
    segments: byTime ? [] : cuts.map((cut) => segmentation(cut, feature(cut.feature))),
    ...(assignment.cluster === undefined ? {} : { cluster: clusterOf(units, assignment.cluster) }),
    observations: {
      unit: index.map((n) => units.of[n]),
      day: index.map((n) => day[n]),
      columns: Object.fromEntries(
        Object.entries(rows.columns).map(([name, values]) => [name, gathered(values, index)]),
      ),
    },
  };
}

/** values[index], by a loop: `from` with a function takes its time on the rows of a market. */
function gathered(values: Float64Array, index: Int32Array): Float64Array {
  const out = new Float64Array(index.length);
  for (let i = 0; i < index.length; i++) out[i] = values[index[i]];
  return out;
}

/**
 * [N] the period in which a row may first be read: its day; of a switchback the block of windows that holds every arm once,
 * because a single window has nothing to be compared with.
 */
function periods(
  { design, windowOf }: Assignment,
  { day, hour }: Pick<Rows, 'day' | 'hour'>,
  arms: number,
): Int32Array {
  return design === 'time' ? day.map((d, n) => (d < 0 ? d : Math.floor(windowOf(d, hour[n]) / arms))) : day;
}

/** Numbers of the rows that belong to a unit. */
function rowsInTest(of: Int32Array): Int32Array {
  const index = new Int32Array(of.length);
  let count = 0;
  for (let n = 0; n < of.length; n++) if (of[n] >= 0) index[count++] = n;
  return index.subarray(0, count);
}

interface Units {
  readonly name: string;
  readonly count: number;
  /** [N] unit of each row; −1 for rows outside the test. */
  readonly of: Int32Array;
  /** [count] */
  readonly arm: Int32Array;
  /** [users] the unit of a user where units are users; −1 for those who are in no test. */
  readonly ofUser?: Int32Array;
}

/** Which rows are read at all. */
interface Until {
  readonly day: Int32Array;
  readonly lastDay: number;
}

function unitsOf(assignment: Assignment, rows: Rows, users: number, until: Until): Units {
  switch (assignment.design) {
    case 'user':
    case 'budget':
    case 'cluster':
      return userUnits(assignment, rows, users, until);
    case 'session':
      return freshUnits(rows, assignment, until, { name: 'session', key: (n) => rows.day[n] * users + rows.user[n] });
    case 'request':
      return freshUnits(rows, assignment, until, { name: 'request', key: (n) => n });
    case 'time':
      return freshUnits(rows, assignment, until, {
        name: 'window',
        key: (n) => assignment.windowOf(rows.day[n], rows.hour[n]),
      });
  }
}

/** Every user in the test is a unit, seen or not. */
function userUnits(assignment: Assignment, rows: Rows, users: number, { day, lastDay }: Until): Units {
  const ofUser = new Int32Array(users).fill(-1);
  const arms: number[] = [];
  for (let user = 0; user < users; user++) {
    const entry = assignment.entryOf(user);
    if (entry > lastDay || entry === Infinity) continue;
    ofUser[user] = arms.length;
    arms.push(assignment.armOf(user, entry, 0, 0));
  }
  const of = rows.user.map((user, n) => {
    const inTest = rows.day[n] >= assignment.entryOf(user) && day[n] <= lastDay;
    return inTest ? ofUser[user] : -1;
  });
  return {
    name: assignment.design === 'cluster' ? 'user in a cluster' : 'user',
    count: arms.length,
    of,
    arm: Int32Array.from(arms),
    ofUser,
  };
}

/** Units that exist because they were seen. */
function freshUnits(
  rows: Rows,
  assignment: Assignment,
  { day, lastDay }: Until,
  { name, key }: { readonly name: string; readonly key: (row: number) => number },
): Units {
  const known = new Map<number, number>();
  const arms: number[] = [];
  const of = rows.user.map((user, n) => {
    if (rows.day[n] < assignment.entryOf(user) || rows.day[n] < 0 || day[n] > lastDay) return -1;
    const id = key(n);
    let unit = known.get(id);
    if (unit === undefined) {
      known.set(id, (unit = arms.length));
      arms.push(rows.arm[n]);
    }
    return unit;
  });
  return { name, count: arms.length, of, arm: Int32Array.from(arms) };
}

function features(rows: Rows, of: (name: string) => Float64Array): Record<string, Float64Array> {
  return Object.fromEntries(Object.keys(rows.features).map((name) => [name, of(name)]));
}

/** Name of a column's sum over the days before the test. */
export const beforeName = (column: string): string => `${column} before`;

/** [units] per column: what users did in the days before the test. */
function before(rows: Rows, { count, ofUser }: Units): Record<string, Float64Array> {
  if (ofUser === undefined || !rows.day.some((day) => day < 0)) return {};
  return Object.fromEntries(
    Object.entries(rows.columns)
      .filter(([name]) => name !== 'weight')
      .map(([name, values]) => {
        const sums = new Float64Array(count);
        for (let n = 0; n < values.length; n++) {
          const unit = ofUser[rows.user[n]];
          if (rows.day[n] < 0 && unit >= 0) sums[unit] += values[n];
        }
        return [beforeName(name), sums];
      }),
  );
}

function segmentation({ name, cuts, values }: Cut, feature: Float64Array): Segmentation {
  return { name, values, code: Int32Array.from(feature, (x) => cuts.filter((cut) => x >= cut).length) };
}

function clusterOf({ count, ofUser }: Units, cluster: Int32Array): Int32Array {
  const code = new Int32Array(count);
  ofUser?.forEach((unit, user) => {
    if (unit >= 0) code[unit] = cluster[user];
  });
  return code;
}
