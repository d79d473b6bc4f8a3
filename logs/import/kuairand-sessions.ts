import type { KuairandRows } from './kuairand-rows.js';

/** Times of the app are China's, all year. */
const ZONE_MS = 8 * 3_600_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** 1970-01-01 was a Thursday; Monday is 0. */
const FIRST_WEEKDAY = 3;

/**
 * The X context features, known when a session begins: the hour in China as sine and cosine, whether it is Saturday or
 * Sunday, ln(1 + hours since the session before) / ln 169 (a week is 1; 0 in the first), whether it is the user's first
 * in the log, and ln(1 + sessions before) / ln 101.
 */
export const CONTEXT_NAMES = ['hourSin', 'hourCos', 'weekend', 'gap', 'first', 'sessionsBefore'] as const;

/** Sessions of a log: S of them, in the order in which they begin. */
export interface KuairandSessions {
  /** [S] USER/NUMBER, counted from 1. */
  readonly names: readonly string[];
  /** [S, X] */
  readonly context: Float32Array;
  /** [N] */
  readonly session: Int32Array;
  /** [N] place in the session, from 0. */
  readonly position: Int32Array;
  /** [N] 1: the last row of a session that is not the user's last. */
  readonly left: Uint8Array;
}

/** Cuts each user's rows where more than so many minutes lie between two. */
export function cutSessions({ rows, user, users, timeMs }: KuairandRows, gapMinutes: number): KuairandSessions {
  const gapMs = gapMinutes * 60_000;
  const session = new Int32Array(rows);
  const position = new Int32Array(rows);
  const left = new Uint8Array(rows);
  const names: string[] = [];
  const context: number[] = [];
  const last = new Int32Array(users.length).fill(-1);
  const count = new Int32Array(users.length);
  for (let n = 0; n < rows; n++) {
    const u = user[n];
    const before = last[u];
    last[u] = n;
    if (before >= 0 && timeMs[n] - timeMs[before] <= gapMs) {
      session[n] = session[before];
      position[n] = position[before] + 1;
      continue;
    }
    if (before >= 0) left[before] = 1;
    context.push(...contextOf(timeMs[n], before < 0 ? NaN : timeMs[n] - timeMs[before], count[u]));
    session[n] = names.length;
    names.push(`${users[u]}/${++count[u]}`);
  }
  return { names, context: Float32Array.from(context), session, position, left };
}

function contextOf(timeMs: number, sinceMs: number, before: number): number[] {
  const local = timeMs + ZONE_MS;
  const angle = (2 * Math.PI * (local % DAY_MS)) / DAY_MS;
  const weekday = (Math.floor(local / DAY_MS) + FIRST_WEEKDAY) % 7;
  return [
    Math.sin(angle),
    Math.cos(angle),
    weekday >= 5 ? 1 : 0,
    Number.isNaN(sinceMs) ? 0 : Math.log1p(sinceMs / HOUR_MS) / Math.log(169),
    before === 0 ? 1 : 0,
    Math.log1p(before) / Math.log(101),
  ];
}
