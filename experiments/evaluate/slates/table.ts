import { GymError } from '../../../core/check.js';
import type { BadRow, BadRows } from '../bad-rounds.js';
import {
  isProbability,
  isPropensity,
  readNamedColumns,
  type NamedColumns,
  type NumberColumns,
} from '../named-columns.js';
import type { LoggedSlates, Propensities } from './slates.js';

/** Which columns of a table say what; one row is one filled slot. */
export interface SlateColumns {
  readonly slate: string;
  /** Whole numbers; the smallest is the slot at the top. */
  readonly position: string;
  readonly reward: string;
  /** Probability of the slot's item under the policy that served and the one that is judged, and so on. */
  readonly slot?: PairOfColumns;
  readonly cascade?: PairOfColumns;
  readonly whole?: PairOfColumns;
  readonly guess?: string;
  readonly direct?: string;
  /** One column per slot each. */
  readonly placement?: { readonly serving: readonly string[]; readonly target: readonly string[] };
  readonly examination?: readonly number[];
}

export interface PairOfColumns {
  readonly serving: string;
  readonly target: string;
}

export interface SlateTable {
  readonly slates: LoggedSlates;
  readonly bad: BadRows;
}

/** Flags of the propensities, in the order serving, target. */
const FLAGS = {
  slot: ['--propensity', '--policy'],
  cascade: ['--cascade-propensity', '--cascade-policy'],
  whole: ['--slate-propensity', '--slate-policy'],
  placement: ['--placement-propensity', '--placement-policy'],
} as const;
const PAIRS = ['slot', 'cascade', 'whole', 'placement'] as const;

/** Reads a table (CSV, TSV or NDJSON) of slates, its rows in any order. */
export async function readSlateTable(path: string, columns: SlateColumns): Promise<SlateTable> {
  const read = await readNamedColumns(path, numbersOf(columns), [{ flag: '--slate', column: columns.slate }]);
  const { codes, values } = read.texts('--slate') ?? { codes: new Int32Array(0), values: [] };
  const places = read.numbers('--position') ?? new Float64Array(0);
  let least = Infinity;
  let most = -Infinity;
  for (const place of places) {
    if (place < least) least = place;
    if (place > most) most = place;
  }
  const slots = read.bad.count > 0 ? 1 : (columns.placement?.serving.length ?? most - least + 1);
  const position = Int32Array.from(places, (place) => place - least);
  const bad = read.bad.count > 0 ? read.bad : crowded(codes, position, slots, values);
  const { guess, direct, examination } = columns;
  const pairs = Object.fromEntries(
    PAIRS.flatMap((kind): [string, Propensities][] => {
      const pair = pairOf(read, kind);
      return pair === undefined ? [] : [[kind, pair]];
    }),
  );
  const model = { guess: read.numbers('--guess'), direct: read.numbers('--direct') };
  return {
    slates: {
      count: values.length,
      slots,
      slate: codes,
      position,
      reward: read.numbers('--reward') ?? new Float64Array(0),
      ...pairs,
      ...(guess === undefined || direct === undefined || model.guess === undefined || model.direct === undefined
        ? {}
        : { model: { guess: model.guess, direct: model.direct } }),
      ...(examination === undefined ? {} : { examination: examinationOf(examination, slots) }),
    },
    bad,
  };
}

function numbersOf(columns: SlateColumns): NumberColumns[] {
  const list = (names: string | readonly string[]): readonly string[] => (typeof names === 'string' ? [names] : names);
  return [
    { flag: '--reward', columns: [columns.reward] },
    { flag: '--position', columns: [columns.position], wrong: isPosition },
    ...PAIRS.flatMap((kind): NumberColumns[] => {
      const pair = columns[kind];
      if (pair === undefined) return [];
      const [serving, target] = FLAGS[kind];
      // Where an item may be shown anywhere, it may be impossible in some slots.
      const wrong = kind === 'placement' ? isProbability : isPropensity;
      return [
        { flag: serving, columns: list(pair.serving), wrong },
        { flag: target, columns: list(pair.target), wrong: isProbability },
      ];
    }),
    ...(columns.guess === undefined ? [] : [{ flag: '--guess', columns: [columns.guess] }]),
    ...(columns.direct === undefined ? [] : [{ flag: '--direct', columns: [columns.direct] }]),
  ];
}

const isPosition = (value: number): string | undefined =>
  Number.isInteger(value) && value >= 0 && value < 10_000
    ? undefined
    : `position ${value} is not a whole number from 0`;

function pairOf(read: NamedColumns, kind: (typeof PAIRS)[number]): Propensities | undefined {
  const [serving, target] = FLAGS[kind].map((flag) => read.numbers(flag));
  return serving === undefined || target === undefined ? undefined : { serving, target };
}

/** Rows that want a slot that another row of their slate has, or one that is not there. */
function crowded(slate: Int32Array, position: Int32Array, slots: number, names: readonly string[]): BadRows {
  const taken = new Uint8Array(names.length * slots);
  const first: BadRow[] = [];
  let count = 0;
  for (let row = 0; row < slate.length; row++) {
    const at = slate[row] * slots + position[row];
    const beyond = position[row] >= slots;
    if (!beyond && taken[at] === 0) {
      taken[at] = 1;
      continue;
    }
    count++;
    const name = `slate '${names[slate[row]]}'`;
    if (first.length < 20)
      first.push({
        row,
        reason: beyond
          ? `slot ${position[row] + 1} of ${name} is beyond the ${slots} slots`
          : `another row of ${name} has its position`,
      });
  }
  return { count, first };
}

function examinationOf(examination: readonly number[], slots: number): Float64Array {
  if (examination.length === slots && examination.every((share) => share >= 0 && share < Infinity))
    return Float64Array.from(examination);
  throw new GymError(
    'usage',
    `--examination: expected one number of at least 0 per slot (${slots}), received ${examination.join(',')}.`,
  );
}
