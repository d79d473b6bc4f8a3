import type { KeyedDraws } from '../../core/draws.js';
import { mergeLists, runKernel, worthKernels } from '../../core/native-rows.js';
import type { Catalogue } from '../../logs/feed-session/catalogue.js';
import { PREFIX_DECAY } from '../../logs/feed-session/layout.js';
import type { CandidatePools } from './pools.js';

/** Where the candidates of a step come from. */
export const candidateSources = ['retrieved', 'catalogue', 'clusters'] as const;
export type CandidateSource = (typeof candidateSources)[number];

export interface CandidateSettings {
  readonly source: CandidateSource;
  /** K */
  readonly candidates: number;
  /** The last so many of them are drawn uniformly from the catalogue instead. */
  readonly injected: number;
  /** With the source 'clusters': from how many clusters, the same number of each. */
  readonly groups: number;
}

/** Whose sessions candidates are found for, in columns of the caller. */
export interface Sessions {
  /** [B] */
  readonly user: Int32Array;
  /** [B] number of the present session. */
  readonly visit: Int32Array;
  /** [B] items shown so far. */
  readonly step: Int32Array;
}

/** The catalogue's births where none is later than the first visit. */
const NO_BIRTHS = new Int32Array(0);

/** Draws of one candidate before the search goes on in order; a few leave room in a step's 2,048 draws. */
const REDRAWS = 3;

/**
 * The candidates of B sessions, the second stage of retrieval: the user's pool merged by score, without what the session
 * was shown, each cluster's score lowered by its exposure in the session.
 *
 * - `retrieved`: the K − m best, then m draws from the whole catalogue;
 * - `catalogue`: K different items drawn uniformly from the whole catalogue;
 * - `clusters`: the best K / groups items of each of the `groups` best clusters, cluster after cluster.
 */
export class Candidates {
  /** [B, K] items on offer. */
  readonly item: Int32Array;
  /** [B, C] moving average of "an item of this cluster was shown". */
  readonly exposure: Float32Array;
  /** [B, C · c] 1: this place of the user's pool was shown in this session. */
  readonly shown: Uint8Array;
  /** [B, K] the candidate's place in its user's pool; −1 when it was drawn from the catalogue. */
  readonly place: Int32Array;
  readonly #settings: CandidateSettings;
  readonly #catalogue: Catalogue;
  readonly #pools: CandidatePools;
  readonly #sessions: Sessions;
  /** [C] the next place and the score of each cluster, while its pool is merged. */
  readonly #head: Int32Array;
  readonly #headScore: Float64Array;
  /** [B, C] the first place of each cluster that can be shown, and its score without the exposure. */
  readonly #first: Int32Array;
  readonly #firstScore: Float64Array;
  /** [C] clusters, the best head first. */
  readonly #best: Int32Array;
  /** [N] where any item is born later. */
  readonly #birth: Int32Array | undefined;
  /** [N] number of the last list that held an item, so that draws do not repeat it. */
  readonly #listed: Int32Array;
  #list = 0;

  constructor(settings: CandidateSettings, catalogue: Catalogue, pools: CandidatePools, sessions: Sessions) {
    const { candidates: K } = settings;
    const worlds = sessions.user.length;
    this.#sessions = sessions;
    this.#settings = settings;
    this.#catalogue = catalogue;
    this.#pools = pools;
    this.item = new Int32Array(worlds * K);
    this.place = new Int32Array(worlds * K);
    this.exposure = new Float32Array(worlds * pools.clusters);
    this.shown = new Uint8Array(worlds * pools.clusters * pools.depth);
    this.#head = new Int32Array(pools.clusters);
    this.#headScore = new Float64Array(pools.clusters);
    this.#first = new Int32Array(worlds * pools.clusters);
    this.#firstScore = new Float64Array(worlds * pools.clusters);
    this.#best = new Int32Array(pools.clusters);
    this.#birth = catalogue.birth.some((visit) => visit > 0) ? catalogue.birth : undefined;
    this.#listed = new Int32Array(catalogue.items);
  }

  /** Session b begins. */
  begin(b: number): void {
    const { clusters: C, depth } = this.#pools;
    this.exposure.fill(0, b * C, (b + 1) * C);
    this.shown.fill(0, b * C * depth, (b + 1) * C * depth);
    this.reopen(b);
  }

  /** Finds the first item of every cluster that can be shown: after a snapshot was restored, say. */
  reopen(b: number): void {
    const { clusters: C, depth } = this.#pools;
    for (let c = 0; c < C; c++) this.#open(b, c, c * depth);
  }

  /** Candidate k of session b was shown. */
  markShown(b: number, k: number): void {
    const { candidates: K } = this.#settings;
    const { clusters: C, depth } = this.#pools;
    const { exposure } = this;
    const place = this.place[b * K + k];
    const c = this.#catalogue.cluster[this.item[b * K + k]];
    for (let i = b * C; i < (b + 1) * C; i++) exposure[i] *= PREFIX_DECAY;
    exposure[b * C + c] += 1 - PREFIX_DECAY;
    if (place < 0) return;
    this.shown[b * C * depth + place] = 1;
    if (place === this.#first[b * C + c]) this.#open(b, c, place + 1);
  }

  /** Finds the first item of cluster c that can be shown, from `place` on. */
  #open(b: number, c: number, place: number): void {
    const { clusters: C, depth, score } = this.#pools;
    const at = this.#next(b, place, c);
    this.#first[b * C + c] = at;
    this.#firstScore[b * C + c] =
      at < (c + 1) * depth ? score[2 * (this.#sessions.user[b] * C * depth + at)] : -Infinity;
  }

  /** The first place of cluster c, from `place` on, with an item that can be shown; the cluster's end if there is none. */
  #next(b: number, place: number, c: number): number {
    const { clusters: C, depth, item } = this.#pools;
    const { shown } = this;
    const birth = this.#birth;
    const from = b * C * depth;
    const pool = this.#sessions.user[b] * C * depth;
    const visit = this.#sessions.visit[b];
    const end = (c + 1) * depth;
    for (; place < end; place++) {
      if (shown[from + place] !== 0) continue;
      const its = item[2 * (pool + place) + 1];
      if (its < 0) return end;
      if (birth === undefined || birth[its] <= visit) break;
    }
    return place;
  }

  /** Finds the candidates of the sessions `list[0 … n)`; draws are those of their visit and step. */
  find(list: Int32Array, n: number, draws: KeyedDraws): void {
    const { source, candidates: K, injected } = this.#settings;
    const drawn = source === 'catalogue' ? K : injected;
    if (source === 'retrieved' && worthKernels(n)) this.#mergeNatively(list, n, K - injected);
    else if (source !== 'catalogue') for (let i = 0; i < n; i++) this.#retrieve(list[i], source, K - injected);
    if (drawn === 0) return;
    const { visit, step } = this.#sessions;
    for (let i = 0; i < n; i++) {
      const b = list[i];
      this.#draw(b, K - drawn, visit[b], draws.at(b, visit[b], step[b]));
    }
  }

  #retrieve(b: number, source: CandidateSource, count: number): void {
    this.#order(b);
    if (source === 'clusters') this.#byClusters(b, count);
    else this.#merge(b, count);
  }

  /** What `#order` and `#merge` do, to the bit, for many sessions. */
  #mergeNatively(list: Int32Array, n: number, count: number): void {
    const { candidates: K } = this.#settings;
    const { clusters: C, depth, item, repetition } = this.#pools;
    const { user, visit } = this.#sessions;
    const birth = this.#birth ?? NO_BIRTHS;
    const heads = [this.#first, this.#firstScore, this.exposure, this.shown];
    runKernel(
      mergeLists(),
      [item, birth, user, visit, ...heads, list],
      [this.place, this.item],
      [n, C, depth, K, count, birth.length > 0 ? 1 : 0],
      [repetition],
    );
  }

  /** Brings the clusters of session b in the order of their heads; of equal scores the lower cluster first. */
  #order(b: number): void {
    const { clusters: C, repetition } = this.#pools;
    const first = this.#first;
    const firstScore = this.#firstScore;
    const order = this.#best;
    const head = this.#head;
    const heads = this.#headScore;
    const { exposure } = this;
    for (let c = 0, from = b * C; c < C; c++, from++) {
      head[c] = first[from];
      const score = firstScore[from] - repetition * exposure[from];
      heads[c] = score;
      let at = c;
      for (; at > 0 && heads[order[at - 1]] < score; at--) order[at] = order[at - 1];
      order[at] = c;
    }
  }

  /** Writes the `count` best heads one after the other. */
  #merge(b: number, count: number): void {
    const { clusters: C, depth, item, score, repetition } = this.#pools;
    const { exposure, place: places, item: items } = this;
    const pool = this.#sessions.user[b] * C * depth;
    const order = this.#best;
    const head = this.#head;
    const heads = this.#headScore;
    const from = b * this.#settings.candidates;
    for (let k = from; k < from + count; k++) {
      const c = order[0];
      const place = head[c];
      places[k] = place;
      items[k] = item[2 * (pool + place) + 1];
      const next = this.#next(b, place + 1, c);
      head[c] = next;
      const value = next < (c + 1) * depth ? score[2 * (pool + next)] - repetition * exposure[b * C + c] : -Infinity;
      heads[c] = value;
      let at = 0;
      for (; at + 1 < C; at++) {
        const other = order[at + 1];
        const its = heads[other];
        if (its < value || (its === value && other > c)) break;
        order[at] = other;
      }
      order[at] = c;
    }
  }

  /** The best clusters as they stand, one block of candidates for each. */
  #byClusters(b: number, count: number): void {
    const { depth, item, clusters: C } = this.#pools;
    const { candidates: K, groups } = this.#settings;
    const pool = this.#sessions.user[b] * C * depth;
    const each = count / groups;
    const head = this.#head;
    let to = b * K;
    for (let g = 0; g < groups; g++) {
      let c = this.#best[g];
      for (let i = 0; i < each; i++, to++) {
        // A small cluster that is used up is filled from those after it, and at last from the best ones.
        for (let on = 1; head[c] >= (c + 1) * depth && on < C; on++) c = this.#best[(g + on) % C];
        this.place[to] = head[c];
        this.item[to] = item[2 * (pool + head[c]) + 1];
        head[c] = this.#next(b, head[c] + 1, c);
      }
    }
  }

  /** Fills the candidates of session b from `from` on with draws from the catalogue, none of them in the list already. */
  #draw(b: number, from: number, visit: number, draws: KeyedDraws): void {
    const { candidates: K } = this.#settings;
    const { items, birth } = this.#catalogue;
    const list = ++this.#list;
    for (let k = 0; k < from; k++) this.#listed[this.item[b * K + k]] = list;
    for (let k = from; k < K; k++) {
      let item = Math.floor(draws.next() * items);
      for (let again = 0; again < REDRAWS && (this.#listed[item] === list || birth[item] > visit); again++) {
        item = Math.floor(draws.next() * items);
      }
      // Where nearly everything is listed, the next one after the last draw.
      while (this.#listed[item] === list || birth[item] > visit) item = item + 1 < items ? item + 1 : 0;
      this.#listed[item] = list;
      this.item[b * K + k] = item;
      this.place[b * K + k] = -1;
    }
  }
}
