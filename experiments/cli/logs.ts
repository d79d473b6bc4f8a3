import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, join, resolve } from 'node:path';
import type { Argv } from 'yargs';
import { GymError, messageOf } from '../../core/check.js';
import {
  exportLog,
  importLog,
  loadLog,
  openStore,
  parseMap,
  storedPieces,
  summarise,
  type BadRowCount,
  type ImportProgress,
  type LogFile,
  type LogFormat,
  type LogStore,
  type StoredLog,
  type TableFormat,
} from '../../logs/index.js';
import { showSummary } from './logs-summary.js';
import { print, printJson, progress, remark, table, type Progress } from './terminal.js';

/** Where logs are kept unless --store says otherwise. */
const STORE = 'logs/runs/gym.sqlite';

/** `logs`: bring logs into the store, look them over, write them out again. */
export function registerLogs(cli: Argv): Argv {
  return cli.command('logs', 'Import, list, summarise, export and remove logs', (command) =>
    registerRemove(registerExport(registerList(registerSummary(registerImport(command)))))
      .demandCommand(1, 'Name a command: import, summary, list, export or remove.')
      .example('$0 logs import --format open-bandit obd/random/men --name men', 'The Open Bandit Dataset')
      .example('$0 logs summary obd/random/men', 'Look at a folder without keeping it'),
  );
}

function withStore<T>(command: Argv<T>) {
  return command
    .option('store', { type: 'string', default: STORE, requiresArg: true, describe: 'SQLite file of the logs' })
    .option('json', { type: 'boolean', default: false, describe: 'Print one JSON value' });
}

/** How a file or folder is read. */
function withReading<T>(command: Argv<T>) {
  return command
    .option('format', {
      choices: ['open-bandit', 'kuairand', 'upworthy', 'table'] as const,
      describe:
        'A folder of the Open Bandit Dataset, a folder or log of KuaiRand, a folder of the Upworthy archive, or CSV, TSV or NDJSON; by default a folder ' +
        'is the first and a file the last',
    })
    .option('map', {
      type: 'string',
      array: true,
      nargs: 1,
      describe:
        'field=column, once per field: action, outcome.NAME, propensity, position, user, session, request, time, ' +
        'policy, candidates ("a|b|c"), endReason, numeric.NAME, categorical.NAME',
    })
    .option('position-base', { choices: [0, 1] as const, describe: 'The number of the first position (1)' })
    .option('time-unit', {
      choices: ['auto', 'ms', 's'] as const,
      describe: 'What bare numbers in the time column are (auto: milliseconds from 1e11 on)',
    })
    .option('actions', {
      type: 'string',
      requiresArg: true,
      describe: 'File with all actions, one a line; rows with another action are bad',
    })
    .option('users', {
      type: 'string',
      requiresArg: true,
      describe: 'KuaiRand: user_features_*.csv (the one beside the logs)',
    })
    .option('videos', {
      type: 'string',
      requiresArg: true,
      describe: 'KuaiRand: video_features_basic_*.csv (the one beside the logs)',
    })
    .option('session-gap', {
      type: 'number',
      requiresArg: true,
      describe: 'KuaiRand: minutes without a row after which a session begins (30)',
    })
    .option('max-bad-share', {
      type: 'number',
      default: 0,
      requiresArg: true,
      describe: 'Largest share of unusable rows to leave out',
    });
}

interface Reading {
  readonly format: LogFormat | undefined;
  readonly map: readonly string[] | undefined;
  readonly positionBase: number | undefined;
  readonly timeUnit: 'auto' | 'ms' | 's' | undefined;
  readonly actions: string | undefined;
  readonly users: string | undefined;
  readonly videos: string | undefined;
  readonly sessionGap: number | undefined;
  readonly maxBadShare: number;
}

async function logFile(path: string, reading: Reading): Promise<LogFile> {
  const { format, map, positionBase, timeUnit, actions, users, videos, sessionGap, maxBadShare } = reading;
  return {
    path,
    maxBadShare,
    ...(format === undefined ? {} : { format }),
    ...(map === undefined ? {} : { map: parseMap(map) }),
    ...(positionBase === undefined ? {} : { positionBase: positionBase === 0 ? 0 : 1 }),
    ...(timeUnit === undefined ? {} : { timeUnit }),
    ...(actions === undefined ? {} : { actions: await readActionList(actions) }),
    ...(users === undefined ? {} : { users }),
    ...(videos === undefined ? {} : { videos }),
    ...(sessionGap === undefined ? {} : { sessionGap }),
  };
}

async function readActionList(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new GymError('usage', `--actions ${path}: expected a file, received: ${messageOf(error)}.`);
  });
  const names = text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .filter((line) => line !== '');
  if (names.length > 0 && new Set(names).size === names.length) return names;
  throw new GymError('usage', `--actions ${path}: expected different action names, one a line.`);
}

/** Shows rows and the time left, judging the number of rows by the bytes. */
function showProgress(bar: Progress): (progress: ImportProgress) => void {
  return ({ rows, bytes, totalBytes }) => {
    bar.update(rows, Math.round((rows * totalBytes) / bytes), 'rows');
  };
}

/** A store that must be there already: looking does not create one. */
async function existingStore(file: string): Promise<LogStore> {
  if (existsSync(file)) return openStore(file);
  throw new GymError(
    'usage',
    `No store at ${resolve(file)} yet. Import a log first, or name another file with --store.`,
  );
}

async function using<T>(store: LogStore, work: (store: LogStore) => Promise<T>): Promise<T> {
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

function remarkBadRows({ count, first }: BadRowCount): void {
  if (count === 0) return;
  remark(`left out ${count} bad row(s):`);
  for (const { line, reason } of first) remark(`  line ${line}: ${reason}`);
  if (count > first.length) remark(`  and ${count - first.length} more`);
}

function registerImport(cli: Argv): Argv {
  return cli.command(
    'import <path>',
    'Import a file or folder into the store',
    (command) =>
      withReading(withStore(command))
        .positional('path', {
          type: 'string',
          demandOption: true,
          describe: 'File, or folder of the Open Bandit Dataset or of KuaiRand',
        })
        .option('name', { type: 'string', requiresArg: true, describe: 'Name in the store; by default from the path' })
        .option('replace', { type: 'boolean', default: false, describe: 'Replace a stored log of that name' })
        .example('$0 logs import --format open-bandit obd/random/men --name men', 'An Open Bandit folder')
        .example('$0 logs import --format kuairand KuaiRand-1K --name kuairand', 'A feed with sessions')
        .example(
          '$0 logs import clicks.csv --map action=item --map outcome.click=clicked --map propensity=p',
          'A table',
        ),
    async (argv) => {
      const { path, replace } = argv;
      const file = await logFile(path, argv);
      const name = argv.name ?? defaultName(path, file.format);
      const bar = progress(`import ${name}`);
      const {
        log,
        badRows,
        remarks = [],
      } = await using(await openStore(argv.store), (store) =>
        importLog(store, file, { name, replace, onProgress: showProgress(bar) }),
      );
      bar.finish(`${log.rows} rows`);
      remarkBadRows(badRows);
      const { hash, rows, schema } = log;
      const { source, warnings = [] } = schema;
      for (const sentence of [...warnings.map((text) => `warning: ${text}`), ...remarks]) remark(sentence);
      if (argv.json) printJson({ name: log.name, hash, rows, source, badRows, warnings, remarks });
      else print(`${log.name}: ${log.rows} rows, hash ${log.hash}, in ${argv.store}`);
    },
  );
}

/** random/men → random-men, clicks.csv → clicks. */
function defaultName(path: string, format: LogFormat | undefined): string {
  const full = resolve(path);
  const isTable = format === 'table' || (format === undefined && extname(full) !== '');
  return isTable ? basename(full, extname(full)) : `${basename(dirname(full))}-${basename(full)}`;
}

function registerSummary(cli: Argv): Argv {
  return cli.command(
    'summary <log>',
    'Rates, propensities, positions and what looks wrong',
    (command) =>
      withReading(withStore(command))
        .positional('log', {
          type: 'string',
          demandOption: true,
          describe: 'Name of a stored log, or a file or folder',
        })
        .example('$0 logs summary men', 'A stored log')
        .example('$0 logs summary obd/random/men --json', 'A folder, read without keeping it'),
    async (argv) => {
      const log = await findLog(argv.log, argv.store, await logFile(argv.log, argv));
      const summary = summarise(log);
      if (argv.json) printJson(summary);
      else showSummary(summary);
    },
  );
}

/** A stored log of that name; else the file or folder, imported into a store that is thrown away. */
async function findLog(name: string, file: string, path: LogFile) {
  if (existsSync(file)) {
    const stored = await using(await openStore(file), async (store) => {
      const known = (await store.list()).some((log) => log.name === name);
      return known || !existsSync(path.path) ? await store.read(name) : undefined;
    });
    if (stored !== undefined) return stored;
  }
  if (!existsSync(path.path)) {
    throw new GymError(
      'usage',
      `${name}: neither a file or folder nor, without a store at ${resolve(file)}, a stored log.`,
    );
  }
  const folder = await mkdtemp(join(tmpdir(), 'recsys-gym-'));
  try {
    const bar = progress(`read ${name}`);
    const store = join(folder, 'summary.sqlite');
    const { log, imported, remarks = [] } = await loadLog({ ...path, store, onProgress: showProgress(bar) });
    bar.finish(`${log.rows} rows`);
    if (imported !== undefined) remarkBadRows(imported);
    for (const sentence of remarks) remark(sentence);
    return log;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function registerList(cli: Argv): Argv {
  return cli.command(
    'list',
    'Stored logs',
    (command) => withStore(command).example('$0 logs list', 'Names, sizes and origins'),
    async ({ store: file, json }) => {
      const logs = existsSync(file) ? await using(await openStore(file), (store) => store.list()) : [];
      if (json) {
        printJson(logs.map(({ name, rows, hash, schema }) => ({ name, rows, hash, source: schema.source, schema })));
      } else if (logs.length === 0) print(`No logs in ${file}.`);
      else print(table(['log', 'rows', 'outcomes', 'propensity', 'hash', 'source'], logs.map(listed)));
    },
  );
}

function listed({ name, rows, hash, schema }: StoredLog): string[] {
  const { outcomes, hasPropensity, source } = schema;
  return [name, String(rows), outcomes.join(', '), hasPropensity ? 'logged' : 'not logged', hash, source];
}

function registerExport(cli: Argv): Argv {
  return cli.command(
    'export <name> <file>',
    'Write a stored log as CSV, TSV or NDJSON',
    (command) =>
      withStore(command)
        .positional('name', { type: 'string', demandOption: true, describe: 'Name of a stored log' })
        .positional('file', { type: 'string', demandOption: true, describe: 'The end of its name decides the format' })
        .option('format', {
          choices: ['csv', 'tsv', 'ndjson'] as const,
          describe: 'Must agree with the end of the name; CSV where that says nothing',
        })
        .option('force', { type: 'boolean', default: false, describe: 'Replace files that exist' })
        .example('$0 logs export men men.csv', 'Writes men.csv and men.csv.head.json, which import reads back'),
    async ({ name, file, format, force, store: storeFile, json }) => {
      const bar = progress(`export ${name}`);
      const rows = await using(await existingStore(storeFile), async (store) => {
        const log = await storedPieces(store, name);
        const asked: { format?: TableFormat } = format === undefined ? {} : { format };
        await exportLog(log, file, { ...asked, force, onProgress: (done, total) => bar.update(done, total, 'rows') });
        return log.rows;
      });
      bar.finish(`${rows} rows`);
      if (json) printJson({ name, file, rows });
      else print(`${file}: ${rows} rows`);
    },
  );
}

function registerRemove(cli: Argv): Argv {
  return cli.command(
    'remove <name>',
    'Remove a stored log',
    (command) =>
      withStore(command)
        .positional('name', { type: 'string', demandOption: true, describe: 'Name of a stored log' })
        .example('$0 logs remove men', 'Its space in the file is used again by later logs'),
    async ({ name, store: file, json }) => {
      await using(await existingStore(file), (store) => store.remove(name));
      if (json) printJson({ removed: name });
      else print(`removed ${name}`);
    },
  );
}
