import { complaint } from '../../core/check.js';
import type { Candidates, Log, LogSchema } from '../record.js';

/** The rows of a log, or of some consecutive rows of it, without what is known of the whole. */
export type LogColumns = Pick<
  Log,
  | 'rows'
  | 'timeMs'
  | 'request'
  | 'session'
  | 'user'
  | 'position'
  | 'action'
  | 'propensity'
  | 'policy'
  | 'outcomes'
  | 'endReason'
  | 'numeric'
  | 'categorical'
  | 'candidates'
>;

/** What is known of a log besides its rows: the schema, the actions and what every code stands for. */
export type LogHead = Pick<
  Log,
  'schema' | 'actions' | 'policies' | 'users' | 'sessions' | 'requests' | 'categoricalValues'
>;

export type Column = Float32Array | Float64Array | Int32Array | Uint8Array;

/** One stored column: `width` numbers a row. Pieces in which every number is `absent` are not stored at all. */
export interface Field {
  readonly name: string;
  readonly width: number;
  readonly absent: number;
  readonly allocate: (length: number) => Column;
  readonly of: (columns: LogColumns) => Column;
}

const float32 = (length: number): Column => new Float32Array(length);
const float64 = (length: number): Column => new Float64Array(length);
const int32 = (length: number): Column => new Int32Array(length);
const uint8 = (length: number): Column => new Uint8Array(length);

/** How many columns of each variable kind there are. */
export interface Shape {
  readonly outcomes: number;
  readonly numeric: number;
  readonly categorical: number;
}

export function shapeOf(schema: LogSchema): Shape {
  return {
    outcomes: schema.outcomes.length,
    numeric: schema.numericNames.length,
    categorical: schema.categoricalNames.length,
  };
}

/** The columns of a log of this shape, in the order in which they enter its hash. Candidates come after them. */
export function fieldsOf(shape: Shape): Field[] {
  const one = (name: string, allocate: Field['allocate'], absent: number, of: Field['of']): Field => ({
    name,
    width: 1,
    absent,
    allocate,
    of,
  });
  return [
    one('timeMs', float64, NaN, (c) => c.timeMs),
    one('request', int32, -1, (c) => c.request),
    one('session', int32, -1, (c) => c.session),
    one('user', int32, -1, (c) => c.user),
    one('position', int32, -1, (c) => c.position),
    one('action', int32, -1, (c) => c.action),
    one('propensity', float64, NaN, (c) => c.propensity),
    one('policy', int32, 0, (c) => c.policy),
    ...Array.from({ length: shape.outcomes }, (_, i) => one(`outcome.${i}`, float32, 0, (c) => c.outcomes[i])),
    one('endReason', uint8, 0, (c) => c.endReason),
    { ...one('numeric', float32, 0, (c) => c.numeric), width: shape.numeric },
    { ...one('categorical', int32, -1, (c) => c.categorical), width: shape.categorical },
  ];
}

/** The bytes of a column, not copied: numbers as this machine holds them (little-endian wherever Node runs). */
export function bytesOf(column: Column): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}

/** Whether a piece says nothing, so that it need not be stored. */
export function isAbsent(column: Column, absent: number): boolean {
  return Number.isNaN(absent) ? column.every(Number.isNaN) : column.every((value) => Object.is(value, absent));
}

/** Rows [from, to) as views of the same memory; listed candidates are copied with offsets from 0. */
export function sliceColumns(columns: LogColumns, from: number, to: number): LogColumns {
  const numbers = columns.numeric.length / columns.rows;
  const texts = columns.categorical.length / columns.rows;
  return {
    rows: to - from,
    timeMs: columns.timeMs.subarray(from, to),
    request: columns.request.subarray(from, to),
    session: columns.session.subarray(from, to),
    user: columns.user.subarray(from, to),
    position: columns.position.subarray(from, to),
    action: columns.action.subarray(from, to),
    propensity: columns.propensity.subarray(from, to),
    policy: columns.policy.subarray(from, to),
    outcomes: columns.outcomes.map((column) => column.subarray(from, to)),
    endReason: columns.endReason.subarray(from, to),
    numeric: columns.numeric.subarray(from * numbers, to * numbers),
    categorical: columns.categorical.subarray(from * texts, to * texts),
    candidates: sliceCandidates(columns.candidates, from, to),
  };
}

function sliceCandidates(candidates: Candidates, from: number, to: number): Candidates {
  if (candidates === 'all') return 'all';
  const { offsets, codes } = candidates;
  return {
    offsets: offsets.subarray(from, to + 1).map((offset) => offset - offsets[from]),
    codes: codes.subarray(offsets[from], offsets[to]),
  };
}

/** Throws unless every column holds as many numbers as its rows ask for. */
export function checkColumns(where: string, fields: readonly Field[], columns: LogColumns): void {
  for (const { name, width, of } of fields) {
    const received = of(columns).length;
    if (received !== columns.rows * width) {
      throw complaint('shape', {
        where: `${where}: ${name}`,
        expected: `${columns.rows * width} numbers for ${columns.rows} rows`,
        received: String(received),
      });
    }
  }
}
