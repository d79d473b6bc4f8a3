import type { KeyedDraws } from '../../core/draws.js';
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

  constructor(settings: CandidateSettings, catalogue: Catalogue, pools: CandidatePools, worlds: number) {
    const { candidates: K } = settings;
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

  begin(b: number, user: number, visit: number): void {
    const { clusters: C, depth } = this.#pools;
    this.exposure.fill(0, b * C, (b + 1) * C);
    this.shown.fill(0, b * C * depth, (b + 1) * C * depth);
    this.reopen(b, user, visit);
  }

  /** Finds the first item of every cluster that can be shown: after a snapshot was restored, say. */
  reopen(b: number, user: number, visit: number): void {
    const { clusters: C, depth } = this.#pools;
    for (let c = 0; c < C; c++) this.#open(b, user, this.#next(b, user, visit, c * depth, c), c);
  }

  /** Candidate k of session b was shown. */
  markShown(b: number, k: number, user: number, visit: number): void {
    const { candidates: K } = this.#settings;
    const { clusters: C, depth } = this.#pools;
    const { exposure } = this;
    const place = this.place[b * K + k];
    const c = this.#catalogue.cluster[this.item[b * K + k]];
    for (let i = b * C; i < (b + 1) * C; i++) exposure[i] *= PREFIX_DECAY;
    exposure[b * C + c] += 1 - PREFIX_DECAY;
    if (place < 0) return;
    this.shown[b * C * depth + place] = 1;
    if (place === this.#first[b * C + c]) this.#open(b, user, this.#next(b, user, visit, place + 1, c), c);
  }

  #open(b: number, user: number, place: number, c: number): void {
    const { clusters: C, depth, score } = this.#pools;
    this.#first[b * C + c] = place;
    this.#firstScore[b * C + c] = place < (c + 1) * depth ? score[user * C * depth + place] : -Infinity;
  }

  /** The first place of cluster c, from `place` on, with an item that can be shown; the cluster's end if there is none. */
  #next(b: number, user: number, visit: number, place: number, c: number): number {
    const { clusters: C, depth, item } = this.#pools;
    const pool = user * C * depth;
    const shown = b * C * depth;
    const end = (c + 1) * depth;
    const birth = this.#birth;
    for (; place < end; place++) {
      if (this.shown[shown + place] !== 0) continue;
      if (birth === undefined || (item[pool + place] >= 0 && birth[item[pool + place]] <= visit)) break;
    }
    return place;
  }

  /** Finds the candidates of session b of a user on a visit; `draws` stand at the session's step. */
  find(b: number, user: number, visit: number, draws: KeyedDraws): void {
    const { source, candidates: K, injected, groups } = this.#settings;
    if (source === 'catalogue') {
      this.#draw(b, 0, K, visit, draws);
      return;
    }
    this.#order(b);
    if (source === 'clusters') this.#byClusters(b, user, visit, groups, K - injected);
    else this.#merge(b, user, visit, b * K, K - injected);
    if (injected > 0) this.#draw(b, K - injected, K, visit, draws);
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

  /** Writes `count` best heads one after the other, from entry `to`. */
  #merge(b: number, user: number, visit: number, to: number, count: number): void {
    const { clusters: C, depth, item, score, repetition } = this.#pools;
    const pool = user * C * depth;
    const order = this.#best;
    const head = this.#head;
    const heads = this.#headScore;
    const { exposure } = this;
    for (let k = to; k < to + count; k++) {
      const c = order[0];
      const place = head[c];
      this.place[k] = place;
      this.item[k] = item[pool + place];
      const next = this.#next(b, user, visit, place + 1, c);
      head[c] = next;
      const value = next < (c + 1) * depth ? score[pool + next] - repetition * exposure[b * C + c] : -Infinity;
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
  #byClusters(b: number, user: number, visit: number, groups: number, count: number): void {
    const { depth, item, clusters: C } = this.#pools;
    const each = count / groups;
    const head = this.#head;
    let to = b * this.#settings.candidates;
    for (let g = 0; g < groups; g++) {
      let c = this.#best[g];
      for (let i = 0; i < each; i++, to++) {
        // A small cluster that is used up is filled from those after it.
        for (let after = g; head[c] >= (c + 1) * depth && ++after < C;) c = this.#best[after];
        this.place[to] = head[c];
        this.item[to] = item[user * C * depth + head[c]];
        head[c] = this.#next(b, user, visit, head[c] + 1, c);
      }
    }
  }

  /** Fills candidates from…to of session b with draws from the catalogue, none of them in the list already. */
  #draw(b: number, from: number, to: number, visit: number, draws: KeyedDraws): void {
    const { candidates: K } = this.#settings;
    const { items, birth } = this.#catalogue;
    const list = ++this.#list;
    for (let k = 0; k < from; k++) this.#listed[this.item[b * K + k]] = list;
    for (let k = from; k < to; k++) {
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
