import { complaint } from '../../core/check.js';
import { makeLog } from '../columns.js';
import type { ActionTable, Candidates, Dictionary, Log } from '../record.js';
import { bytesIn, numberIn, textIn, type Database, type Row } from './database.js';
import { bytesOf, fieldsOf, shapeOf, type Column, type Field, type LogColumns, type LogHead } from './fields.js';
import { hashInPieces } from './hash.js';
import { CHUNK_ROWS, parseHead, parseTexts, type StoredHead } from './tables.js';

/** A log in the store, without its rows and texts. */
export interface StoredLog extends StoredHead {
  readonly id: number;
  readonly name: string;
  readonly hash: string;
  readonly rows: number;
  /** Fingerprint of what it was imported from; empty for logs that were put. */
  readonly origin: string;
}

export const STORED = 'SELECT id, name, hash, rows, origin, head FROM log';

/** A row of `STORED`. */
export function storedLog(row: Row): StoredLog {
  const name = textIn(row, 'name');
  return {
    id: numberIn(row, 'id'),
    name,
    hash: textIn(row, 'hash'),
    rows: numberIn(row, 'rows'),
    origin: textIn(row, 'origin'),
    ...parseHead(`stored log '${name}'`, textIn(row, 'head')),
  };
}

/** Pieces fetched at once. */
const BATCH = 16;

/** The stored pieces of one field that overlap rows [from, to), in order. */
async function* pieces(database: Database, log: number, field: string, from: number, to: number) {
  let after = from - CHUNK_ROWS;
  while (true) {
    const rows = await database.all(
      'SELECT first, bytes FROM chunk WHERE log = ? AND field = ? AND first > ? AND first < ? ORDER BY first LIMIT ?',
      log,
      field,
      after,
      to,
      BATCH,
    );
    for (const row of rows) yield { first: numberIn(row, 'first'), bytes: bytesIn(row, 'bytes') };
    if (rows.length < BATCH) return;
    after = numberIn(rows[rows.length - 1], 'first');
  }
}

function wrongPiece(field: string, first: number, expected: string, received: number): Error {
  return complaint('data', {
    where: `stored column '${field}' at row ${first}`,
    expected,
    received: `${received}`,
    try: 'The store is damaged: restore it from a copy, or delete it and import again.',
  });
}

/** Fills `target` with rows [from, from + target.length / width) of a field. */
async function fill<C extends Column>(
  database: Database,
  log: number,
  { name, width, absent }: Pick<Field, 'name' | 'width' | 'absent'>,
  from: number,
  target: C,
): Promise<C> {
  target.fill(absent);
  if (width === 0) return target;
  const to = from + target.length / width;
  const rowBytes = width * target.BYTES_PER_ELEMENT;
  const out = bytesOf(target);
  for await (const { first, bytes } of pieces(database, log, name, from, to)) {
    const last = first + bytes.length / rowBytes;
    if (!Number.isInteger(last)) throw wrongPiece(name, first, `a multiple of ${rowBytes} bytes`, bytes.length);
    const begin = Math.max(first, from);
    const end = Math.min(last, to);
    if (end <= begin) continue;
    out.set(bytes.subarray((begin - first) * rowBytes, (end - first) * rowBytes), (begin - from) * rowBytes);
  }
  return target;
}

/** Listed candidates are stored as a count a row and, per piece, the codes of its rows one after the other. */
export const COUNTS: Omit<Field, 'of'> = {
  name: 'candidates.counts',
  width: 1,
  absent: 0,
  allocate: (length) => new Int32Array(length),
};
export const CODES = 'candidates.codes';

async function readCandidates(database: Database, log: number, from: number, to: number): Promise<Candidates> {
  const counts = await fill(database, log, COUNTS, from, new Int32Array(to - from));
  const offsets = new Int32Array(counts.length + 1);
  for (const [i, count] of counts.entries()) offsets[i + 1] = offsets[i] + count;
  const codes = new Int32Array(offsets[counts.length]);
  for await (const { first, bytes } of pieces(database, log, CODES, from, to)) {
    const piece = new Int32Array(bytes.slice().buffer);
    // A piece that begins before `from` holds codes of rows that were not asked for.
    const before = await fill(database, log, COUNTS, first, new Int32Array(Math.max(0, from - first)));
    const skip = before.reduce((sum, count) => sum + count, 0);
    const at = offsets[Math.max(0, first - from)];
    codes.set(piece.subarray(skip, skip + codes.length - at), at);
  }
  return { offsets, codes };
}

/** A whole column in consecutive pieces, without gaps. */
async function* fieldPieces(database: Database, log: StoredLog, field: Omit<Field, 'of'>): AsyncGenerator<Column> {
  for (let from = 0; from < log.rows; from += CHUNK_ROWS) {
    const rows = Math.min(CHUNK_ROWS, log.rows - from);
    yield await fill(database, log.id, field, from, field.allocate(rows * field.width));
  }
}

/** Offsets and codes of all listed candidates in consecutive pieces. */
function candidatePieces(
  database: Database,
  log: StoredLog,
): { offsets: AsyncGenerator<Column>; codes: AsyncGenerator<Column> } {
  async function* offsets(): AsyncGenerator<Column> {
    let total = 0;
    yield Int32Array.of(0);
    for await (const counts of fieldPieces(database, log, COUNTS)) {
      yield Int32Array.from(counts, (count) => (total += count));
    }
  }
  async function* codes(): AsyncGenerator<Column> {
    for await (const { bytes } of pieces(database, log.id, CODES, 0, log.rows)) yield new Uint8Array(bytes);
  }
  return { offsets: offsets(), codes: codes() };
}

/** The hash of a stored log, read back piece by piece. */
export function hashStored(database: Database, log: StoredLog, head: LogHead): Promise<string> {
  const candidates = log.candidates === 'all' ? undefined : candidatePieces(database, log);
  return hashInPieces(head, fieldsOf(shapeOf(log.schema)), (field) => fieldPieces(database, log, field), candidates);
}

/** Throws unless a hash computed from the content is the one the log was stored with. */
export function mustMatch(database: Database, { name, hash }: StoredLog, received: string): void {
  if (received === hash) return;
  throw complaint('data', {
    where: `stored log '${name}' in ${database.file}`,
    expected: `content with hash ${hash}`,
    received: `content with hash ${received}: the file was damaged or changed`,
    try: `Remove the log ('recsys-gym logs remove ${name}') and import it again.`,
  });
}

/** Rows [from, to) of a log, as columns of their own. */
export async function readColumns(database: Database, log: StoredLog, from: number, to: number): Promise<LogColumns> {
  const rows = to - from;
  const known = new Map(fieldsOf(shapeOf(log.schema)).map((field) => [field.name, field]));
  const load = <C extends Column>(name: string, allocate: (length: number) => C): Promise<C> => {
    const field = known.get(name) ?? { name, width: 1, absent: 0 };
    return fill(database, log.id, field, from, allocate(rows * field.width));
  };
  const int32 = (length: number): Int32Array => new Int32Array(length);
  const float32 = (length: number): Float32Array => new Float32Array(length);
  const float64 = (length: number): Float64Array => new Float64Array(length);
  const outcomes: Float32Array[] = [];
  for (const i of log.schema.outcomes.keys()) outcomes.push(await load(`outcome.${i}`, float32));
  return {
    rows,
    timeMs: await load('timeMs', float64),
    request: await load('request', int32),
    session: await load('session', int32),
    user: await load('user', int32),
    position: await load('position', int32),
    action: await load('action', int32),
    propensity: await load('propensity', float64),
    policy: await load('policy', int32),
    outcomes,
    endReason: await load('endReason', (length) => new Uint8Array(length)),
    numeric: await load('numeric', float32),
    categorical: await load('categorical', int32),
    candidates: log.candidates === 'all' ? 'all' : await readCandidates(database, log.id, from, to),
  };
}

/** What the codes of a log stand for. */
export async function readHead(database: Database, log: StoredLog): Promise<LogHead> {
  const dictionary = async (name: string): Promise<Dictionary> => {
    const values: string[] = [];
    const rows = await database.all(
      'SELECT texts FROM dictionary WHERE log = ? AND name = ? ORDER BY first',
      log.id,
      name,
    );
    for (const row of rows) {
      for (const text of parseTexts(`dictionary '${name}' of log '${log.name}'`, textIn(row, 'texts')))
        values.push(text);
    }
    return { values };
  };
  const several = async (prefix: string, count: number): Promise<Dictionary[]> => {
    const all: Dictionary[] = [];
    for (let i = 0; i < count; i++) all.push(await dictionary(`${prefix}.${i}`));
    return all;
  };
  return {
    schema: log.schema,
    actions: await readActions(database, log, (await dictionary('actions')).values, several),
    policies: await dictionary('policies'),
    users: await dictionary('users'),
    sessions: await dictionary('sessions'),
    requests: await dictionary('requests'),
    categoricalValues: await several('categorical', log.schema.categoricalNames.length),
  };
}

async function readActions(
  database: Database,
  log: StoredLog,
  values: readonly string[],
  several: (prefix: string, count: number) => Promise<Dictionary[]>,
): Promise<ActionTable> {
  const numbers = log.actionNumericNames.length;
  const texts = log.actionCategoricalNames.length;
  const numeric = new Float32Array(values.length * numbers);
  const categorical = new Int32Array(values.length * texts);
  return {
    values,
    numericNames: log.actionNumericNames,
    numeric: await fill(database, log.id, { name: 'actions.numeric', width: numbers, absent: NaN }, 0, numeric),
    categoricalNames: log.actionCategoricalNames,
    categorical: await fill(
      database,
      log.id,
      { name: 'actions.categorical', width: texts, absent: -1 },
      0,
      categorical,
    ),
    categoricalValues: await several('actions.categorical', texts),
  };
}

/** A log, or rows [from, to) of it, in memory. A whole log is held against the hash it was stored with. */
export async function readLog(database: Database, stored: StoredLog, from: number, to: number): Promise<Log> {
  const head = await readHead(database, stored);
  const columns = await readColumns(database, stored, from, to);
  const log = makeLog({
    name: stored.name,
    ...columns,
    schema: head.schema,
    actions: head.actions,
    policies: head.policies.values,
    users: head.users.values,
    sessions: head.sessions.values,
    requests: head.requests.values,
    categoricalValues: head.categoricalValues.map(({ values }) => values),
  });
  if (to - from === stored.rows) mustMatch(database, stored, log.hash);
  return log;
}
