import { basename } from 'node:path';
import { complaint } from '../../core/check.js';
import { readColumnNames, readColumns, type ReadColumns } from './fast-csv.js';
import type { KuairandFiles } from './kuairand-files.js';
import type { KuairandRows } from './kuairand-rows.js';

/** Numbers and texts of the things a log names: row = code of the user or video, NaN or −1 where not described. */
export interface Described {
  /** Names of the numbers, and [n, names]. */
  readonly numberNames: readonly string[];
  readonly numbers: Float64Array;
  /** Names of the texts, and per name [n] codes. */
  readonly texts: Readonly<Record<string, { readonly codes: Int32Array; readonly values: readonly string[] }>>;
  /** How many of the n are described. */
  readonly known: number;
}

/** What is known of users and videos beforehand, and why not where it is not. */
export interface KuairandDescriptions {
  readonly users?: Described;
  readonly videos?: Described;
  /** What was joined and what was not, in sentences. */
  readonly remarks: readonly string[];
}

const USER_NUMBERS = [
  'follow_user_num',
  'fans_user_num',
  'friend_user_num',
  'register_days',
  'is_video_author',
  'is_live_streamer',
];
const VIDEO_NUMBERS = ['video_duration', 'server_width', 'server_height'];
const VIDEO_TEXTS = ['video_type', 'upload_dt', 'upload_type', 'music_type', 'tag'];

/** Durations agree within this share of the longer one, and a millisecond. */
const AGREE = 0.01;
/** *Invented*: videos that are in both files with a known duration, below which agreement proves nothing. */
const ENOUGH = 20;
/** *Invented*: share of them that must agree. */
const AGREEING = 0.9;
/** *Invented*: share of a log's users or videos that must be described to be worth joining. */
const COVERED = 0.5;

/**
 * Joins what KuaiRand says of users and videos. Versions of KuaiRand number users and videos anew, so ids are believed
 * only where the durations of the videos say that they mean the same video; a file of users from elsewhere has nothing
 * to compare and is believed where the file of videos is.
 */
export async function describe(files: KuairandFiles, rows: KuairandRows): Promise<KuairandDescriptions> {
  const { beside } = files;
  const videos =
    files.videos === undefined
      ? undefined
      : await readDescribed(files.videos, 'video_id', rows.videos, VIDEO_NUMBERS, VIDEO_TEXTS);
  const sameIds = videos === undefined ? undefined : agreement(rows, videos);
  const users =
    files.users === undefined
      ? undefined
      : await readDescribed(files.users, 'user_id', rows.users, USER_NUMBERS, ['user_active_degree']);
  const ofVideos = videos && sameIds && whyNotVideos(videos, rows.videos.length, sameIds, beside.videos);
  const sameUsers = beside.users || (sameIds !== undefined && believed(sameIds, false));
  const ofUsers = users && whyNotUsers(users, rows.users.length, sameUsers);
  const remark = (path: string | undefined, why: Verdict | undefined): string[] =>
    path === undefined || why === undefined
      ? []
      : [`${basename(path)} is ${why.join ? 'joined' : 'left out'}: ${why.sentence}.`];
  return {
    ...(users !== undefined && ofUsers?.join === true ? { users } : {}),
    ...(videos !== undefined && ofVideos?.join === true ? { videos } : {}),
    remarks: [...remark(files.videos, ofVideos), ...remark(files.users, ofUsers)],
  };
}

interface Verdict {
  readonly join: boolean;
  readonly sentence: string;
}

function whyNotVideos({ known }: Described, videos: number, same: Agreement, beside: boolean): Verdict {
  const agreed = `lengths agree in ${same.agree} of the ${same.compared} videos for which both files know one`;
  if (!believed(same, beside)) {
    return { join: false, sentence: `${agreed}, too few to say that its ids mean these videos` };
  }
  const described = `it describes ${known} of ${videos} videos`;
  return known < COVERED * videos
    ? { join: false, sentence: `${described}, too few for features, though ids mean the same (${agreed})` }
    : { join: true, sentence: `${described}; ${agreed}` };
}

function whyNotUsers({ known }: Described, users: number, same: boolean): Verdict {
  const sentence = `it describes ${known} of ${users} users`;
  if (same) return known < COVERED * users ? { join: false, sentence } : { join: true, sentence };
  return {
    join: false,
    sentence:
      'nothing says that its ids mean these users. Give the videos of the same version (--videos), whose lengths tell',
  };
}

interface Agreement {
  readonly compared: number;
  readonly agree: number;
}

function believed({ compared, agree }: Agreement, beside: boolean): boolean {
  return compared < ENOUGH ? beside && agree === compared : agree >= AGREEING * compared;
}

/** How many videos have a duration in both, and how many of them the same. */
function agreement({ rows, video, videos, durationMs }: KuairandRows, described: Described): Agreement {
  const logged = new Float64Array(videos.length);
  for (let n = 0; n < rows; n++) if (logged[video[n]] === 0) logged[video[n]] = durationMs[n];
  const width = described.numberNames.length;
  let [compared, agree] = [0, 0];
  for (let v = 0; v < videos.length; v++) {
    const told = described.numbers[v * width];
    if (!(logged[v] > 0 && told > 0)) continue;
    compared++;
    if (Math.abs(logged[v] - told) <= AGREE * Math.max(logged[v], told) + 1) agree++;
  }
  return { compared, agree };
}

/** The rows of a file that are about these ids. */
async function readDescribed(
  path: string,
  id: string,
  ids: readonly string[],
  numberNames: readonly string[],
  textNames: readonly string[],
): Promise<Described> {
  const columns = await readColumnNames(path);
  const missing = [id, ...numberNames, ...textNames].filter((name) => !columns.includes(name));
  if (missing.length > 0) {
    const expected = id === 'user_id' ? 'user_features_*.csv' : 'video_features_basic_*.csv';
    throw complaint('data', {
      where: path,
      expected: `${expected} of KuaiRand`,
      received: `a file without ${missing.join(', ')}`,
    });
  }
  const read = await readColumns(path, { numbers: [numberNames], texts: [id, ...textNames] });
  const codes = new Map(ids.map((text, code) => [text, code]));
  const width = numberNames.length;
  const numbers = new Float64Array(ids.length * width).fill(NaN);
  const texts = textNames.map(() => new Int32Array(ids.length).fill(-1));
  const seen = new Uint8Array(ids.length);
  for (let n = 0; n < read.rows; n++) {
    const code = codeOf(read, n, codes);
    if (code === undefined || seen[code] === 1) continue;
    seen[code] = 1;
    for (let i = 0; i < width; i++) numbers[code * width + i] = read.numbers[0][n * width + i];
    texts.forEach((column, i) => (column[code] = read.texts[i + 1].codes[n]));
  }
  return {
    numberNames,
    numbers,
    texts: Object.fromEntries(
      textNames.map((name, i) => [name, { codes: texts[i], values: read.texts[i + 1].values }]),
    ),
    known: seen.reduce((sum, one) => sum + one, 0),
  };
}

function codeOf({ texts: [ids] }: ReadColumns, n: number, codes: ReadonlyMap<string, number>): number | undefined {
  return ids.codes[n] < 0 ? undefined : codes.get(ids.values[ids.codes[n]]);
}
