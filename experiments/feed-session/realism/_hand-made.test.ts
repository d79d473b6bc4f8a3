import { KeyedDraws } from '../../../core/draws.js';
import { makeLog } from '../../../logs/columns.js';
import { placesOf, type FeedLayout } from '../../../logs/feed-session/layout.js';
import { DWELL, FEED_END_REASONS, sessionRows, type SessionRows } from '../../../logs/feed-session/replay.js';
import type { ResponseModel } from '../../../reward-models/feed-session/contract.js';

/** Logs and models made by hand, whose truth is a line of code. */

interface HandMadeItem {
  /** 0 or 1 per outcome: watch, like. */
  readonly watch: number;
  readonly like?: number;
  readonly item?: number;
  readonly seconds?: number;
}

interface HandMadeSession {
  readonly shown: readonly HandMadeItem[];
  readonly end?: (typeof FEED_END_REASONS)[number];
  readonly policy?: number;
  readonly user?: number;
}

const ITEMS = 6;
const POLICIES = ['a', 'b'];

/** A log of six items in three clusters (item mod 3), with the outcomes watch and like. */
export function handMade(sessions: readonly HandMadeSession[]): SessionRows {
  const rows = sessions.flatMap(({ shown, end = 'left', policy = 0, user = 0 }, s) =>
    shown.map((one, i) => ({ ...one, s, i, policy, user, end: i + 1 === shown.length ? end : 'none' }) as const),
  );
  const log = makeLog({
    name: 'hand-made',
    rows: rows.length,
    schema: {
      source: 'made by hand',
      outcomes: ['watch', 'like', DWELL],
      endReasons: FEED_END_REASONS,
      numericNames: ['user.taste'],
    },
    actions: {
      values: Array.from({ length: ITEMS }, (_, i) => `item ${i}`),
      numericNames: ['seconds', 'content'],
      numeric: Float32Array.from({ length: 2 * ITEMS }, (_, i) => (i % 2 === 0 ? 30 : (i >> 1) / ITEMS)),
      categoricalNames: ['cluster'],
      categorical: Int32Array.from({ length: ITEMS }, (_, i) => i % 3),
      categoricalValues: [{ values: ['x', 'y', 'z'] }],
    },
    policies: POLICIES,
    policy: Int32Array.from(rows, ({ policy }) => policy),
    sessions: sessions.map((_, s) => `s${s}`),
    session: Int32Array.from(rows, ({ s }) => s),
    position: Int32Array.from(rows, ({ i }) => i),
    action: Int32Array.from(rows, ({ item = 0 }) => item),
    endReason: Uint8Array.from(rows, ({ end }) => FEED_END_REASONS.indexOf(end)),
    outcomes: [
      Float32Array.from(rows, ({ watch }) => watch),
      Float32Array.from(rows, ({ like = 0 }) => like),
      Float32Array.from(rows, ({ seconds = 5 }) => seconds),
    ],
    numeric: Float32Array.from(rows, ({ user }) => user),
  });
  return sessionRows(log, { recent: 0 });
}

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

/** Log-odds of an exit in the state after: fewer watches, more exits. */
interface Truth {
  readonly base: number;
  /** Per unit of the moving average of watches. */
  readonly watch: number;
}

export const TRUTH: Truth = { base: -1.2, watch: -3 };
const WATCHING = 0.5;
const LIKING = 0.3;

/** Sessions whose people watch every second item, like three of ten watches, and leave as `truth` says. */
export function drawn(
  sessions: number,
  seed: number,
  { truth = TRUTH, watching = WATCHING, policy = 0 } = {},
): SessionRows {
  return handMade(drawnSessions(sessions, seed, { truth, watching, policy }));
}

export function drawnSessions(
  sessions: number,
  seed: number,
  { truth = TRUTH, watching = WATCHING, policy = 0 } = {},
): HandMadeSession[] {
  const draws = new KeyedDraws(seed, 'hand-made');
  return Array.from({ length: sessions }, (_, s) => {
    draws.at(s, 0);
    const shown: HandMadeItem[] = [];
    let average = 0;
    // People differ in nothing that they know of themselves, so a taste between −1 and 1 carries no signal.
    const user = 2 * draws.next() - 1;
    for (;;) {
      const watch = draws.next() < watching ? 1 : 0;
      const like = watch === 1 && draws.next() < LIKING ? 1 : 0;
      shown.push({ watch, like, item: Math.floor(draws.next() * ITEMS), seconds: 1 + 9 * draws.next() });
      average = 0.85 * average + 0.15 * watch;
      if (draws.next() < sigmoid(truth.base + truth.watch * average)) return { shown, policy, user };
      if (shown.length === 60) return { shown, policy, user, end: 'step limit' };
    }
  });
}

export const LAYOUT: FeedLayout = {
  userNames: ['taste'],
  contextNames: [],
  itemNames: ['content'],
  shared: 0,
  outcomes: ['watch', 'like'],
  recent: 0,
};

/** A model that answers by formula. `exit` is given the moving average of watches in the state after. */
export function modelOf({
  exit = (average: number): number => sigmoid(TRUTH.base + TRUTH.watch * average),
  watch = WATCHING,
  like = LIKING,
}: {
  readonly exit?: (average: number) => number;
  readonly watch?: number;
  readonly like?: number;
} = {}): ResponseModel {
  const { width: S, answers } = placesOf(LAYOUT);
  const unused = (): never => {
    throw new Error('not asked by realism');
  };
  return {
    layout: LAYOUT,
    card: {
      layout: LAYOUT,
      fittedOn: { log: 'hand-made', logHash: '0', split: 'none', rows: 0 },
      exitRate: 0.1,
      quality: {},
      settings: {},
      epochs: 0,
      parameters: 0,
    },
    rank: unused,
    respond(n, _states, _items, out) {
      for (let i = 0; i < n; i++) out.set([watch, 0, watch, like], 4 * i);
    },
    exit(n, states, out) {
      for (let i = 0; i < n; i++) out[i] = exit(states[i * S + answers]);
    },
    dwellSeconds: unused,
    save: unused,
  };
}
