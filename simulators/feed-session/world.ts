import type { KeyedDraws } from '../../core/draws.js';
import { hash32 } from '../../core/random.js';
import type { Catalogue } from '../../logs/feed-session/catalogue.js';
import { dwellNumber, type FeedLayout } from '../../logs/feed-session/layout.js';
import type { SessionPrefix } from '../../logs/feed-session/prefix.js';
import { RECENT } from '../../logs/feed-session/replay.js';
import type { Answers, Crowd, FeedPeople, Luck } from './contract.js';
import { CONTEXT_NAMES, generateItems, generateUsers, type Items, type Users } from './people.js';
import { checkFeedWorld, feedWorldDefaults, leverageOf, type FeedWorldSettings, type Leverage } from './settings.js';

export const FEED_OUTCOMES = ['watch10s', 'like', 'share', 'skip', 'hide'] as const;
const [WATCH, LIKE, SHARE, SKIP, HIDE, DWELL] = [0, 1, 2, 3, 4, 5];
/** Numbers per answer. */
const A = 6;

/** Log-odds of a watch: base, per unit of match, bait and quality, and taken away per unit of satiation. *Invented*. */
const WATCHING = { base: -0.5, match: 1, bait: 0.6, quality: 0.2, satiation: 2.5 } as const;
/** What follows a watch: log-odds of a like and a share. *Invented*. */
const LIKING = { base: -2.2, match: 0.6, quality: 0.5 } as const;
const SHARING = { base: -4.2, match: 0.3, quality: 0.6 } as const;
/** What follows no watch: log-odds of skipping at once and of hiding. *Invented*. */
const SKIPPING = { base: 0.4, match: -0.3, bait: -0.2 } as const;
const HIDING = { base: -4, match: -0.4, bait: 0.5 } as const;
/** A watch is one of more than 10 seconds; who skips leaves within 3. */
const WATCHED_SECONDS = 10;
const SKIPPED_SECONDS = 3;
/** Weight of the past in satiation and fatigue, per item. The prototype of the notes: 0.85. */
const DECAY = 0.85;
/** What tires, per item: its bait where positive, the satiation of its topics, and not watching it. *Invented*. */
const STRAIN = { bait: 0.6, satiation: 1, bored: 0.6 } as const;
/** Log-odds of leaving after an item at average patience; the evening adds patience. *Invented*. */
const LEAVING = { base: -2.7, evening: 0.2 } as const;
/** Log-odds of leaving that the null world adds, so that its sessions are about as long as the others'. *Invented*. */
const NULL_WORLD = 0.45;

/**
 * The generated feed: users with tastes and patience, items with topics, quality and bait, in a world whose truth is
 * known. For user u and item i with topic mix m_i, satiation s, fatigue f:
 *
 *     match      = taste_u · m_i
 *     P(watch)   = σ(−0.5 + match + 0.6 bait + 0.2 quality − 2.5 s·m_i)        (3 less for junk)
 *     after a watch: like, share; after none: skip, hide (each logistic in match, quality and bait)
 *     s ← 0.85 s + 0.15 m_i,   f ← 0.85 f + 0.15 (0.6 max(0, bait) + s·m_i + 0.6 (1 − watch))
 *     P(leave)   = σ(−2.7 − patience_u − evening − λ_q quality + λ_b bait + λ_f f + what the answer adds)
 *
 * with λ the leverage. Bait gets the watch now and shortens the session; a topic shown again and again tires. Nobody sees
 * match, quality, bait, satiation, fatigue or patience: features are noisy signals of them.
 *
 * Everything is a pass over columns of B sessions; luck is found by address (core/draws.ts).
 */
export class FeedWorld implements FeedPeople {
  readonly about: string;
  readonly catalogue: Catalogue;
  readonly layout: FeedLayout;
  readonly users: number;
  readonly userFeatures: Float32Array;
  readonly userIds: readonly string[];
  readonly fingerprint: readonly number[];
  readonly settings: FeedWorldSettings;
  readonly #items: Items;
  readonly #users: Users;
  readonly #leverage: Leverage;
  readonly #leaving: number;

  constructor(given: Partial<FeedWorldSettings> = {}) {
    const settings = { ...feedWorldDefaults, ...given };
    checkFeedWorld(settings);
    this.settings = settings;
    this.about = `feed-session world ${JSON.stringify(settings)}`;
    this.#items = generateItems(settings);
    this.#users = generateUsers(settings);
    this.#leverage = leverageOf(settings.leverage);
    this.#leaving = LEAVING.base + (settings.leverage === 'none' ? NULL_WORLD : 0);
    this.catalogue = this.#items.catalogue;
    this.users = settings.users;
    this.userFeatures = this.#users.features;
    this.userIds = this.#users.ids;
    this.layout = {
      userNames: [...Array.from({ length: settings.topics }, (_, t) => `taste${t}`), 'activity'],
      contextNames: CONTEXT_NAMES,
      itemNames: this.catalogue.names,
      outcomes: FEED_OUTCOMES,
      shared: settings.topics,
      recent: RECENT,
    };
    const { seed, users, items, topics, featureNoise, drift, newItems, newItemVisits, leverage, junk } = settings;
    this.fingerprint = [
      ...[seed, users, items, topics, featureNoise, drift, newItems, newItemVisits, hash32(leverage), junk],
    ];
  }

  crowd(worlds: number): Crowd {
    const T = this.settings.topics;
    return {
      user: new Int32Array(worlds),
      columns: {
        taste: new Float64Array(worlds * T),
        satiation: new Float64Array(worlds * T),
        fatigue: new Float64Array(worlds),
        leaving: new Float64Array(worlds),
      },
    };
  }

  begin(crowd: Crowd, b: number, visit: number, draws: KeyedDraws, context: Float32Array, at: number): void {
    const T = this.settings.topics;
    const { taste: own, otherTaste, patience } = this.#users;
    const { taste, satiation, fatigue, leaving } = crowd.columns;
    const user = crowd.user[b];
    const angle = this.settings.drift * visit;
    const cos = Math.cos(angle);
    const sin = Math.sin(angle);
    for (let t = 0, from = user * T, to = b * T; t < T; t++, from++, to++) {
      taste[to] = otherTaste.length === 0 ? own[from] : cos * own[from] + sin * otherTaste[from];
      satiation[to] = 0;
    }
    const hour = 2 * Math.PI * draws.next();
    context[at] = Math.sin(hour);
    context[at + 1] = Math.cos(hour);
    fatigue[b] = 0;
    // The evening is the quarter of the day in which the sine is least.
    leaving[b] = this.#leaving - patience[user] + LEAVING.evening * context[at];
  }

  answer(crowd: Crowd, shown: Int32Array, prefix: SessionPrefix, luck: Luck, out: Answers): void {
    const T = this.settings.topics;
    const { mix, quality, bait, dull, catalogue } = this.#items;
    const { taste, satiation } = crowd.columns;
    const { answers, dwellSeconds } = out;
    const { visit, answers: draws } = luck;
    const { step } = prefix;
    for (let b = 0; b < shown.length; b++) {
      const item = shown[b];
      if (item < 0) continue;
      let match = 0;
      let tired = 0;
      for (let t = 0, m = item * T, u = b * T; t < T; t++, m++, u++) {
        match += taste[u] * mix[m];
        tired += satiation[u] * mix[m];
      }
      const q = quality[item];
      const bt = bait[item];
      draws.at(b, visit[b], step[b]);
      const logit =
        WATCHING.base +
        WATCHING.match * match +
        WATCHING.bait * bt +
        WATCHING.quality * q -
        WATCHING.satiation * tired -
        dull[item];
      const watched = draws.next() < 1 / (1 + Math.exp(-logit));
      const u1 = draws.next();
      const u2 = draws.next();
      const u3 = draws.next();
      const at = b * A;
      for (let h = 0; h < A; h++) answers[at + h] = 0;
      let seconds = 0;
      if (watched) {
        answers[at + WATCH] = 1;
        if (u1 < 1 / (1 + Math.exp(-LIKING.base - LIKING.match * match - LIKING.quality * q))) answers[at + LIKE] = 1;
        if (u2 < 1 / (1 + Math.exp(-SHARING.base - SHARING.match * match - SHARING.quality * q)))
          answers[at + SHARE] = 1;
        seconds = WATCHED_SECONDS + (catalogue.seconds[item] - WATCHED_SECONDS) * u3;
      } else {
        const skipped = u1 < 1 / (1 + Math.exp(-SKIPPING.base - SKIPPING.match * match - SKIPPING.bait * bt));
        if (skipped) answers[at + SKIP] = 1;
        if (u2 < 1 / (1 + Math.exp(-HIDING.base - HIDING.match * match - HIDING.bait * bt))) answers[at + HIDE] = 1;
        seconds = skipped ? SKIPPED_SECONDS * u3 : SKIPPED_SECONDS + (WATCHED_SECONDS - SKIPPED_SECONDS) * u3;
      }
      dwellSeconds[b] = seconds;
      // Of the seconds as they are kept, so that a replayed log has the same number to the last bit.
      answers[at + DWELL] = dwellNumber(dwellSeconds[b]);
    }
  }

  leave(crowd: Crowd, shown: Int32Array, prefix: SessionPrefix, luck: Luck, out: Answers): void {
    const T = this.settings.topics;
    const { mix, quality, bait } = this.#items;
    const { satiation, fatigue, leaving } = crowd.columns;
    const { answers, left } = out;
    const lever = this.#leverage;
    for (let b = 0; b < shown.length; b++) {
      const item = shown[b];
      if (item < 0) continue;
      let tired = 0;
      for (let t = 0, m = item * T, u = b * T; t < T; t++, m++, u++) {
        tired += satiation[u] * mix[m];
        satiation[u] = DECAY * satiation[u] + (1 - DECAY) * mix[m];
      }
      const at = b * A;
      const bt = bait[item];
      const strain =
        STRAIN.bait * Math.max(0, bt) + STRAIN.satiation * tired + STRAIN.bored * (1 - answers[at + WATCH]);
      fatigue[b] = DECAY * fatigue[b] + (1 - DECAY) * strain;
      const logit =
        leaving[b] -
        lever.quality * quality[item] +
        lever.bait * bt +
        lever.fatigue * fatigue[b] +
        lever.watch * answers[at + WATCH] +
        lever.like * answers[at + LIKE] +
        lever.skip * answers[at + SKIP] +
        lever.hide * answers[at + HIDE];
      // The step is already the next one; the address only has to be the same for every policy.
      left[b] = luck.leaving.at(b, luck.visit[b], prefix.step[b]).next() < 1 / (1 + Math.exp(-logit)) ? 1 : 0;
    }
  }
}
