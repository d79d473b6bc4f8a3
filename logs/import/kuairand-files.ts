import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { complaint, messageOf } from '../../core/check.js';
import { mustBeFile } from './open-rows.js';

/** Logs above this do not fit in memory, where they are put in order: KuaiRand-1K has 0.85 GB, KuaiRand-27K 23 GB. */
const MOST_BYTES = 4e9;

/** The files of one version of KuaiRand. */
export interface KuairandFiles {
  /** Logs of interactions, in the order of their names. */
  readonly logs: readonly string[];
  readonly users?: string;
  readonly videos?: string;
  /** Whether users and videos were found beside the logs, and so belong to the same version. */
  readonly beside: { readonly users: boolean; readonly videos: boolean };
}

/** How KuaiRand is read. */
export interface KuairandOptions {
  /** user_features_*.csv; by default the one beside the logs. */
  readonly users?: string;
  /** video_features_basic_*.csv; by default the one beside the logs. */
  readonly videos?: string;
  /** Minutes without a row after which a user's next row begins a session; 30 unless given. */
  readonly sessionGap?: number;
}

/**
 * The files of a folder (log_*.csv, in it or in its folder data/, as KuaiRand-1K, -Pure and -27K have them) or of one
 * log of interactions.
 *
 * @throws an io error where a file is missing, a data error where the logs are too large
 */
export async function kuairandFiles(path: string, options: KuairandOptions): Promise<KuairandFiles> {
  const found = await stat(path).catch((error: unknown) => {
    throw complaint('io', { where: path, expected: 'a file or folder that exists', received: messageOf(error) }, error);
  });
  const [folder, names] = found.isDirectory() ? await folderOf(path) : [dirname(path), await readdir(dirname(path))];
  const logs = found.isDirectory() ? names.filter(isLog).map((name) => join(folder, name)) : [path];
  const only = (prefix: string): string | undefined => {
    const all = names.filter((name) => name.startsWith(prefix) && name.endsWith('.csv'));
    return all.length === 1 ? join(folder, all[0]) : undefined;
  };
  const users = options.users ?? only('user_features');
  const videos = options.videos ?? only('video_features_basic');
  let bytes = 0;
  for (const log of logs) bytes += (await mustBeFile(log)).size;
  if (bytes > MOST_BYTES) {
    throw complaint('data', {
      where: path,
      expected: `logs of at most ${MOST_BYTES / 1e9} GB, which are put in order in memory`,
      received: `${(bytes / 1e9).toFixed(1)} GB`,
      try: 'Import KuaiRand-1K, or a file with the rows of some of the users.',
    });
  }
  for (const file of [users, videos]) if (file !== undefined) await mustBeFile(file);
  return {
    logs,
    ...(users === undefined ? {} : { users }),
    ...(videos === undefined ? {} : { videos }),
    beside: {
      users: users !== undefined && dirname(users) === folder,
      videos: videos !== undefined && dirname(videos) === folder,
    },
  };
}

const isLog = (name: string): boolean => /^log_.*\.csv$/.test(name);

/** The folder that holds the logs: the one given, or data/ in it. */
async function folderOf(path: string): Promise<readonly [string, readonly string[]]> {
  const own = (await readdir(path)).sort();
  if (own.some(isLog)) return [path, own];
  const inner = own.includes('data') ? (await readdir(join(path, 'data'))).sort() : [];
  if (inner.some(isLog)) return [join(path, 'data'), inner];
  throw complaint('io', {
    where: path,
    expected: 'log_*.csv, in it or in its folder data/, as KuaiRand has them',
    received: `a folder with ${own.slice(0, 8).join(', ') || 'nothing'}`,
  });
}

/** What the files are called in a log's source. */
export function nameOf({ logs }: KuairandFiles): string {
  return logs.map((log) => basename(log)).join(' + ');
}
