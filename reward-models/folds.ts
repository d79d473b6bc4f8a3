import { complaint } from '../core/check.js';
import { hash32 } from '../core/random.js';
import type { Log } from '../logs/record.js';

/** What stays together when rows are dealt out: a user's rows say much about each other. */
export type Grouping = 'row' | 'user' | 'session' | 'request';

/** A group that is named less often than this in the rows would deal them out too unevenly. */
const FEWEST_GROUPS = 100;

/**
 * The widest group that is logged for every row, of which the rows hold at least a hundred: user, session or request;
 * else single rows.
 */
export function widestGrouping(log: Log, rows: Int32Array): Grouping {
  for (const by of ['user', 'session', 'request'] as const) {
    const groups = new Set<number>();
    const complete = rows.every((row) => log[by][row] >= 0);
    if (complete) for (const row of rows) groups.add(log[by][row]);
    if (groups.size >= FEWEST_GROUPS) return by;
  }
  return 'row';
}

/**
 * A number in [0, 1) per row, the same for all rows of a group and for the same text in another log: the hash of the
 * group's name (of the row's number where no group is logged) and the salt.
 */
export function groupUniform(log: Log, rows: Int32Array, by: Grouping, salt: string): Float64Array {
  const start = hash32(salt);
  const single = (row: number): number => hash32(String(row), start) * 2 ** -32;
  if (by === 'row') return Float64Array.from(rows, single);
  const { values } = by === 'user' ? log.users : by === 'session' ? log.sessions : log.requests;
  const known = Float64Array.from(values, (value) => hash32(value, start) * 2 ** -32);
  return Float64Array.from(rows, (row) => (log[by][row] >= 0 ? known[log[by][row]] : single(row)));
}

/**
 * Deals rows into folds by hash.
 *
 * @returns [n] fold of each row, in [0, folds)
 */
export function dealFolds(
  log: Log,
  rows: Int32Array,
  { folds, by, salt }: { readonly folds: number; readonly by: Grouping; readonly salt: string },
): Int32Array {
  const foldOf = Int32Array.from(groupUniform(log, rows, by, salt), (u) => Math.floor(u * folds));
  const filled = new Set(foldOf).size;
  if (filled < folds) {
    throw complaint('data', {
      where: `cross-fitting log '${log.name}'`,
      expected: `rows in each of ${folds} folds`,
      received: `${filled} folds with rows (${rows.length} rows, grouped by ${by})`,
      try: 'Use fewer folds, or group by row.',
    });
  }
  return foldOf;
}
