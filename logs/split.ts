import { complaint, GymError } from '../core/check.js';
import { hash32 } from '../core/random.js';
import type { Dictionary, Log, Rows } from './record.js';

/**
 * Splits: which rows of a log are for what. Every row is in exactly one part, and the same log, shares and seed give
 * the same parts. A part may be empty when its share is small and the log is short.
 */

/** What a split keeps together: all rows of a user, session or request, or nothing ('row'). */
export type SplitBy = 'row' | 'user' | 'session' | 'request';

/** Parts of a whole by name, e.g. { train: 0.5, test: 0.5 }; positive, summing to 1. */
export type Shares = Readonly<Record<string, number>>;
/** The parts, by the names of their shares. */
export type Split = Readonly<Record<string, Rows>>;

/** Every row of a log. */
export function allRows(log: Log, name = 'all'): Rows {
  return { name, index: Int32Array.from({ length: log.rows }, (_, row) => row) };
}

/**
 * Draws each row, or each user, session or request, into one part with the probability of its share. What falls where
 * depends on the seed and on the row number or the text of the group alone: a user of two logs, or of a log that has
 * grown, stays in the part it was in. Shares are met on average, not exactly. A row whose user (session, request) was
 * not logged is a group of its own.
 *
 * @throws a usage error when no row has the column to split by, naming the columns that exist
 */
export function splitByHash(log: Log, by: SplitBy, shares: Shares, seed: number | string): Split {
  const ends = cumulative(shares);
  const salt = hash32(`split/${seed}`);
  const partOf = (text: string): number => {
    const u = hash32(text, salt) / 2 ** 32;
    const part = ends.findIndex((end) => u < end);
    return part < 0 ? ends.length - 1 : part;
  };
  const groups = groupsOf(log, by);
  const partOfGroup = groups?.values.map((text) => partOf(`${by}/${text}`));
  const part = new Uint8Array(log.rows);
  for (let row = 0; row < log.rows; row++) {
    const group = groups === undefined ? -1 : groups.codes[row];
    part[row] = group < 0 || partOfGroup === undefined ? partOf(`row/${row}`) : partOfGroup[group];
  }
  return gather(part, shares);
}

/**
 * Cuts the log along time: the earliest rows are the first part, in the order in which the shares are written. Rows of
 * one instant stay together, so that no slate is cut in two.
 *
 * @throws a usage error when a row has no time
 */
export function splitByTime(log: Log, shares: Shares): Split {
  const ends = cumulative(shares);
  const { timeMs, rows } = log;
  const untimed = timeMs.findIndex(Number.isNaN);
  if (untimed >= 0) {
    throw new GymError(
      'usage',
      `log '${log.name}': cannot be split by time, row ${untimed} has none. ${otherWays(log)}`,
    );
  }
  const order = Int32Array.from({ length: rows }, (_, row) => row).sort((a, b) => timeMs[a] - timeMs[b] || a - b);
  const part = new Uint8Array(rows);
  let current = 0;
  for (const [place, row] of order.entries()) {
    const sameInstant = place > 0 && timeMs[order[place - 1]] === timeMs[row];
    // A part ends before the first new instant at or past its share.
    while (!sameInstant && current < ends.length - 1 && place >= Math.round(ends[current] * rows)) current++;
    part[row] = current;
  }
  return gather(part, shares);
}

function cumulative(shares: Shares): number[] {
  const entries = Object.entries(shares);
  let sum = 0;
  const ends = entries.map(([, share]) => (sum += share));
  const wrong = entries.find(([, share]) => !(share > 0 && share <= 1));
  if (wrong !== undefined || entries.length === 0 || entries.length > 255 || Math.abs(sum - 1) > 1e-9) {
    throw complaint('usage', {
      where: 'split shares',
      expected: '1 to 255 positive shares that sum to 1',
      received: entries.map(([name, share]) => `${name}: ${share}`).join(', ') || 'none',
    });
  }
  return ends;
}

function gather(part: Uint8Array, shares: Shares): Split {
  const sizes = new Int32Array(256);
  for (const p of part) sizes[p]++;
  const index = Object.keys(shares).map((_, p) => new Int32Array(sizes[p]));
  const at = new Int32Array(256);
  for (let row = 0; row < part.length; row++) index[part[row]][at[part[row]]++] = row;
  return Object.fromEntries(Object.keys(shares).map((name, p) => [name, { name, index: index[p] }]));
}

function groupsOf(log: Log, by: SplitBy): { codes: Int32Array; values: readonly string[] } | undefined {
  if (by === 'row') return undefined;
  const dictionaries: Readonly<Record<Exclude<SplitBy, 'row'>, Dictionary>> = {
    user: log.users,
    session: log.sessions,
    request: log.requests,
  };
  const codes = log[by];
  if (codes.some((code) => code >= 0)) return { codes, values: dictionaries[by].values };
  throw new GymError('usage', `log '${log.name}': cannot be split by ${by}, it was not logged. ${otherWays(log)}`);
}

function otherWays(log: Log): string {
  const groups = (['user', 'session', 'request'] as const).filter((by) => log[by].some((code) => code >= 0));
  const time = log.rows > 0 && !log.timeMs.some(Number.isNaN) ? ['time'] : [];
  return `This log can be split by: ${['row', ...groups, ...time].join(', ')}.`;
}
