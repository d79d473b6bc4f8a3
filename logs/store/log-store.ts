import { GymError, suggestion } from '../../core/check.js';
import type { Log } from '../record.js';
import { openDatabase, type Database } from './database.js';
import { type LogColumns, type LogHead } from './fields.js';
import { hashStored, mustMatch, readColumns, readHead, readLog, STORED, storedLog, type StoredLog } from './reader.js';
import { CHUNK_ROWS, prepareTables } from './tables.js';
import { openWriter, type LogWriter, type WriteOptions } from './writer.js';

/** Rows [from, to) of a log; the whole log without bounds. */
export interface RowRange {
  readonly from?: number;
  readonly to?: number;
}

/** Logs in one SQLite file. Reads give columns as typed arrays; writes are whole logs or nothing. */
export interface LogStore {
  readonly file: string;
  /** The open file, for others who keep tables in it. */
  readonly database: Database;
  /** Every log, by name. */
  list(): Promise<StoredLog[]>;
  /** @throws a usage error that names the nearest stored log */
  find(name: string): Promise<StoredLog>;
  /** The first log that was imported from this (see `fingerprint`), if any. */
  findByOrigin(origin: string): Promise<StoredLog | undefined>;
  /**
   * The log in memory. A whole log is held against its hash, so that a damaged file cannot pass for data; a range of
   * rows is a log of its own with the dictionaries of the whole.
   */
  read(name: string, range?: RowRange): Promise<Log>;
  /** What the codes of a log stand for, without its rows. */
  head(log: StoredLog): Promise<LogHead>;
  /** The rows in pieces of up to 4,096, for what need not have them all in memory. */
  pieces(log: StoredLog): AsyncGenerator<LogColumns>;
  /** Holds the whole content of a log against its hash, piece by piece; throws a data error when it was damaged. */
  check(log: StoredLog): Promise<void>;
  /** Streams a new log in; see `LogWriter`. */
  writer(name: string, options?: WriteOptions): Promise<LogWriter>;
  /** Stores a log that is in memory. */
  put(log: Log, options?: WriteOptions): Promise<StoredLog>;
  /** Its space is used again by later logs; the file does not shrink. */
  remove(name: string): Promise<void>;
  close(): Promise<void>;
}

/** Opens the store in this file; file and folder are made when they do not exist. */
export async function openStore(file: string): Promise<LogStore> {
  const database = await openDatabase(file);
  try {
    await prepareTables(database);
  } catch (error) {
    await database.close();
    throw error;
  }
  return logStore(database);
}

function logStore(database: Database): LogStore {
  const list = async (): Promise<StoredLog[]> => (await database.all(`${STORED} ORDER BY name`)).map(storedLog);
  const find = async (name: string): Promise<StoredLog> => {
    const row = (await database.all(`${STORED} WHERE name = ?`, name)).at(0);
    if (row !== undefined) return storedLog(row);
    const known = (await list()).map((log) => log.name);
    throw new GymError('usage', `No log called '${name}' in ${database.file}. ${suggestion(name, known)}`);
  };
  const store: LogStore = {
    file: database.file,
    database,
    list: () => database.snapshot(list),
    find: (name) => database.snapshot(() => find(name)),
    async findByOrigin(origin) {
      const row = (await database.all(`${STORED} WHERE origin = ? ORDER BY id LIMIT 1`, origin)).at(0);
      return row === undefined ? undefined : storedLog(row);
    },
    read: (name, { from = 0, to } = {}) =>
      database.snapshot(async () => {
        const log = await find(name);
        const end = to ?? log.rows;
        if (!(Number.isInteger(from) && Number.isInteger(end) && from >= 0 && from <= end && end <= log.rows)) {
          throw new GymError('usage', `log '${name}': no rows [${from}, ${end}); it has ${log.rows} rows.`);
        }
        return readLog(database, log, from, end);
      }),
    head: (log) => database.snapshot(() => readHead(database, log)),
    async *pieces(log) {
      for (let from = 0; from < log.rows; from += CHUNK_ROWS) {
        const to = Math.min(log.rows, from + CHUNK_ROWS);
        yield await database.snapshot(async () => {
          // Ids are never used twice: a log that was replaced meanwhile is gone, not mixed with the new one.
          if ((await database.all('SELECT 1 FROM log WHERE id = ?', log.id)).length === 0) {
            throw new GymError('data', `log '${log.name}': replaced or removed while it was being read. Try again.`);
          }
          return readColumns(database, log, from, to);
        });
      }
    },
    check: (log) =>
      database.snapshot(async () => {
        mustMatch(database, log, await hashStored(database, log, await readHead(database, log)));
      }),
    writer: (name, options = {}) => openWriter(database.file, name, options),
    async put(log, options = {}) {
      const writer = await store.writer(log.name, options);
      try {
        await writer.append(log);
        return await writer.commit(log);
      } catch (error) {
        await writer.abort();
        throw error;
      }
    },
    async remove(name) {
      await database.transaction(async () => {
        await database.run('DELETE FROM log WHERE id = ?', (await find(name)).id);
      });
    },
    close: () => database.close(),
  };
  return store;
}
