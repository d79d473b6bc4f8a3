import { normal, uniformInt } from '../../core/distributions.js';
import { stream, type Rng } from '../../core/random.js';
import { FEATURE_LIMIT, type Catalogue } from '../../logs/feed-session/catalogue.js';
import type { FeedWorldSettings } from './settings.js';

/** What the generated items are: the catalogue that everybody sees, and what nobody does. N items, T topics. */
export interface Items {
  readonly catalogue: Catalogue;
  /** [N, T] unit vectors: mostly one topic, some of a second. */
  readonly mix: Float32Array;
  /** [N] standard normal. */
  readonly quality: Float32Array;
  readonly bait: Float32Array;
  /** [N] log-odds that a watch loses; 0 but for junk. */
  readonly dull: Float32Array;
}

/** What the generated users are. */
export interface Users {
  /** [users, U] taste per topic and activity, as a profile service estimates them. */
  readonly features: Float32Array;
  readonly ids: readonly string[];
  /** [users, T] log-odds of a watch per topic, standard normal. */
  readonly taste: Float32Array;
  /** [users, T] the taste it turns into after a quarter turn of drift; empty without drift. */
  readonly otherTaste: Float32Array;
  /** [users] log-odds of staying beyond the average. */
  readonly patience: Float32Array;
}

/** Names of the item features after the T content features. */
export const ITEM_SIGNALS = ['qualitySignal', 'baitSignal', 'length', 'popularity', 'fresh'] as const;
export const CONTEXT_NAMES = ['hourSin', 'hourCos'] as const;

/** Median length of a video, deviation of its logarithm, and bounds, in seconds. *Invented*. */
const LENGTH = { median: 40, deviation: 0.7, least: 12, most: 300 } as const;
/** Length of the second topic in a mix before it is brought to length 1. *Invented*. */
const SECOND_TOPIC = 0.5;
/** Correlation of popularity with quality and with bait: both are clicked. *Invented*. */
const POPULAR = { quality: 0.4, bait: 0.4 } as const;
/** What junk lacks: quality, log-odds of a watch, and appeal, by which popularity goes. *Invented*. */
const JUNK = { quality: 2, watch: 3, appeal: 3 } as const;
/** Deviation of patience, and how much of activity is patience. *Invented*. */
const PATIENCE_DEVIATION = 0.4;
const ACTIVITY_PATIENCE = 0.7;

/** Items of a seed. Popularity follows Zipf's law: log views fall with the log of the rank (exponent 1). */
export function generateItems(settings: FeedWorldSettings): Items {
  const { items: N, topics: T, featureNoise, newItems, newItemVisits, junk } = settings;
  const random = stream(settings.seed).fork('items');
  const sorting = random.fork('junk');
  const names = [...Array.from({ length: T }, (_, t) => `content${t}`), ...ITEM_SIGNALS];
  const F = names.length;
  const mix = new Float32Array(N * T);
  const [quality, bait, seconds] = [new Float32Array(N), new Float32Array(N), new Float32Array(N)];
  const [cluster, birth] = [new Int32Array(N), new Int32Array(N)];
  const dull = new Float32Array(N);
  const appeal = new Float64Array(N);
  const features = new Float32Array(N * F);
  const rest = Math.sqrt(1 - POPULAR.quality ** 2 - POPULAR.bait ** 2);
  const scale = 1 / Math.hypot(1, SECOND_TOPIC);
  for (let i = 0; i < N; i++) {
    const first = uniformInt(random, T);
    const second = (first + 1 + uniformInt(random, T - 1)) % T;
    mix[i * T + first] = scale;
    mix[i * T + second] = SECOND_TOPIC * scale;
    cluster[i] = first;
    quality[i] = normal(random);
    bait[i] = normal(random);
    appeal[i] = POPULAR.quality * quality[i] + POPULAR.bait * bait[i] + rest * normal(random);
    if (junk > 0 && sorting.next() < junk) {
      quality[i] -= JUNK.quality;
      appeal[i] -= JUNK.appeal;
      dull[i] = JUNK.watch;
    }
    const z = normal(random);
    seconds[i] = Math.min(LENGTH.most, Math.max(LENGTH.least, LENGTH.median * Math.exp(LENGTH.deviation * z)));
    birth[i] = random.next() < newItems ? 1 + uniformInt(random, newItemVisits) : 0;
    const at = i * F;
    for (let t = 0; t < T; t++) features[at + t] = clip(mix[i * T + t] + 0.5 * featureNoise * scale * normal(random));
    features[at + T] = clip(quality[i] + featureNoise * normal(random));
    features[at + T + 1] = clip(bait[i] + featureNoise * normal(random));
    features[at + T + 2] = Math.log(seconds[i] / LENGTH.median) / LENGTH.deviation;
    features[at + T + 4] = birth[i] > 0 ? 1 : 0;
  }
  const views = zipfScores(appeal);
  for (let i = 0; i < N; i++) features[i * F + T + 3] = clip(views[i]);
  const ids = Array.from({ length: N }, (_, i) => `video-${i}`);
  return {
    catalogue: { items: N, ids, names, features, cluster, clusters: T, seconds, birth },
    mix,
    quality,
    bait,
    dull,
  };
}

/** Log of 1 / rank by appeal, brought to mean 0 and deviation 1. */
function zipfScores(appeal: Float64Array): Float64Array {
  const N = appeal.length;
  const order = Uint32Array.from({ length: N }, (_, i) => i).sort((a, b) => appeal[b] - appeal[a] || a - b);
  const scores = new Float64Array(N);
  let [sum, squares] = [0, 0];
  order.forEach((i, rank) => {
    scores[i] = -Math.log(rank + 1);
    sum += scores[i] / N;
    squares += scores[i] ** 2 / N;
  });
  const deviation = Math.sqrt(squares - sum * sum) || 1;
  return scores.map((score) => (score - sum) / deviation);
}

export function generateUsers(settings: FeedWorldSettings): Users {
  const { users: n, topics: T, featureNoise, drift } = settings;
  const random = stream(settings.seed).fork('users');
  const U = T + 1;
  const taste = normals(random, n * T);
  const features = new Float32Array(n * U);
  const patience = new Float32Array(n);
  for (let u = 0; u < n; u++) {
    const staying = normal(random);
    patience[u] = PATIENCE_DEVIATION * staying;
    for (let t = 0; t < T; t++) features[u * U + t] = clip(taste[u * T + t] + featureNoise * normal(random));
    const activity = ACTIVITY_PATIENCE * staying + Math.sqrt(1 - ACTIVITY_PATIENCE ** 2) * normal(random);
    features[u * U + T] = clip(activity);
  }
  return {
    features,
    ids: Array.from({ length: n }, (_, u) => `user-${u}`),
    taste,
    otherTaste: drift > 0 ? normals(random.fork('drift'), n * T) : new Float32Array(0),
    patience,
  };
}

function normals(random: Rng, n: number): Float32Array {
  const out = new Float32Array(n);
  for (let i = 0; i < n; i++) out[i] = normal(random);
  return out;
}

function clip(value: number): number {
  return Math.max(-FEATURE_LIMIT, Math.min(FEATURE_LIMIT, value));
}
