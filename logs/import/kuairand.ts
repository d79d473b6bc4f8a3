import { complaint } from '../../core/check.js';
import { CONTEXT_PREFIX, DWELL, FEED_END_REASONS, LEFT, USER_PREFIX } from '../feed-session/replay.js';
import type { LogSchema } from '../record.js';
import { shapeOf } from '../store/fields.js';
import type { LogStore } from '../store/log-store.js';
import type { StoredLog } from '../store/reader.js';
import { ChunkBuilder } from './chunk-builder.js';
import { fingerprint } from './fingerprint.js';
import type { Imported, ImportOptions } from './import-rows.js';
import { describe } from './kuairand-described.js';
import { earlyUntil, lengths, userFeatures, videoTable, type Features } from './kuairand-features.js';
import { kuairandFiles, nameOf, type KuairandFiles, type KuairandOptions } from './kuairand-files.js';
import { readKuairandRows, type KuairandRows } from './kuairand-rows.js';
import { CONTEXT_NAMES, cutSessions, type KuairandSessions } from './kuairand-sessions.js';

/**
 * KuaiRand (Gao et al. 2022, arXiv:2208.08696): interactions with the feed of a video app, written as a feed log (see
 * logs/feed-session/replay.ts) in the order of time.
 *
 * - outcomes: `watch10s`, 1 where play_time_ms is at least 10,000, or at least the length of a video that is shorter;
 *   then like, share, follow, comment, hide and longView as far as the files have them; then dwellSeconds, the play time.
 * - sessions: a user's rows without 30 minutes (or `sessionGap`) between them. The last row of a session says "left",
 *   except of a user's last one: nobody knows whether they went on after the log ends.
 * - policy: "standard", or "random" for videos put in at random. Propensities are not in the files: a random video was
 *   drawn from a pool whose size at the time is not told.
 * - user and item features: kuairand-features.ts; context: kuairand-sessions.ts; joins: kuairand-described.ts.
 */
const KUAIRAND = 'kuairand';

/** A watch, in milliseconds. */
const WATCH_MS = 10_000;
const SESSION_GAP = 30;
/** Rows between two reports of progress, in chunks. */
const REPORT = 16;

/** Fingerprint of the files and how they are read; see `fingerprint`. */
export async function kuairandOrigin(path: string, options: KuairandOptions, maxBadShare: number): Promise<string> {
  const files = await kuairandFiles(path, options);
  const { logs, users, videos, beside } = files;
  const all = [...logs, ...(users === undefined ? [] : [users]), ...(videos === undefined ? [] : [videos])];
  const described = { users: users !== undefined, videos: videos !== undefined, beside };
  const settings = { format: KUAIRAND, version: 1, names: nameOf(files), maxBadShare, gap: gapOf(options), described };
  return fingerprint(all, settings);
}

/** Imports KuaiRand. Memory grows with the rows: they are put in order. */
export async function importKuairand(
  store: LogStore,
  path: string,
  kuairand: KuairandOptions,
  options: ImportOptions,
): Promise<Imported> {
  const gap = gapOf(kuairand);
  const files = await kuairandFiles(path, kuairand);
  const origin = await kuairandOrigin(path, kuairand, options.maxBadShare ?? 0);
  const totalBytes = files.logs.length + 1;
  const rows = await readKuairandRows(files.logs, options.maxBadShare ?? 0, (bytes, read) =>
    options.onProgress?.({ rows: read, bytes, totalBytes }),
  );
  const { users, videos, remarks } = await describe(files, rows);
  const sessions = cutSessions(rows, gap);
  const features = userFeatures(rows, users);
  const schema: LogSchema = {
    outcomes: ['watch10s', ...rows.flagNames, DWELL],
    numericNames: [
      ...[...features.keys()].map((name) => USER_PREFIX + name),
      ...CONTEXT_NAMES.map((name) => CONTEXT_PREFIX + name),
    ],
    categoricalNames: rows.tab.length === 0 ? [] : ['tab'],
    perAction: [],
    endReasons: FEED_END_REASONS,
    hasPropensity: false,
    source: `${KUAIRAND} ${nameOf(files)}, sessions cut at ${gap} minutes`,
    ...withWarnings(warnings(files, rows)),
  };
  const tabs = [...new Set(rows.tab)].sort((a, b) => a - b);
  const head = {
    schema,
    actions: videoTable(rows, videos),
    policies: { values: ['standard', 'random'] },
    users: { values: rows.users },
    sessions: { values: sessions.names },
    requests: { values: [] },
    categoricalValues: rows.tab.length === 0 ? [] : [{ values: tabs.map(String) }],
  };
  const log = await write(
    store,
    { rows, sessions, features, head, tabs, lengths: lengths(rows, videos) },
    origin,
    options,
  );
  return { log, badRows: rows.badRows, remarks: [...remarks, ...told(rows)] };
}

interface Parts {
  readonly rows: KuairandRows;
  readonly sessions: KuairandSessions;
  readonly features: Features;
  readonly head: Parameters<Awaited<ReturnType<LogStore['writer']>>['commit']>[0];
  readonly tabs: readonly number[];
  /** [videos] seconds, 0 where unknown. */
  readonly lengths: Float64Array;
}

async function write(store: LogStore, parts: Parts, origin: string, options: ImportOptions): Promise<StoredLog> {
  const { rows, sessions, features, head, tabs } = parts;
  const builder = new ChunkBuilder(shapeOf(head.schema));
  const writer = await store.writer(options.name, { replace: options.replace ?? false, origin });
  const columns = [...features.values()];
  const X = CONTEXT_NAMES.length;
  const code = new Map(tabs.map((tab, i) => [tab, i]));
  try {
    for (let n = 0, chunks = 0; n < rows.rows; n++) {
      const at = builder.rows;
      const session = sessions.session[n];
      builder.timeMs[at] = rows.timeMs[n];
      builder.user[at] = rows.user[n];
      builder.session[at] = session;
      builder.position[at] = sessions.position[n];
      builder.action[at] = rows.video[n];
      builder.policy[at] = rows.random[n];
      builder.endReason[at] = sessions.left[n] === 1 ? LEFT : 0;
      builder.outcomes[0][at] = watched(rows, n, parts.lengths);
      rows.flags.forEach((flag, i) => (builder.outcomes[i + 1][at] = flag[n]));
      builder.outcomes[rows.flags.length + 1][at] = rows.playMs[n] / 1000;
      const first = at * (columns.length + X);
      for (let i = 0; i < columns.length; i++) builder.numeric[first + i] = columns[i][rows.user[n]];
      for (let x = 0; x < X; x++) builder.numeric[first + columns.length + x] = sessions.context[session * X + x];
      if (tabs.length > 0) builder.categorical[at] = code.get(rows.tab[n]) ?? -1;
      builder.keep();
      if (!builder.full) continue;
      await writer.append(builder.take());
      if (++chunks % REPORT === 0) options.onProgress?.({ rows: n, bytes: n, totalBytes: rows.rows });
    }
    await writer.append(builder.take());
    return await writer.commit(head);
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** 1: watched for ten seconds, or a shorter video to its end. */
function watched({ playMs, durationMs, video }: KuairandRows, n: number, seconds: Float64Array): number {
  const length = durationMs[n] > 0 ? durationMs[n] : 1000 * seconds[video[n]];
  return playMs[n] >= WATCH_MS || (length > 0 && playMs[n] >= length) ? 1 : 0;
}

function gapOf({ sessionGap = SESSION_GAP }: KuairandOptions): number {
  if (sessionGap > 0 && Number.isFinite(sessionGap)) return sessionGap;
  throw complaint('usage', { where: '--session-gap', expected: 'minutes above 0', received: String(sessionGap) });
}

const withWarnings = (all: readonly string[]): Pick<LogSchema, 'warnings'> =>
  all.length === 0 ? {} : { warnings: all };

function warnings(files: KuairandFiles, rows: KuairandRows): string[] {
  const found: string[] = [];
  if (rows.selected) {
    const counts = new Int32Array(rows.videos.length);
    for (const video of rows.video) counts[video]++;
    const liked = rows.flags[rows.flagNames.indexOf('like')];
    const shareOf = (has: (count: number) => boolean): string => {
      let [all, likes] = [0, 0];
      rows.video.forEach((video, n) => {
        if (!has(counts[video])) return;
        all++;
        likes += liked[n];
      });
      return all === 0 ? 'none' : `${((100 * likes) / all).toFixed(1)} %`;
    };
    found.push(
      'All rows were liked or hated: they were selected by what followed. Use them for shapes of watch time only, not ' +
        'for rates. Sessions are stretches of liked or hated rows, and "left" is where such rows stop, not where users left.',
      'Videos were kept by how often they were liked, so that the number of rows of a video gives its outcome away ' +
        `(liked: ${shareOf((count) => count === 1)} of the rows of videos with one row, ${shareOf((count) => count >= 5)} ` +
        'with five or more). It is no item feature here; like and hide say nothing that holds elsewhere.',
    );
  }
  if (files.logs.some((log) => log.endsWith('_pure.csv'))) {
    found.push(
      'KuaiRand-Pure keeps the rows of 7,583 videos only: sessions have holes, and what came before a row is mostly missing.',
    );
  }
  return found;
}

/** What an import should say of the rows. */
function told({ rows, duplicates, durationMs, timeMs, random }: KuairandRows): string[] {
  const unknown = durationMs.reduce((sum, x) => sum + (x > 0 ? 0 : 1), 0);
  const drawn = random.reduce((sum, x) => sum + x, 0);
  return [
    `Rows are counted for features until ${new Date(earlyUntil(timeMs)).toISOString()}: fit on later rows.`,
    ...(unknown > 0 ? [`${unknown} of ${rows} rows do not know the length of their video.`] : []),
    ...(duplicates > 0 ? [`${duplicates} rows repeat an earlier one in every column read; they are kept.`] : []),
    ...(drawn > 0
      ? [
          `${drawn} rows show videos put in at random; the pool they were drawn from is not told, so propensity is absent.`,
        ]
      : []),
  ];
}
