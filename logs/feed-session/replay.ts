import { complaint } from '../../core/check.js';
import type { Log } from '../record.js';
import { checkCatalogue, type Catalogue } from './catalogue.js';
import { checkLayout, dwellNumber, placesOf, type FeedLayout } from './layout.js';
import { SessionPrefix } from './prefix.js';

/**
 * How a feed log is written in the record contract, by simulators and importers alike:
 *
 * - actions: items with numeric `seconds`, `birth` and the F item features, and the categorical `cluster`;
 * - numeric context: the U features `user.…`, then the X features `context.…`;
 * - features `user.taste0…` and items' `content0…` share one space;
 * - outcomes: the H outcomes, 0 or 1, the main one first, then `dwellSeconds`;
 * - a row per item shown, `position` its place in the session, `endReason` in the session's last row.
 */
export const DWELL = 'dwellSeconds';
export const USER_PREFIX = 'user.';
export const CONTEXT_PREFIX = 'context.';
export const SECONDS = 'seconds';
export const BIRTH = 'birth';
export const CLUSTER = 'cluster';
/** End reasons of a feed log: the first two are facts about users, the others about who watched. */
export const FEED_END_REASONS = ['none', 'left', 'step limit'] as const;
/** Code of "left". */
export const LEFT = 1;
/** Items told one by one unless said otherwise. */
export const RECENT = 4;

/** Some sessions of a feed log, row after row: session by session, each in the order in which it happened. */
export interface SessionRows {
  readonly log: Log;
  readonly layout: FeedLayout;
  readonly catalogue: Catalogue;
  /** [sessions + 1] where each session's rows begin. */
  readonly starts: Int32Array;
  /** [R] row of the log. */
  readonly row: Int32Array;
  /** [R] code of the item shown. */
  readonly item: Int32Array;
  /** [R, H + 1] what followed: the outcomes, then the dwell number. */
  readonly answers: Float32Array;
  /** [R] 1: the user left after this item. */
  readonly left: Uint8Array;
  /** [R] 1: nobody knows whether the user left after this item, because watching stopped here. */
  readonly unknown: Uint8Array;
}

/** The schema of a feed log's states. */
export function layoutOf(log: Log, recent = RECENT): FeedLayout {
  const { numericNames, outcomes } = log.schema;
  const userNames = numericNames.filter((name) => name.startsWith(USER_PREFIX)).map((name) => name.slice(5));
  const contextNames = numericNames.filter((name) => name.startsWith(CONTEXT_PREFIX)).map((name) => name.slice(8));
  const itemNames = log.actions.numericNames.filter((name) => name !== SECONDS && name !== BIRTH);
  let shared = 0;
  while (userNames[shared] === `taste${shared}` && itemNames[shared] === `content${shared}`) shared++;
  const layout = {
    userNames,
    contextNames,
    itemNames,
    outcomes: outcomes.filter((name) => name !== DWELL),
    shared,
    recent,
  };
  checkLayout(`feed log '${log.name}'`, layout);
  return layout;
}

/** The items of a feed log. */
export function catalogueOf(log: Log): Catalogue {
  const where = `feed log '${log.name}'`;
  const { actions } = log;
  const N = actions.values.length;
  const M = actions.numericNames.length;
  const column = (name: string): number => {
    const at = actions.numericNames.indexOf(name);
    if (at >= 0) return at;
    const received = actions.numericNames.join(', ');
    throw complaint('data', { where, expected: `items with a number '${name}'`, received: received || 'no numbers' });
  };
  const names = actions.numericNames.filter((name) => name !== SECONDS && name !== BIRTH);
  const places = names.map(column);
  const features = new Float32Array(N * names.length);
  for (let i = 0; i < N; i++) places.forEach((m, f) => (features[i * names.length + f] = actions.numeric[i * M + m]));
  const cluster = actions.categoricalNames.indexOf(CLUSTER);
  if (cluster < 0) throw complaint('data', { where, expected: `items with a '${CLUSTER}'`, received: 'none' });
  const C = actions.categoricalNames.length;
  const [seconds, birth] = [column(SECONDS), actions.numericNames.indexOf(BIRTH)];
  const catalogue = {
    items: N,
    ids: actions.values,
    names,
    features,
    cluster: Int32Array.from({ length: N }, (_, i) => actions.categorical[i * C + cluster]),
    clusters: actions.categoricalValues[cluster].values.length,
    seconds: Float32Array.from({ length: N }, (_, i) => actions.numeric[i * M + seconds]),
    birth: Int32Array.from({ length: N }, (_, i) => (birth < 0 ? 0 : actions.numeric[i * M + birth])),
  };
  checkCatalogue(where, catalogue);
  return catalogue;
}

/** Everything about the sessions of a feed log whose code `keep` wants, in the order of their first rows. */
export function sessionRows(
  log: Log,
  { recent = RECENT, keep = () => true }: { readonly recent?: number; readonly keep?: (row: number) => boolean } = {},
): SessionRows {
  const where = `feed log '${log.name}'`;
  const layout = layoutOf(log, recent);
  const catalogue = catalogueOf(log);
  const of = rowsPerSession(log, keep);
  if (of.size === 0) {
    throw complaint('data', {
      where,
      expected: 'rows that name their session',
      received: log.session.every((code) => code < 0) ? 'none that does' : 'no session of this split',
      try: 'Import the log with sessions, e.g. cut where nothing happened for 30 minutes.',
    });
  }
  const R = [...of.values()].reduce((sum, rows) => sum + rows.length, 0);
  const A = layout.outcomes.length + 1;
  const starts = new Int32Array(of.size + 1);
  const row = new Int32Array(R);
  const [left, unknown] = [new Uint8Array(R), new Uint8Array(R)];
  let [at, session] = [0, 0];
  for (const rows of of.values()) {
    rows.forEach((n, i) => {
      row[at + i] = n;
    });
    at += rows.length;
    const end = rows[rows.length - 1];
    const reason = log.schema.endReasons[log.endReason[end]];
    if (reason === FEED_END_REASONS[LEFT]) left[at - 1] = 1;
    else unknown[at - 1] = 1;
    starts[++session] = at;
  }
  const columns = layout.outcomes.map((name) => log.outcomes[log.schema.outcomes.indexOf(name)]);
  const dwell = log.schema.outcomes.indexOf(DWELL);
  const answers = new Float32Array(R * A);
  for (let r = 0; r < R; r++) {
    columns.forEach((column, h) => (answers[r * A + h] = column[row[r]]));
    answers[r * A + A - 1] = dwell < 0 ? 0 : dwellNumber(Math.max(0, log.outcomes[dwell][row[r]]));
  }
  return { log, layout, catalogue, starts, row, item: row.map((n) => log.action[n]), answers, left, unknown };
}

/** Rows of each session in the order in which they happened: by position, then as logged. */
function rowsPerSession(log: Log, keep: (row: number) => boolean): Map<number, number[]> {
  const of = new Map<number, number[]>();
  for (let n = 0; n < log.rows; n++) {
    if (log.session[n] < 0 || !keep(n)) continue;
    const rows = of.get(log.session[n]);
    if (rows === undefined) of.set(log.session[n], [n]);
    else rows.push(n);
  }
  for (const rows of of.values()) {
    if (rows.some((n, i) => i > 0 && log.position[n] < log.position[rows[i - 1]])) {
      rows.sort((a, b) => log.position[a] - log.position[b] || a - b);
    }
  }
  return of;
}

/**
 * Replays sessions through `SessionPrefix`.
 *
 * @param before [R, S] the state before each row's choice; overwritten
 * @param after  [R, S] the state after its answers, from which the user leaves or goes on; overwritten
 */
export function replayStates(sessions: SessionRows, before: Float32Array, after?: Float32Array): void {
  const { width: S } = placesOf(sessions.layout);
  walk(sessions, {
    before: (prefix, r) => prefix.write(0, before, r * S),
    after: (prefix, r) => after !== undefined && prefix.write(0, after, r * S),
  });
}

/**
 * The same in half the memory: a session's state after a row is its state before the next, so that a session of n rows
 * has n + 1 states.
 *
 * @returns [R + sessions, S]; row r of session number s has the state before it at place r + s, the one after it at r + s + 1
 */
export function sessionStates(sessions: SessionRows): Float32Array {
  const { width: S } = placesOf(sessions.layout);
  const states = new Float32Array((sessions.row.length + sessions.starts.length - 1) * S);
  walk(sessions, {
    before: (prefix, r, s) => prefix.write(0, states, (r + s) * S),
    after: (prefix, r, s) => r + 1 === sessions.starts[s + 1] && prefix.write(0, states, (r + s + 1) * S),
  });
  return states;
}

/** Calls back with the prefix as it stands before and after row r of session number s. */
function walk(
  sessions: SessionRows,
  visit: {
    readonly before: (prefix: SessionPrefix, r: number, s: number) => unknown;
    readonly after: (prefix: SessionPrefix, r: number, s: number) => unknown;
  },
): void {
  const { layout, catalogue, starts, item, answers } = sessions;
  const prefix = new SessionPrefix(layout, catalogue, 1);
  const { answerWidth: A, context } = prefix.places;
  const { users, contexts } = knownOf(sessions);
  const X = layout.contextNames.length;
  for (let s = 0; s + 1 < starts.length; s++) {
    prefix.begin(0, users, s * context);
    prefix.known.set(contexts.subarray(s * X, (s + 1) * X), context);
    for (let r = starts[s]; r < starts[s + 1]; r++) {
      visit.before(prefix, r, s);
      prefix.push(0, item[r], answers, r * A);
      visit.after(prefix, r, s);
    }
  }
}

/** What is known of each session as it begins. @returns users [sessions, U], contexts [sessions, X] */
export function knownOf({ log, layout, starts, row }: SessionRows): {
  readonly users: Float32Array;
  readonly contexts: Float32Array;
} {
  const { numericNames } = log.schema;
  const M = numericNames.length;
  const n = starts.length - 1;
  const read = (names: readonly string[], prefix: string): Float32Array => {
    const columns = names.map((name) => numericNames.indexOf(prefix + name));
    const out = new Float32Array(n * names.length);
    for (let s = 0, to = 0; s < n; s++) for (const m of columns) out[to++] = log.numeric[row[starts[s]] * M + m];
    return out;
  };
  return { users: read(layout.userNames, USER_PREFIX), contexts: read(layout.contextNames, CONTEXT_PREFIX) };
}

/** Users of a log and the contexts they came in, to be met again in a simulator. */
export interface Population {
  readonly layout: FeedLayout;
  /** [n, U] as first logged. */
  readonly features: Float32Array;
  /** [n] */
  readonly ids: readonly string[];
  /** [sessions, X] one row per session. */
  readonly contexts: Float32Array;
}

/** Everybody in some sessions, in the order in which they first came; where no user is logged, each session is one. */
export function populationOf(sessions: SessionRows): Population {
  const { log, layout, starts, row } = sessions;
  const U = layout.userNames.length;
  const { users, contexts } = knownOf(sessions);
  const first: number[] = [];
  const ids: string[] = [];
  const seen = new Set<number>();
  for (let s = 0; s + 1 < starts.length; s++) {
    const n = row[starts[s]];
    const user = log.user[n];
    if (user >= 0 && seen.has(user)) continue;
    seen.add(user);
    first.push(s);
    ids.push(user >= 0 ? log.users.values[user] : `session ${log.sessions.values[log.session[n]]}`);
  }
  const features = new Float32Array(first.length * U);
  first.forEach((s, u) => features.set(users.subarray(s * U, (s + 1) * U), u * U));
  return { layout, features, ids, contexts };
}
