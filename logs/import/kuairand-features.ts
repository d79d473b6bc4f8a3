import { BIRTH, CLUSTER, SECONDS } from '../feed-session/replay.js';
import type { ActionTable } from '../record.js';
import type { Described } from './kuairand-described.js';
import type { KuairandRows } from './kuairand-rows.js';

/**
 * What is known of KuaiRand's users and videos before anything is shown. Numbers that come from the log itself are
 * counted in its first fifth only, so that they are known beforehand in all later rows: fit on those.
 */

/** Share of the time of a log in which rows are counted. */
export const EARLY_SHARE = 0.2;
/** Standardised numbers are cut here. */
const WIDEST = 5;
/** Most clusters of videos. */
const MOST_CLUSTERS = 16;
/** Quantile bins of the lengths of videos; the videos of unknown length are another. */
const LENGTH_BINS = 7;
/** *Invented*: values of a text that more than this share of the videos has become features of their own, at most so many. */
const COMMON = { share: 0.02, most: 15 };
const LEVELS = ['full_active', 'high_active', 'middle_active'];
const DAY_MS = 86_400_000;

/** Features by name, one column [n] each. */
export type Features = Map<string, Float64Array>;

/** Time until which rows count as early, in unix milliseconds. */
export function earlyUntil(timeMs: Float64Array): number {
  let [first, last] = [Infinity, -Infinity];
  for (const time of timeMs) {
    if (time < first) first = time;
    if (time > last) last = time;
  }
  return first + EARLY_SHARE * (last - first);
}

/**
 * The U user features: `rowsBefore`, ln(1 + rows in the first fifth), and from user_features_*.csv ln(1 + …) of the
 * people they follow, their fans, friends and days since they registered, all standardised over the users; 0 or 1
 * whether they upload, stream live, and are of one of the three common levels of activity.
 */
export function userFeatures({ user, users, timeMs }: KuairandRows, described: Described | undefined): Features {
  const features: Features = new Map([['rowsBefore', earlyCounts(user, users.length, timeMs)]]);
  if (described === undefined) return features;
  const number = numbersOf(described, users.length);
  const logs = [
    ['follows', 'follow_user_num'],
    ['fans', 'fans_user_num'],
    ['friends', 'friend_user_num'],
    ['registerDays', 'register_days'],
  ] as const;
  for (const [name, column] of logs)
    features.set(name, standardised(number(column).map((x) => Math.log1p(Math.max(0, x)))));
  features.set(
    'author',
    number('is_video_author').map((value) => (value === 1 ? 1 : 0)),
  );
  features.set(
    'streamer',
    number('is_live_streamer').map((value) => (value === 1 ? 1 : 0)),
  );
  const { codes, values } = described.texts['user_active_degree'];
  for (const level of LEVELS) {
    features.set(
      `active.${level}`,
      Float64Array.from(codes, (code) => (values[code] === level ? 1 : 0)),
    );
  }
  return features;
}

/**
 * The videos: `seconds` (the median of the known lengths where it is unknown, which `secondsUnknown` tells), `birth` 0,
 * the F features and a cluster.
 *
 * Features: ln seconds, standardised; from the log's first fifth `rowsBefore` and `unseenBefore`, but not where rows were
 * selected by an outcome, because there the number of a video's rows gives the outcome away; and from
 * video_features_basic_*.csv the age in days when the log begins and the shape as logarithms, standardised, and 0 or 1
 * for advertisements and the common kinds of upload, music and tag.
 *
 * Clusters: the first tag (the 15 most frequent, and the others), else the length in 7 quantile bins or unknown, times
 * whether the video was seen in the first fifth.
 */
export function videoTable(rows: KuairandRows, described: Described | undefined): ActionTable {
  const { videos, video, timeMs, selected } = rows;
  const n = videos.length;
  const known = lengths(rows, described);
  const median = quantile(
    [...known].filter((x) => x > 0).sort((a, b) => a - b),
    0.5,
  );
  const seconds = known.map((x) => (x > 0 ? x : median));
  const seen = earlyCounts(video, n, timeMs, false);
  const features: Features = new Map([
    [SECONDS, seconds],
    [BIRTH, new Float64Array(n)],
    ['logSeconds', standardised(seconds.map(Math.log))],
    ['secondsUnknown', known.map((x) => (x > 0 ? 0 : 1))],
  ]);
  if (!selected) {
    features.set('rowsBefore', standardised(seen.map(Math.log1p)));
    features.set(
      'unseenBefore',
      seen.map((count) => (count === 0 ? 1 : 0)),
    );
  }
  if (described !== undefined) addDescribed(features, described, n, timeMs);
  const cluster = described === undefined ? lengthClusters(known, selected ? undefined : seen) : tagClusters(described);
  const numeric = new Float32Array(n * features.size);
  [...features.values()].forEach((column, f) => column.forEach((x, v) => (numeric[v * features.size + f] = x)));
  return {
    values: videos,
    numericNames: [...features.keys()],
    numeric,
    categoricalNames: [CLUSTER],
    categorical: cluster.codes,
    categoricalValues: [{ values: cluster.values }],
  };
}

/** [n] length of each video in seconds: as the log first tells it, else as the videos' file does; 0 where unknown. */
export function lengths(
  { rows, video, videos, durationMs }: KuairandRows,
  described: Described | undefined,
): Float64Array {
  const seconds = new Float64Array(videos.length);
  for (let r = 0; r < rows; r++) if (seconds[video[r]] === 0) seconds[video[r]] = durationMs[r] / 1000;
  if (described === undefined) return seconds;
  const told = numbersOf(described, videos.length)('video_duration');
  return seconds.map((x, v) => (x > 0 || !(told[v] > 0) ? x : told[v] / 1000));
}

function addDescribed(features: Features, described: Described, n: number, timeMs: Float64Array): void {
  const number = numbersOf(described, n);
  const { video_type: type, upload_dt: date, upload_type: upload, music_type: music, tag } = described.texts;
  const start = timeMs[0];
  features.set(
    'ad',
    Float64Array.from(type.codes, (code) => (type.values[code] === 'AD' ? 1 : 0)),
  );
  const age = Float64Array.from(date.codes, (code) => {
    const uploaded = code < 0 ? NaN : Date.parse(`${date.values[code]}T00:00:00Z`);
    return Math.log1p(Math.max(0, (start - uploaded) / DAY_MS));
  });
  features.set('ageDays', standardised(age));
  const height = number('server_height');
  features.set(
    'aspect',
    standardised(number('server_width').map((x, v) => (x > 0 && height[v] > 0 ? Math.log(x / height[v]) : NaN))),
  );
  for (const [name, { codes, values }] of [
    ['upload', upload],
    ['music', music],
    ['tag', firstTag(tag)],
  ] as const) {
    for (const code of frequent(codes, values.length)
      .filter(([, count]) => count > COMMON.share * n)
      .slice(0, COMMON.most)) {
      features.set(
        `${name}.${values[code[0]]}`,
        Float64Array.from(codes, (own) => (own === code[0] ? 1 : 0)),
      );
    }
  }
}

interface Coded {
  readonly codes: Int32Array;
  readonly values: readonly string[];
}

/** "39,68" → "39". */
function firstTag({ codes, values }: Coded): Coded {
  const first = values.map((text) => text.split(',')[0].trim());
  const own = [...new Set(first)];
  const to = first.map((text) => own.indexOf(text));
  return { codes: codes.map((code) => (code < 0 ? -1 : to[code])), values: own };
}

/** Codes with their counts, the most frequent first. */
function frequent(codes: Int32Array, values: number): [code: number, count: number][] {
  const counts = new Int32Array(values);
  for (const code of codes) if (code >= 0) counts[code]++;
  return Array.from(counts, (count, code): [number, number] => [code, count]).sort(
    (a, b) => b[1] - a[1] || a[0] - b[0],
  );
}

function tagClusters(described: Described): Coded {
  const { codes, values } = firstTag(described.texts['tag']);
  const named = frequent(codes, values.length)
    .filter(([, count]) => count > 0)
    .slice(0, MOST_CLUSTERS - 1)
    .map(([code]) => code);
  const to = new Map(named.map((code, cluster) => [code, cluster]));
  return {
    codes: codes.map((code) => to.get(code) ?? named.length),
    values: [...named.map((code) => `tag ${values[code]}`), 'other or no tag'],
  };
}

function lengthClusters(known: Float64Array, seen: Float64Array | undefined): Coded {
  const sorted = known.filter((x) => x > 0).sort();
  const edges = Array.from({ length: LENGTH_BINS - 1 }, (_, i) => quantile(sorted, (i + 1) / LENGTH_BINS));
  const bins = LENGTH_BINS + 1;
  const codes = Int32Array.from(known, (x, v) => {
    const bin = x > 0 ? edges.filter((edge) => x > edge).length : LENGTH_BINS;
    return seen === undefined ? bin : 2 * bin + (seen[v] > 0 ? 0 : 1);
  });
  const named = Array.from({ length: bins }, (_, bin) =>
    bin === LENGTH_BINS ? 'length unknown' : `length ${bin + 1} of ${LENGTH_BINS}`,
  );
  const values =
    seen === undefined ? named : named.flatMap((name) => [`${name}, seen early`, `${name}, not seen early`]);
  return { codes, values };
}

/** [n] rows of each code in the first fifth; ln(1 + …) standardised unless bare. */
function earlyCounts(codes: Int32Array, n: number, timeMs: Float64Array, standard = true): Float64Array {
  const until = earlyUntil(timeMs);
  const counts = new Float64Array(n);
  for (let row = 0; row < codes.length; row++) if (timeMs[row] <= until) counts[codes[row]]++;
  return standard ? standardised(counts.map(Math.log1p)) : counts;
}

function numbersOf({ numberNames, numbers }: Described, n: number): (name: string) => Float64Array {
  const width = numberNames.length;
  return (name) => {
    const at = numberNames.indexOf(name);
    return Float64Array.from({ length: n }, (_, i) => numbers[i * width + at]);
  };
}

/** (x − mean) / standard deviation, cut at ±5; unknown numbers are 0, the mean. */
export function standardised(column: Float64Array): Float64Array {
  const known = column.filter(Number.isFinite);
  const mean = known.reduce((sum, x) => sum + x, 0) / Math.max(1, known.length);
  const variance = known.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, known.length);
  const deviation = Math.sqrt(variance);
  return column.map((x) =>
    Number.isFinite(x) && deviation > 0 ? Math.max(-WIDEST, Math.min(WIDEST, (x - mean) / deviation)) : 0,
  );
}

/** The value below which a share of sorted numbers lies; 1 where there is none. */
function quantile(sorted: ArrayLike<number>, share: number): number {
  return sorted.length === 0 ? 1 : sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}
