import { createHash, type Hash } from 'node:crypto';
import { complaint } from '../core/check.js';
import type { ActionTable, Candidates, Dictionary, Log, LogSchema } from './record.js';

/** What a log needs at least; every other column is filled with its "not logged" value. */
export interface LogParts {
  readonly name: string;
  readonly rows: number;
  readonly schema: Partial<LogSchema> & Pick<LogSchema, 'outcomes' | 'source'>;
  readonly actions: readonly string[] | ActionTable;
  readonly action: Int32Array;
  readonly outcomes: readonly Float32Array[];
  readonly propensity?: Float64Array;
  readonly policies?: readonly string[];
  readonly policy?: Int32Array;
  readonly users?: readonly string[];
  readonly user?: Int32Array;
  readonly sessions?: readonly string[];
  readonly session?: Int32Array;
  readonly requests?: readonly string[];
  readonly request?: Int32Array;
  readonly timeMs?: Float64Array;
  readonly position?: Int32Array;
  readonly candidates?: Candidates;
  readonly endReason?: Uint8Array;
  readonly numeric?: Float32Array;
  readonly categorical?: Int32Array;
  readonly categoricalValues?: readonly (readonly string[])[];
}

/** An action table that knows only names. */
export function namedActions(values: readonly string[]): ActionTable {
  return {
    values,
    numericNames: [],
    numeric: new Float32Array(0),
    categoricalNames: [],
    categorical: new Int32Array(0),
    categoricalValues: [],
  };
}

/** Assembles a log from columns, checks that their lengths agree, and computes its hash. */
export function makeLog(parts: LogParts): Log {
  const { rows } = parts;
  const schema: LogSchema = {
    numericNames: [],
    categoricalNames: [],
    perAction: [],
    endReasons: ['none'],
    hasPropensity: parts.propensity !== undefined,
    ...parts.schema,
  };
  const missing = (): Int32Array => new Int32Array(rows).fill(-1);
  const dictionary = (values: readonly string[] | undefined): Dictionary => ({ values: values ?? [] });
  const log = {
    name: parts.name,
    schema,
    rows,
    actions: 'numeric' in parts.actions ? parts.actions : namedActions(parts.actions),
    policies: dictionary(parts.policies ?? ['logged']),
    users: dictionary(parts.users),
    sessions: dictionary(parts.sessions),
    requests: dictionary(parts.requests),
    categoricalValues: (parts.categoricalValues ?? []).map(dictionary),
    timeMs: parts.timeMs ?? new Float64Array(rows).fill(NaN),
    request: parts.request ?? missing(),
    session: parts.session ?? missing(),
    user: parts.user ?? missing(),
    position: parts.position ?? missing(),
    candidates: parts.candidates ?? ('all' as const),
    action: parts.action,
    propensity: parts.propensity ?? new Float64Array(rows).fill(NaN),
    policy: parts.policy ?? new Int32Array(rows),
    outcomes: parts.outcomes,
    endReason: parts.endReason ?? new Uint8Array(rows),
    numeric: parts.numeric ?? new Float32Array(0),
    categorical: parts.categorical ?? new Int32Array(0),
  };
  checkLengths(log);
  return { ...log, hash: hashOf(log) };
}

function checkLengths(log: Omit<Log, 'hash'>): void {
  const { rows, schema } = log;
  const expected: readonly (readonly [string, number, number])[] = [
    ['timeMs', log.timeMs.length, rows],
    ['request', log.request.length, rows],
    ['session', log.session.length, rows],
    ['user', log.user.length, rows],
    ['position', log.position.length, rows],
    ['action', log.action.length, rows],
    ['propensity', log.propensity.length, rows],
    ['policy', log.policy.length, rows],
    ['endReason', log.endReason.length, rows],
    ['outcome columns', log.outcomes.length, schema.outcomes.length],
    ...log.outcomes.map((column, i) => [`outcome ${schema.outcomes[i]}`, column.length, rows] as const),
    ['numeric', log.numeric.length, rows * schema.numericNames.length],
    ['categorical', log.categorical.length, rows * schema.categoricalNames.length],
    ['categorical dictionaries', log.categoricalValues.length, schema.categoricalNames.length],
    ['candidate offsets', log.candidates === 'all' ? rows + 1 : log.candidates.offsets.length, rows + 1],
  ];
  for (const [column, received, wanted] of expected) {
    if (received !== wanted) {
      throw complaint('shape', {
        where: `log '${log.name}': ${column}`,
        expected: `${wanted} entries for ${rows} rows`,
        received: String(received),
      });
    }
  }
}

function addColumn(hash: Hash, column: Float32Array | Float64Array | Int32Array | Uint8Array): void {
  hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
}

/** SHA-256 over schema, dictionaries and columns; the first 16 hexadecimal digits. Name, source and warnings are not part of it. */
function hashOf(log: Omit<Log, 'hash'>): string {
  const hash = createHash('sha256');
  const { source: _from, warnings: _words, ...schema } = log.schema;
  const words = [
    schema,
    log.actions.values,
    log.actions.numericNames,
    log.actions.categoricalNames,
    log.actions.categoricalValues,
    log.policies,
    log.users,
    log.sessions,
    log.requests,
    log.categoricalValues,
  ];
  hash.update(JSON.stringify(words));
  for (const column of [
    log.actions.numeric,
    log.actions.categorical,
    log.timeMs,
    log.request,
    log.session,
    log.user,
    log.position,
    log.action,
    log.propensity,
    log.policy,
    ...log.outcomes,
    log.endReason,
    log.numeric,
    log.categorical,
  ])
    addColumn(hash, column);
  if (log.candidates !== 'all') {
    addColumn(hash, log.candidates.offsets);
    addColumn(hash, log.candidates.codes);
  }
  return hash.digest('hex').slice(0, 16);
}
