import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { complaint, messageOf } from '../core/check.js';
import type { BadRowCount } from './import/bad-rows.js';
import type { Imported, ImportOptions, ImportProgress } from './import/import-rows.js';
import { importKuairand, kuairandOrigin } from './import/kuairand.js';
import type { KuairandOptions } from './import/kuairand-files.js';
import { importOpenBandit, openBanditFiles, openBanditOrigin } from './import/open-bandit.js';
import { importTable, tableOrigin, type TableOptions } from './import/table.js';
import { importUpworthy, upworthyOrigin } from './import/upworthy.js';
import type { Log } from './record.js';
import { openStore, type LogStore } from './store/log-store.js';

/** Formats that can be imported. */
export type LogFormat = 'open-bandit' | 'kuairand' | 'upworthy' | 'table';

/** A file or folder outside the store, and how to read it. */
export interface LogFile extends TableOptions, KuairandOptions {
  readonly path: string;
  /** Without it a folder is the Open Bandit Dataset and a file a table. */
  readonly format?: LogFormat;
  readonly maxBadShare?: number;
}

/** Imports a file or folder into the store under a name. */
export async function importLog(store: LogStore, file: LogFile, options: ImportOptions): Promise<Imported> {
  const settings = { ...options, maxBadShare: file.maxBadShare ?? options.maxBadShare ?? 0 };
  const format = file.format ?? (await formatOf(file.path));
  if (format === 'kuairand') return importKuairand(store, file.path, file, settings);
  mustBeKuairand(file);
  if (format === 'upworthy') return importUpworthy(store, file.path, settings);
  return format === 'open-bandit'
    ? importOpenBandit(store, file.path, settings)
    : importTable(store, file.path, file, settings);
}

/** Where a log is: in the store under a name, or in a file that is imported on first use. */
export type LogLocation = ({ readonly name: string } | LogFile) & {
  /** The store's file, or the open store. */
  readonly store: string | LogStore;
  readonly onProgress?: (progress: ImportProgress) => void;
};

/** A log in memory and, where it was imported just now, the rows that were left out. */
export interface LoadedLog {
  readonly log: Log;
  readonly imported?: BadRowCount;
  readonly remarks?: readonly string[];
}

/**
 * The log at a location. A file is imported into the store under the name of the file and the first digits of its
 * fingerprint, unless the store holds a log of the same content, settings and columns already, under whatever name:
 * then nothing is imported. Either way the log goes by the derived name, so that reports do not depend on the store.
 */
export async function loadLog(location: LogLocation): Promise<LoadedLog> {
  const store = typeof location.store === 'string' ? await openStore(location.store) : location.store;
  try {
    if ('name' in location) return { log: await store.read(location.name) };
    const origin = await originOf(location);
    const name = `${basename(resolve(location.path))}-${origin.slice(0, 8)}`;
    const known = await store.findByOrigin(origin);
    if (known !== undefined) return { log: { ...(await store.read(known.name)), name } };
    const { onProgress } = location;
    const progress = onProgress === undefined ? {} : { onProgress };
    const { badRows, remarks = [] } = await importLog(store, location, { name, replace: true, ...progress });
    return { log: await store.read(name), imported: badRows, remarks };
  } finally {
    if (typeof location.store === 'string') await store.close();
  }
}

/** Fingerprint of what an import of this file would read; see `findByOrigin`. */
async function originOf(file: LogFile): Promise<string> {
  const maxBadShare = file.maxBadShare ?? 0;
  const format = file.format ?? (await formatOf(file.path));
  if (format === 'kuairand') return kuairandOrigin(file.path, file, maxBadShare);
  mustBeKuairand(file);
  if (format === 'upworthy') return upworthyOrigin(file.path, maxBadShare);
  return format === 'open-bandit'
    ? openBanditOrigin(await openBanditFiles(file.path), maxBadShare)
    : tableOrigin(file.path, file, maxBadShare);
}

/** @throws a usage error where another format is told how to read KuaiRand */
function mustBeKuairand({ users, videos, sessionGap }: KuairandOptions): void {
  const given = Object.entries({ users, videos, 'session-gap': sessionGap }).find(([, value]) => value !== undefined);
  if (given === undefined) return;
  throw complaint('usage', { where: `--${given[0]}`, expected: '--format kuairand', received: 'another format' });
}

async function formatOf(path: string): Promise<LogFormat> {
  const found = await stat(path).catch((error: unknown) => {
    throw complaint('io', { where: path, expected: 'a file or folder that exists', received: messageOf(error) }, error);
  });
  return found.isDirectory() ? 'open-bandit' : 'table';
}
