import type { Log } from './record.js';

/** Rows shown of each kind. */
const SHOWN = 10;
/** Propensities below this are hardly ever meant. */
const TINY_PROPENSITY = 1e-3;
/** One row may carry this share of Σ 1/p, and this many times the average share. */
const HEAVY_SHARE = 0.01;
const HEAVY_TIMES_AVERAGE = 10;
/** Time may run backwards by this much: shards of a log are rarely merged to the second. */
const BACKWARDS_MS = 3_600_000;
/** From this share of 0s and 1s on, an outcome is meant to be 0 or 1. */
const NEARLY_BINARY = 0.99;

/** Something in a log that is probably not meant. */
export interface Suspicion {
  readonly kind:
    'warning' | 'tinyPropensity' | 'heavyWeight' | 'duplicatePosition' | 'timeBackwards' | 'notBinary' | 'notFinite';
  readonly sentence: string;
  readonly count: number;
  /** The first ten, counted from 0; none where the whole log is meant. */
  readonly rows: readonly number[];
}

/** Everything suspicious about a log, the gravest first. */
export function suspicions(log: Log): Suspicion[] {
  return [
    ...(log.schema.warnings ?? []).map((sentence): Suspicion => ({
      kind: 'warning',
      sentence,
      count: log.rows,
      rows: [],
    })),
    ...notFinite(log),
    ...tinyPropensities(log),
    ...heavyWeights(log),
    ...duplicatePositions(log),
    ...backwards(log),
    ...notBinary(log),
  ];
}

/** Collects rows, keeping the first ten; nothing when there are none. */
function collect(kind: Suspicion['kind'], rows: Iterable<number>, sentence: (count: number) => string): Suspicion[] {
  const first: number[] = [];
  let count = 0;
  for (const row of rows) {
    if (count < SHOWN) first.push(row);
    count++;
  }
  return count === 0 ? [] : [{ kind, sentence: sentence(count), count, rows: first }];
}

function* rowsWhere<T>(column: Iterable<T>, test: (value: T) => boolean): Generator<number> {
  let row = 0;
  for (const value of column) {
    if (test(value)) yield row;
    row++;
  }
}

function notFinite({ schema, outcomes, numeric }: Log): Suspicion[] {
  const columns = schema.outcomes.map((name, i) => ({ name: `Outcome ${name}`, column: outcomes[i] }));
  const width = schema.numericNames.length;
  for (const [i, name] of schema.numericNames.entries()) {
    const column = Float32Array.from({ length: numeric.length / width }, (_, row) => numeric[row * width + i]);
    if (!column.every(Number.isFinite)) columns.push({ name: `Feature ${name}`, column });
  }
  return columns.flatMap(({ name, column }) =>
    collect(
      'notFinite',
      rowsWhere(column, (value) => !Number.isFinite(value)),
      (n) => `${name} is not a finite number in ${n} row(s): whatever sums over it ends in NaN.`,
    ),
  );
}

function tinyPropensities({ propensity }: Log): Suspicion[] {
  return collect(
    'tinyPropensity',
    rowsWhere(propensity, (p) => p < TINY_PROPENSITY),
    (n) => `Propensity below ${TINY_PROPENSITY} in ${n} row(s): each counts more than 1000-fold in an estimate.`,
  );
}

function heavyWeights({ propensity, rows }: Log): Suspicion[] {
  let sum = 0;
  for (const p of propensity) sum += p > 0 ? 1 / p : 0;
  const limit = sum * Math.max(HEAVY_SHARE, HEAVY_TIMES_AVERAGE / rows);
  return collect(
    'heavyWeight',
    rowsWhere(propensity, (p) => p > 0 && 1 / p > limit),
    (n) =>
      `${n} row(s) each hold more than ${100 * HEAVY_SHARE} % of the sum of 1/propensity: an estimate leans on them.`,
  );
}

function duplicatePositions({ request, position, rows }: Log): Suspicion[] {
  const logged = Int32Array.from({ length: rows }, (_, row) => row).filter(
    (row) => request[row] >= 0 && position[row] >= 0,
  );
  logged.sort((a, b) => request[a] - request[b] || position[a] - position[b] || a - b);
  const repeats = logged.filter(
    (row, i) => i > 0 && request[logged[i - 1]] === request[row] && position[logged[i - 1]] === position[row],
  );
  return collect(
    'duplicatePosition',
    repeats.sort(),
    (n) => `${n} row(s) repeat a position of the same request: doubled rows, or request ids that are used again.`,
  );
}

function backwards({ timeMs }: Log): Suspicion[] {
  let latest = -Infinity;
  const isBack = (time: number): boolean => {
    const back = latest - time > BACKWARDS_MS;
    if (time > latest) latest = time;
    return back;
  };
  return collect(
    'timeBackwards',
    rowsWhere(timeMs, isBack),
    (n) =>
      `${n} row(s) are more than an hour older than a row before them: the log is not in the order of time, so do not ` +
      'split it by row order.',
  );
}

function notBinary({ schema, outcomes, rows }: Log): Suspicion[] {
  return schema.outcomes.flatMap((name, i) => {
    const odd = (value: number): boolean => value !== 0 && value !== 1;
    const column = outcomes[i];
    const strange = column.reduce((n, value) => n + (odd(value) ? 1 : 0), 0);
    if (strange > (1 - NEARLY_BINARY) * rows) return [];
    return collect(
      'notBinary',
      rowsWhere(column, odd),
      (n) => `Outcome ${name} is neither 0 nor 1 in ${n} row(s), and 0 or 1 in all others.`,
    );
  });
}
