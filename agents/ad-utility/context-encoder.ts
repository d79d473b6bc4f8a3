import { z } from 'zod';
import { complaint, messageOf } from '../../core/check.js';
import type { Log } from '../../logs/record.js';
import type { ContextRows } from '../contract.js';

/**
 * The context of a decision as numbers for a network: numeric features in standard deviations from their mean, one place
 * per value of a categorical feature (one-hot), and one per position where the log has several. Nothing of the action is
 * read; features with one value per action (`perAction`) are left out.
 */

/** What the encoder reads of a log's rows; a log and a piece of a stored log are both such columns. */
export type ContextColumns = Pick<Log, 'rows' | 'numeric' | 'categorical' | 'position'>;
/** What it reads of a log as a whole. */
export type ContextHead = Pick<Log, 'schema' | 'categoricalValues'>;

/** A value, a missing one or a position gets a place of its own when at least this share of the rows has it. */
const LEAST_SHARE = 1e-3;
/** Values of one feature with a place of their own, the most frequent ones. */
const MOST_VALUES = 256;
/** Standardised numbers are cut off here, so that one broken row does not decide a batch. */
const MOST_DEVIATIONS = 8;

const count = z.int().min(0);
const planSchema = z.object({
  format: z.literal('recsys-gym/context-encoder'),
  version: z.literal(1),
  /** M and C of the log it was fitted on. */
  numbers: count,
  texts: count,
  numeric: z.array(
    z.object({
      name: z.string(),
      column: count,
      mean: z.number(),
      deviation: z.number().positive(),
      missing: z.boolean(),
    }),
  ),
  categorical: z.array(
    z.object({
      name: z.string(),
      column: count,
      values: z.array(z.string()),
      codes: z.array(count),
      /** Whether values without a place, and missing ones, share a place. */
      others: z.boolean(),
    }),
  ),
  /** Positions with a place; empty where the log has one or none. */
  positions: z.array(z.int()),
});
type Plan = z.infer<typeof planSchema>;

/** Writes encoded rows, [n, width]; `pick` chooses rows of the columns, all of them without it. */
export type Encode = (columns: ContextColumns, out: Float32Array, pick?: Int32Array) => void;

export class ContextEncoder {
  /** Numbers per row. */
  readonly width: number;
  /** [width] what each number says: "age", "age is missing", "device=phone", "device=other", "position=2". */
  readonly names: readonly string[];
  readonly #plan: Plan;
  /** Encodes columns with the layout and the codes of the log it was fitted on: the same bits as `bind` gives there. */
  readonly own: Encode;
  #bound = new WeakMap<ContextHead, Encode>();

  constructor(plan: Plan) {
    this.#plan = plan;
    const names = [
      ...plan.numeric.flatMap(({ name, missing }) => (missing ? [name, `${name} is missing`] : [name])),
      ...plan.categorical.flatMap(({ name, values, others }) =>
        [...values, ...(others ? ['other'] : [])].map((value) => `${name}=${value}`),
      ),
      ...plan.positions.map((position) => `position=${position}`),
    ];
    // A network wants a number: a log without features says 0.
    this.names = names.length === 0 ? ['nothing'] : names;
    this.width = this.names.length;
    this.own = encoding(plan, {
      numbers: plan.numbers,
      texts: plan.texts,
      numeric: plan.numeric.map(({ column }) => column),
      categorical: plan.categorical.map(({ column, codes }) => ({ column, codes })),
    });
  }

  /** The same features found by name, and values by their text, in another log (or in the one it was fitted on). */
  bind(head: ContextHead): Encode {
    const known = this.#bound.get(head) ?? encoding(this.#plan, layoutOf(this.#plan, head));
    this.#bound.set(head, known);
    return known;
  }

  /**
   * Columns laid out as those of the log it was fitted on, for `own`.
   *
   * @throws a usage error where positions are needed and not given
   */
  columnsOf({ count: rows, numeric, categorical, position }: ContextRows): ContextColumns {
    if (position === undefined && this.#plan.positions.length > 0) {
      throw complaint('usage', {
        where: 'context policy',
        expected: 'the position of every decision, as the log it was learned from has several',
        received: 'none',
      });
    }
    return { rows, numeric, categorical, position: position ?? NOWHERE };
  }

  toJSON(): unknown {
    return this.#plan;
  }
}

/** Stands for positions that nobody reads. */
const NOWHERE = new Int32Array(0);

/** Makes the encoder again from its JSON; anything else is refused. */
export function restoreContextEncoder(json: unknown, where = 'context encoder'): ContextEncoder {
  const parsed = planSchema.safeParse(json);
  if (parsed.success) return new ContextEncoder(parsed.data);
  throw complaint('data', {
    where,
    expected: 'a context encoder of version 1',
    received: `something else (${messageOf(parsed.error).replaceAll(/\s+/g, ' ').slice(0, 200)})`,
  });
}

/** Where the plan's features lie in some log. */
interface Layout {
  readonly numbers: number;
  readonly texts: number;
  /** Column of each of the plan's numeric features. */
  readonly numeric: readonly number[];
  /** Column of each categorical one, and the log's codes of the values with a place (−1: the log has no such value). */
  readonly categorical: readonly { readonly column: number; readonly codes: readonly number[] }[];
}

function layoutOf(plan: Plan, { schema, categoricalValues }: ContextHead): Layout {
  const columnOf = (names: readonly string[], name: string): number => {
    const column = names.indexOf(name);
    if (column >= 0) return column;
    throw complaint('data', {
      where: 'context encoder',
      expected: `the context feature '${name}', on which it was fitted`,
      received: names.length === 0 ? 'a log without any' : `a log with ${names.join(', ')}`,
    });
  };
  return {
    numbers: schema.numericNames.length,
    texts: schema.categoricalNames.length,
    numeric: plan.numeric.map(({ name }) => columnOf(schema.numericNames, name)),
    categorical: plan.categorical.map(({ name, values }) => {
      const column = columnOf(schema.categoricalNames, name);
      const places = new Map(categoricalValues[column].values.map((value, code) => [value, code]));
      return { column, codes: values.map((value) => places.get(value) ?? -1) };
    }),
  };
}

function encoding(plan: Plan, layout: Layout): Encode {
  const { numbers, texts } = layout;
  const numeric = plan.numeric.map((part, i) => ({ ...part, from: layout.numeric[i] }));
  let at = numeric.reduce((sum, { missing }) => sum + (missing ? 2 : 1), 0);
  const words = plan.categorical.map(({ values, others }, i) => {
    const { column, codes } = layout.categorical[i];
    const places = new Int32Array(1 + codes.reduce((most, code) => Math.max(most, code), -1)).fill(-1);
    codes.forEach((code, k) => {
      if (code >= 0) places[code] = at + k;
    });
    at += values.length;
    const other = others ? at++ : -1;
    for (let code = 0; code < places.length; code++) if (places[code] < 0) places[code] = other;
    return { column, places, other };
  });
  const firstPosition = at;
  const width = Math.max(1, at + plan.positions.length);
  const positionPlaces = new Int32Array(1 + Math.max(-1, ...plan.positions)).fill(-1);
  plan.positions.forEach((position, k) => {
    if (position >= 0) positionPlaces[position] = firstPosition + k;
  });
  const nowhere = plan.positions.includes(-1) ? firstPosition + plan.positions.indexOf(-1) : -1;

  return (columns, out, pick) => {
    const rows = pick === undefined ? columns.rows : pick.length;
    checkColumns(columns, layout, out.length === rows * width);
    out.fill(0);
    for (let n = 0, to = 0; n < rows; n++, to += width) {
      const row = pick === undefined ? n : pick[n];
      let place = to;
      for (const { from, mean, deviation, missing } of numeric) {
        const value = columns.numeric[row * numbers + from];
        if (Number.isNaN(value)) {
          if (missing) out[place + 1] = 1;
        } else {
          out[place] = Math.max(-MOST_DEVIATIONS, Math.min(MOST_DEVIATIONS, (value - mean) / deviation));
        }
        place += missing ? 2 : 1;
      }
      for (const { column, places, other } of words) {
        const code = columns.categorical[row * texts + column];
        const chosen = code >= 0 && code < places.length ? places[code] : other;
        if (chosen >= 0) out[to + chosen] = 1;
      }
      if (plan.positions.length > 0) {
        const position = columns.position[row];
        const chosen = position >= 0 && position < positionPlaces.length ? positionPlaces[position] : nowhere;
        if (chosen >= 0) out[to + chosen] = 1;
      }
    }
  };
}

function checkColumns({ rows, numeric, categorical }: ContextColumns, { numbers, texts }: Layout, fits: boolean): void {
  if (fits && numeric.length === rows * numbers && categorical.length === rows * texts) return;
  throw complaint('shape', {
    where: `context of ${rows} decisions`,
    expected: `${numbers} numeric and ${texts} categorical features each, and room for them encoded`,
    received: `${numeric.length} and ${categorical.length} in all${fits ? '' : ', and too little or too much room'}`,
  });
}

/** Looks at fitting rows, piece by piece: moments of numbers, counts of values. The order of the rows decides the last bits. */
export class ContextStatistics {
  readonly #head: ContextHead;
  readonly #used: readonly number[];
  readonly #seen: Float64Array;
  readonly #mean: Float64Array;
  readonly #squares: Float64Array;
  readonly #counts: readonly Float64Array[];
  readonly #missing: Float64Array;
  readonly #positions = new Map<number, number>();
  #rows = 0;

  constructor(head: ContextHead) {
    this.#head = head;
    const { numericNames, perAction } = head.schema;
    const pairs = new Set(perAction.flatMap(({ columns }) => columns));
    this.#used = [...numericNames.keys()].filter((column) => !pairs.has(column));
    [this.#seen, this.#mean, this.#squares] = [0, 1, 2].map(() => new Float64Array(this.#used.length));
    this.#counts = head.categoricalValues.map(({ values }) => new Float64Array(values.length));
    this.#missing = new Float64Array(this.#counts.length);
  }

  /** @throws a numeric error for an infinite feature */
  add(columns: ContextColumns, pick?: Int32Array): void {
    const { numericNames, categoricalNames } = this.#head.schema;
    const [numbers, texts] = [numericNames.length, categoricalNames.length];
    const rows = pick === undefined ? columns.rows : pick.length;
    for (let n = 0; n < rows; n++) {
      const row = pick === undefined ? n : pick[n];
      for (let m = 0; m < this.#used.length; m++) this.#number(m, columns.numeric[row * numbers + this.#used[m]]);
      for (let c = 0; c < texts; c++) {
        const code = columns.categorical[row * texts + c];
        if (code < 0) this.#missing[c]++;
        else this.#counts[c][code]++;
      }
      const position = columns.position[row];
      this.#positions.set(position, (this.#positions.get(position) ?? 0) + 1);
    }
    this.#rows += rows;
  }

  #number(m: number, value: number): void {
    if (Number.isNaN(value)) return;
    if (!Number.isFinite(value)) {
      throw complaint('numeric', {
        where: `context feature '${this.#head.schema.numericNames[this.#used[m]]}'`,
        expected: 'finite numbers (NaN where missing)',
        received: String(value),
      });
    }
    this.#seen[m]++;
    const away = value - this.#mean[m];
    this.#mean[m] += away / this.#seen[m];
    this.#squares[m] += away * (value - this.#mean[m]);
  }

  /** @throws a data error without rows */
  encoder(): ContextEncoder {
    const { schema, categoricalValues } = this.#head;
    const rows = this.#rows;
    if (rows === 0) throw complaint('data', { where: 'context encoder', expected: 'rows to fit on', received: 'none' });
    const least = Math.max(1, LEAST_SHARE * rows);
    return new ContextEncoder({
      format: 'recsys-gym/context-encoder',
      version: 1,
      numbers: schema.numericNames.length,
      texts: schema.categoricalNames.length,
      numeric: this.#used.flatMap((column, m) => {
        const [mean, deviation] = [this.#mean[m], Math.sqrt(this.#squares[m] / Math.max(1, this.#seen[m]))];
        const missing = rows - this.#seen[m] >= least && this.#seen[m] > 0;
        const constant = !(deviation > 1e-9 * (1 + Math.abs(mean)));
        if (constant && !missing) return [];
        return [{ name: schema.numericNames[column], column, mean, deviation: constant ? 1 : deviation, missing }];
      }),
      categorical: schema.categoricalNames.map((name, column) => {
        const counts = this.#counts[column];
        const codes = [...counts.keys()]
          .filter((code) => counts[code] >= least && counts[code] < rows)
          .sort((a, b) => counts[b] - counts[a] || a - b)
          .slice(0, MOST_VALUES)
          .sort((a, b) => a - b);
        const placed = codes.reduce((sum, code) => sum + counts[code], 0);
        const others = codes.length > 0 && rows - placed >= least;
        const values = codes.map((code) => categoricalValues[column].values[code]);
        return { name, column, values, codes, others };
      }),
      positions: this.#positions.size < 2 ? [] : [...this.#positions.keys()].sort((a, b) => a - b),
    });
  }
}
