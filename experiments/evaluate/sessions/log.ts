import { complaint, GymError, suggestion } from '../../../core/check.js';
import { outcome, type Log } from '../../../logs/record.js';
import { targetOf, type LoggedSessions, type SessionTarget } from './sessions.js';

/** The policy that is judged on a log: uniform over each row's candidates, or π(a | row) written to out [A]. */
export type LogTarget = 'uniform' | ((row: number, out: Float64Array) => void);

/**
 * The sessions of a log in the store, its decisions in the order in which they were logged; the numeric context features
 * become the sessions' features.
 *
 * @param rows   ascending row numbers, e.g. of a split that keeps sessions whole
 * @param reward an outcome of the log; may be left out where there is only one
 * @throws a data error without propensities or session, a usage error for an unknown outcome
 */
export function sessionsOfLog(
  log: Log,
  rows: Int32Array,
  target: LogTarget,
  reward?: string,
): { readonly sessions: LoggedSessions; readonly target: SessionTarget } {
  const column = rewardOf(log, reward);
  if (!log.schema.hasPropensity)
    throw new GymError(
      'data',
      `log '${log.name}': expected logged propensities, received none. Nothing can be weighted.`,
    );
  const loose = rows.find((row) => log.session[row] < 0);
  if (loose !== undefined) {
    throw complaint('data', {
      where: `log '${log.name}', row ${loose}`,
      expected: 'a session',
      received: 'none',
      try: "Judge single decisions with 'recsys-gym evaluate'.",
    });
  }
  const { order, offsets, names } = bySession(log, rows);
  const A = log.actions.values.length;
  const M = log.schema.numericNames.length;
  const all = new Float64Array(order.length * A);
  order.forEach((row, n) => {
    const out = all.subarray(n * A, (n + 1) * A);
    if (target === 'uniform') uniformRow(log, row, out);
    else target(row, out);
  });
  const features = new Float64Array(order.length * M);
  order.forEach((row, n) => features.set(log.numeric.subarray(row * M, (row + 1) * M), n * M));
  const sessions: LoggedSessions = {
    offsets,
    actions: A,
    action: order.map((row) => log.action[row]),
    reward: Float64Array.from(order, (row) => column[row]),
    propensity: Float64Array.from(order, (row) => log.propensity[row]),
    names,
    rows: order,
    ...(M > 0 && features.every(Number.isFinite) ? { features: { width: M, values: features } } : {}),
  };
  return { sessions, target: targetOf(sessions, all) };
}

function rewardOf(log: Log, reward: string | undefined): Float32Array {
  const { outcomes } = log.schema;
  const name = reward ?? (outcomes.length === 1 ? outcomes[0] : undefined);
  if (name === undefined)
    throw new GymError('usage', `--reward: expected one of the outcomes ${outcomes.join(', ')}, received none.`);
  const column = outcome(log, name);
  if (column === undefined)
    throw new GymError('usage', `--reward: no outcome called '${name}'. ${suggestion(name, outcomes)}`);
  return column;
}

/** Rows session by session, sessions in order of appearance. */
function bySession(log: Log, rows: Int32Array): { order: Int32Array; offsets: Int32Array; names: string[] } {
  const groups = new Map<number, number[]>();
  for (const row of rows) {
    const known = groups.get(log.session[row]);
    if (known === undefined) groups.set(log.session[row], [row]);
    else known.push(row);
  }
  const offsets = new Int32Array(groups.size + 1);
  [...groups.values()].forEach((group, s) => (offsets[s + 1] = offsets[s] + group.length));
  return {
    order: Int32Array.from([...groups.values()].flat()),
    offsets,
    names: [...groups.keys()].map((code) => log.sessions.values[code]),
  };
}

/** 1 ÷ number of candidates for each of them. */
function uniformRow({ candidates }: Log, row: number, out: Float64Array): void {
  if (candidates === 'all') {
    out.fill(1 / out.length);
    return;
  }
  const { offsets, codes } = candidates;
  for (let i = offsets[row]; i < offsets[row + 1]; i++) out[codes[i]] = 1 / (offsets[row + 1] - offsets[row]);
}
