import { stream } from '../../core/random.js';
import { normal } from '../../core/distributions.js';
import { makeLog } from '../../logs/columns.js';
import type { Catalogue } from '../../logs/feed-session/catalogue.js';
import { dwellNumber, placesOf, type FeedLayout } from '../../logs/feed-session/layout.js';
import { SessionPrefix } from '../../logs/feed-session/prefix.js';
import { FEED_END_REASONS, sessionRows, type SessionRows } from '../../logs/feed-session/replay.js';

/** A feed whose answers follow logistic rules of what is observed, so that nothing but luck is unknown. */
export const KNOWN_LAYOUT: FeedLayout = {
  userNames: ['taste0', 'taste1', 'activity'],
  contextNames: ['evening'],
  itemNames: ['content0', 'content1', 'quality'],
  outcomes: ['watch10s', 'like', 'skip'],
  shared: 2,
  recent: 4,
};
const [U, F, H, A] = [3, 3, 3, 4];
const [ITEMS, USERS, CLUSTERS] = [60, 200, 3];
const places = placesOf(KNOWN_LAYOUT);

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** P(watch), P(like | watch), P(skip | no watch) of the state at states[at…] and the item at items[from…]. */
export function truth(states: Float32Array, at: number, items: Float32Array, from: number): [number, number, number] {
  const match = states[at] * items[from] + states[at + 1] * items[from + 1];
  const exposure = at + places.exposure;
  const again = states[exposure] * items[from] + states[exposure + 1] * items[from + 1];
  return [sigmoid(-0.3 + match - 1.5 * again), sigmoid(-0.7 + items[from + 2]), sigmoid(0.3 - 0.7 * match)];
}

/** P(leave) of the state after an item: good videos and watches keep people, skips and more of the same drive them off. */
export function exitTruth(states: Float32Array, at: number): number {
  const newest = at + places.recent + 1;
  const skips = states[at + places.answers + 2];
  return sigmoid(-2 - 0.8 * states[newest + 2] - 0.7 * states[newest + F] + 2 * skips - 0.5 * states[at + 2]);
}

function knownCatalogue(): Catalogue {
  const luck = stream('known items');
  const features = new Float32Array(ITEMS * F);
  const cluster = Int32Array.from({ length: ITEMS }, (_, i) => i % CLUSTERS);
  for (let i = 0; i < ITEMS; i++) {
    const angle = (2 * Math.PI * (cluster[i] + 0.4 * luck.next())) / CLUSTERS;
    features.set([Math.cos(angle), Math.sin(angle), normal(luck)], i * F);
  }
  return {
    items: ITEMS,
    ids: Array.from({ length: ITEMS }, (_, i) => `video-${i}`),
    names: KNOWN_LAYOUT.itemNames,
    features,
    cluster,
    clusters: CLUSTERS,
    seconds: Float32Array.from({ length: ITEMS }, () => 15 + 100 * luck.next()),
    birth: new Int32Array(ITEMS),
  };
}

/** A log of that feed under a policy that repeats a cluster more often than not. */
export function knownFeed(sessions: number, seed: string): SessionRows {
  const luck = stream(seed);
  const catalogue = knownCatalogue();
  const taste = stream('known users');
  const users = Float32Array.from({ length: USERS * U }, () => normal(taste));
  const prefix = new SessionPrefix(KNOWN_LAYOUT, catalogue, 1);
  const state = new Float32Array(places.width);
  const answers = new Float32Array(A);
  const numeric: number[] = [];
  const columns: number[][] = Array.from({ length: A }, () => []);
  const [user, session, position, action, end]: [number[], number[], number[], number[], number[]] = [
    [],
    [],
    [],
    [],
    [],
  ];
  for (let s = 0; s < sessions; s++) {
    const who = Math.floor(luck.next() * USERS);
    const evening = luck.next() < 0.3 ? 1 : 0;
    prefix.begin(0, users, who * U);
    prefix.known[prefix.contextAt(0)] = evening;
    let left = false;
    let item = 0;
    for (let step = 0; step < 30 && !left; step++) {
      const again = item - (item % CLUSTERS) + ((item + 3 * Math.floor(luck.next() * 20)) % CLUSTERS);
      item = luck.next() < 0.4 ? again % ITEMS : Math.floor(luck.next() * ITEMS);
      prefix.write(0, state, 0);
      const [watch, like, skip] = truth(state, 0, catalogue.features, item * F);
      const watched = luck.next() < watch;
      const [liked, skipped] = [watched && luck.next() < like, !watched && luck.next() < skip];
      const seconds = (watched ? 10 : skipped ? 0 : 3) + luck.next() * (watched ? catalogue.seconds[item] - 10 : 3);
      answers.set([Number(watched), Number(liked), Number(skipped), dwellNumber(seconds)]);
      prefix.push(0, item, answers, 0);
      prefix.write(0, state, 0);
      left = luck.next() < exitTruth(state, 0);
      numeric.push(...users.subarray(who * U, (who + 1) * U), evening);
      [Number(watched), Number(liked), Number(skipped), seconds].forEach((value, h) => columns[h].push(value));
      user.push(who);
      session.push(s);
      position.push(step);
      action.push(item);
      end.push(left ? 1 : step === 29 ? 2 : 0);
    }
  }
  const numericNames = ['seconds', 'birth', ...catalogue.names];
  const log = makeLog({
    name: `known feed ${seed}`,
    rows: action.length,
    schema: {
      outcomes: [...KNOWN_LAYOUT.outcomes, 'dwellSeconds'],
      source: 'test',
      numericNames: ['user.taste0', 'user.taste1', 'user.activity', 'context.evening'],
      endReasons: [...FEED_END_REASONS],
    },
    actions: {
      values: catalogue.ids,
      numericNames,
      numeric: Float32Array.from(
        catalogue.ids.flatMap((_, i) => [catalogue.seconds[i], 0, ...featuresOf(catalogue, i)]),
      ),
      categoricalNames: ['cluster'],
      categorical: catalogue.cluster,
      categoricalValues: [{ values: Array.from({ length: CLUSTERS }, (_, c) => `cluster ${c}`) }],
    },
    action: Int32Array.from(action),
    outcomes: columns.map((column) => Float32Array.from(column)),
    users: Array.from({ length: USERS }, (_, i) => `user-${i}`),
    user: Int32Array.from(user),
    sessions: Array.from({ length: sessions }, (_, i) => `session-${i}`),
    session: Int32Array.from(session),
    position: Int32Array.from(position),
    endReason: Uint8Array.from(end),
    numeric: Float32Array.from(numeric),
  });
  return sessionRows(log);
}

function featuresOf({ features }: Catalogue, item: number): Float32Array {
  return features.subarray(item * F, (item + 1) * F);
}

/** [R, F] features of the items shown. */
export function shownFeatures({ catalogue, item }: SessionRows): Float32Array {
  const out = new Float32Array(item.length * F);
  item.forEach((i, r) => out.set(featuresOf(catalogue, i), r * F));
  return out;
}

/** Outcomes of that layout. */
export const KNOWN_OUTCOMES = H;
