import { complaint, expectLength } from '../../core/check.js';
import { hash32 } from '../../core/random.js';
import { hitsFor } from '../../core/retrieval/contract.js';
import { ExactIndex } from '../../core/retrieval/exact.js';
import type { Catalogue } from '../../logs/feed-session/catalogue.js';

/**
 * Vectors by which candidates are found, e.g. of a fitted retrieval tower:
 *
 *     score(user, item) = ⟨user, item⟩ − repetition · (exposure of the item's cluster in this session)
 */
export interface RetrievalVectors {
  readonly width: number;
  /** [users, width] */
  readonly users: Float32Array;
  /** [N, width] */
  readonly items: Float32Array;
  /** Score taken per unit of the cluster's exposure, a moving average in [0, 1]. */
  readonly repetition: number;
}

/** Users searched for at once. */
const CHUNK = 1024;

/**
 * The first stage of retrieval, done ahead of the sessions as production does: for every user the best items of every
 * cluster, by exact search. The second stage then only merges a user's clusters. C clusters, c items kept of each.
 */
export class CandidatePools {
  readonly clusters: number;
  /** Items kept per cluster; clusters with fewer are filled with −1. */
  readonly depth: number;
  readonly repetition: number;
  /** [users, C, c, 2] the score of each place and, as whole numbers in the same memory, its item; the best first. */
  readonly score: Float32Array;
  readonly item: Int32Array;
  /** Items that every user has at the least, not counting those that are born later. */
  readonly least: number;
  /** A number that tells these pools from others, for snapshots: 32 bits over depth, repetition, items and scores. */
  readonly fingerprint: number;

  constructor(catalogue: Catalogue, users: number, vectors: RetrievalVectors, depth: number) {
    const { clusters: C, items: N } = catalogue;
    const { width } = vectors;
    expectLength('retrieval: user vectors', vectors.users, { users, width });
    expectLength('retrieval: item vectors', vectors.items, { N, width });
    this.clusters = C;
    this.depth = depth;
    this.repetition = vectors.repetition;
    this.score = new Float32Array(users * C * depth * 2).fill(-Infinity);
    this.item = new Int32Array(this.score.buffer);
    for (let at = 1; at < this.item.length; at += 2) this.item[at] = -1;
    /** Items of each user that are there from the first visit on. */
    const lasting = new Int32Array(users);
    const members = membersOf(catalogue);
    members.forEach((own, cluster) => {
      if (own.length === 0) return;
      const k = Math.min(depth, own.length);
      const index = indexOf(own, vectors);
      for (let from = 0; from < users; from += CHUNK) {
        const n = Math.min(CHUNK, users - from);
        const hits = hitsFor(n, k);
        index.search(vectors.users.subarray(from * width, (from + n) * width), k, hits);
        for (let u = 0; u < n; u++) {
          const to = ((from + u) * C + cluster) * depth;
          for (let i = 0; i < k; i++) {
            this.score[2 * (to + i)] = hits.scores[u * k + i];
            const item = own[hits.rows[u * k + i]];
            this.item[2 * (to + i) + 1] = item;
            if (catalogue.birth[item] <= 0) lasting[from + u]++;
          }
        }
      }
    });
    this.least = lasting.reduce((least, count) => Math.min(least, count), Infinity);
    this.fingerprint = mixed(this.item, hash32(`${depth}/${vectors.repetition}`));
  }

  /** Throws unless a session of `steps` items, none shown twice, always has this many candidates. */
  expectRoom(where: string, candidates: number, steps: number): void {
    if (this.least >= candidates + steps) return;
    throw complaint('config', {
      where,
      expected: `at least ${candidates + steps} items to retrieve (${candidates} candidates, none shown twice in ${steps} steps)`,
      received: `${this.least} in ${this.clusters} clusters, at most ${this.depth} of each`,
      try: 'Use a larger catalogue, fewer candidates, shorter sessions or a deeper pool.',
    });
  }
}

/** FNV-1a over words of 32 bits. */
function mixed(words: Int32Array, start: number): number {
  let hash = start;
  for (const word of words) hash = Math.imul(hash ^ word, 0x01000193);
  return hash >>> 0;
}

function membersOf({ items, cluster, clusters }: Catalogue): Int32Array[] {
  const counts = new Int32Array(clusters);
  for (let i = 0; i < items; i++) counts[cluster[i]]++;
  const members = Array.from(counts, (count) => new Int32Array(count));
  counts.fill(0);
  for (let i = 0; i < items; i++) members[cluster[i]][counts[cluster[i]]++] = i;
  return members;
}

function indexOf(own: Int32Array, { items, width }: RetrievalVectors): ExactIndex {
  const rows = new Float32Array(own.length * width);
  own.forEach((item, row) => {
    rows.set(items.subarray(item * width, (item + 1) * width), row * width);
  });
  const index = new ExactIndex({ metric: 'inner-product', width });
  index.add(rows);
  return index;
}

/** Score per standard deviation of popularity, where nothing has been learned. *Invented*. */
const POPULARITY_WEIGHT = 0.3;

/**
 * Vectors without a model: the match of taste and content, and popularity where the catalogue tells it. What retrieval
 * falls back to before anything has been learned.
 */
export function contentVectors(
  catalogue: Catalogue,
  users: { readonly features: Float32Array; readonly width: number },
  shared: number,
): RetrievalVectors {
  const F = catalogue.names.length;
  const popularity = catalogue.names.indexOf('popularity');
  const width = shared + 1;
  const n = users.features.length / users.width;
  const userRows = new Float32Array(n * width).fill(1);
  const itemRows = new Float32Array(catalogue.items * width);
  for (let u = 0; u < n; u++) {
    for (let k = 0; k < shared; k++) userRows[u * width + k] = users.features[u * users.width + k];
  }
  for (let i = 0; i < catalogue.items; i++) {
    for (let k = 0; k < shared; k++) itemRows[i * width + k] = catalogue.features[i * F + k];
    if (popularity >= 0) itemRows[i * width + shared] = POPULARITY_WEIGHT * catalogue.features[i * F + popularity];
  }
  return { width, users: userRows, items: itemRows, repetition: 1 };
}
