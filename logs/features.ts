import { z } from 'zod';
import { GymError, complaint, messageOf, suggestion } from '../core/check.js';
import { bindTo, combine, type Binding } from './feature-binding.js';
import type { Log, Rows } from './record.js';

/** Which features of (context, action) a model sees, and how many numbers its words may hash to. */
export interface FeatureSettings {
  /** Size of the hash space of words (a word is "feature=value"); a power of two. Collisions share a weight. */
  readonly buckets: number;
  /** What is crossed with the action: names of categorical context features, "position", or "all". */
  readonly crosses: readonly string[];
  /** Features left out: names of features, "action" (its id) or "position". */
  readonly ignore: readonly string[];
}

export const FEATURE_DEFAULTS: FeatureSettings = { buckets: 2 ** 14, crosses: ['all'], ignore: [] };

/** Model inputs, row after row. */
export interface FeatureRows {
  readonly rows: number;
  /** [rows, bag] ids of words in [0, buckets of the encoder); 0 says nothing: the word was unknown when fitting. */
  readonly ids: Int32Array;
  readonly bag: number;
  /** [rows, M] numbers in standard deviations from the fitting rows' mean, cut at ±10; 0 where missing. */
  readonly numeric: Float32Array;
  readonly M: number;
}

/** Turns (context, action) pairs of a log into model inputs, always the same way. Made by `fitEncoder`. */
export interface FeatureEncoder {
  /** Ids lie in [0, buckets): the size of an embedding table. At most `settings.buckets` + 1. */
  readonly buckets: number;
  /** What each place of the bag, and each number, is: "action", "segment", "action × position", "price". */
  readonly bagNames: readonly string[];
  readonly numericNames: readonly string[];
  /**
   * Encodes row `rows[n]` of a log with action `actions[n]` in place of the logged one. The log may be another than the
   * encoder was fitted on: values are matched by their text, never by their code.
   *
   * @param out reused when its arrays are large enough
   * @throws a data error when the log lacks a feature
   */
  encode(log: Log, rows: Int32Array, actions: Int32Array, out?: FeatureRows): FeatureRows;
  /** All of it, as plain JSON for `restoreEncoder`. */
  toJSON(): EncoderPlan;
}

const planSchema = z.strictObject({
  format: z.literal('recsys-gym/features'),
  version: z.literal(1),
  buckets: z.int().min(2),
  words: z.array(z.strictObject({ from: z.enum(['action', 'context', 'position']), name: z.string() })),
  /** Places in `words` that are crossed with the action's id. */
  crosses: z.array(z.int().min(0)),
  numeric: z.array(
    z.strictObject({
      from: z.enum(['context', 'action', 'per-action']),
      name: z.string(),
      mean: z.number(),
      deviation: z.number().gt(0),
      /** Whether a missing value has a word of its own. */
      missing: z.boolean(),
    }),
  ),
  /** Buckets that a context of the fitting rows reaches with some action, ascending. Id = place + 1. */
  seen: z.array(z.int().min(0)),
});

/** An encoder as data. */
export type EncoderPlan = z.infer<typeof planSchema>;

/** Above this many (value, action) pairs a cross fills every bucket anyway. */
const MANY_PAIRS = 20_000_000;

/**
 * Looks at the fitting rows, and at no other: which words their contexts make with any action, and the mean and standard
 * deviation of each number. Numbers that never change are left out; a number that is missing somewhere gets a word for
 * "missing" (its value is then the mean, 0).
 */
export function fitEncoder(log: Log, rows: Rows, settings: Partial<FeatureSettings> = {}): FeatureEncoder {
  const { buckets, crosses, ignore } = { ...FEATURE_DEFAULTS, ...settings };
  const where = `features of log '${log.name}'`;
  if (!Number.isInteger(Math.log2(buckets)) || buckets < 2 || buckets > 2 ** 24) {
    throw complaint('config', {
      where: `${where}: buckets`,
      expected: 'a power of two from 2 to 2^24',
      received: String(buckets),
    });
  }
  if (rows.index.length === 0) {
    throw complaint('data', { where, expected: 'rows to fit on', received: `none in '${rows.name}'` });
  }
  const words = wordsOf(log, rows).filter(({ from, name }) => !ignore.includes(wordName(from, name)));
  const crossable = words.filter(({ from }) => from !== 'action').map(({ from, name }) => wordName(from, name));
  const everything = namesOf(log);
  for (const name of ignore) {
    if (!everything.includes(name)) {
      throw new GymError('config', `${where}: ignore: no feature '${name}'. ${suggestion(name, everything)}`);
    }
  }
  for (const name of crosses) {
    if (name !== 'all' && !crossable.includes(name)) {
      throw new GymError(
        'config',
        `${where}: crosses: cannot cross the action with '${name}'. ${suggestion(name, ['all', ...crossable])}`,
      );
    }
  }
  const crossed = words.flatMap(({ from, name }, i) =>
    from !== 'action' && (crosses.includes('all') || crosses.includes(wordName(from, name))) ? [i] : [],
  );
  const numeric = momentsOf(log, rows).filter(({ name }) => !ignore.includes(name));
  const plan: EncoderPlan = {
    format: 'recsys-gym/features',
    version: 1,
    buckets,
    words,
    crosses: crossed,
    numeric,
    seen: [],
  };
  return encoderOf({ ...plan, seen: seenBuckets(bindTo(plan, log), rows) });
}

/** Makes the encoder again from its JSON; anything else is refused. */
export function restoreEncoder(json: unknown, where = 'feature encoder'): FeatureEncoder {
  const parsed = planSchema.safeParse(json);
  if (!parsed.success) {
    throw complaint('data', {
      where,
      expected: 'a feature encoder of version 1',
      received: `something else (${messageOf(parsed.error).replaceAll(/\s+/g, ' ').slice(0, 200)})`,
    });
  }
  return encoderOf(parsed.data);
}

function wordName(from: string, name: string): string {
  return from === 'position' ? 'position' : from === 'action' && name === '' ? 'action' : name;
}

function namesOf({ schema, actions }: Log): string[] {
  return [
    'action',
    ...actions.categoricalNames,
    ...schema.categoricalNames,
    'position',
    ...schema.numericNames,
    ...actions.numericNames,
    ...schema.perAction.map(({ name }) => name),
  ];
}

function wordsOf(log: Log, rows: Rows): EncoderPlan['words'] {
  const words: EncoderPlan['words'] = [
    { from: 'action', name: '' },
    ...log.actions.categoricalNames.map((name) => ({ from: 'action' as const, name })),
    ...log.schema.categoricalNames.map((name) => ({ from: 'context' as const, name })),
  ];
  if (rows.index.some((row) => log.position[row] >= 0)) words.push({ from: 'position', name: '' });
  return words;
}

/** Mean and standard deviation of every number over the fitting rows with their logged actions; constants left out. */
function momentsOf(log: Log, rows: Rows): EncoderPlan['numeric'] {
  const perAction = new Set(log.schema.perAction.flatMap(({ columns }) => columns));
  const candidates = [
    ...log.schema.numericNames.flatMap((name, i) => (perAction.has(i) ? [] : [{ from: 'context' as const, name }])),
    ...log.actions.numericNames.map((name) => ({ from: 'action' as const, name })),
    ...log.schema.perAction.map(({ name }) => ({ from: 'per-action' as const, name })),
  ].map((part) => ({ ...part, mean: 0, deviation: 1, missing: false }));
  const empty = { buckets: 2, words: [], crosses: [], seen: [], format: 'recsys-gym/features', version: 1 } as const;
  const { read } = bindTo({ ...empty, words: [], crosses: [], seen: [], numeric: candidates }, log);
  return candidates.flatMap((part, m) => {
    let count = 0;
    let mean = 0;
    let squares = 0;
    for (const row of rows.index) {
      const value = read[m](row, log.action[row]);
      if (Number.isNaN(value)) continue;
      count++;
      const away = value - mean;
      mean += away / count;
      squares += away * (value - mean);
    }
    const deviation = Math.sqrt(squares / Math.max(1, count));
    const constant = !(deviation > 1e-9 * (1 + Math.abs(mean)));
    const missing = count > 0 && count < rows.index.length;
    if (!Number.isFinite(mean + deviation)) {
      throw complaint('numeric', {
        where: `features of log '${log.name}': ${part.name}`,
        expected: 'finite numbers (NaN where missing)',
        received: 'infinite or huge ones',
      });
    }
    if (constant && !missing) return [];
    return [{ ...part, mean, deviation: constant ? 1 : deviation, missing }];
  });
}

/** Buckets that the contexts of these rows reach with any action. */
function seenBuckets(binding: Binding, rows: Rows): number[] {
  const { mask, words, crosses, missingHashes, log } = binding;
  const seen = new Uint8Array(mask + 1);
  const present = words.map(({ from, hashes, code }) => {
    const codes = new Uint8Array(hashes.length);
    if (from === 'action') codes.fill(1);
    else for (const row of rows.index) codes[code(row)] = 1;
    return hashes.filter((_, i) => codes[i] === 1);
  });
  for (const hashes of present) for (const hash of hashes) seen[hash & mask] = 1;
  for (const place of crosses) {
    if (present[place].length * log.actions.values.length > MANY_PAIRS) {
      seen.fill(1);
      break;
    }
    for (const context of present[place]) {
      for (const action of binding.actionHashes) seen[combine(action, context) & mask] = 1;
    }
  }
  for (const hash of missingHashes) seen[hash & mask] = 1;
  return Array.from(seen.keys()).filter((bucket) => seen[bucket] === 1);
}

function encoderOf(plan: EncoderPlan): FeatureEncoder {
  const idOf = new Int32Array(plan.buckets);
  plan.seen.forEach((bucket, i) => {
    idOf[bucket] = i + 1;
  });
  const wordNames = plan.words.map(({ from, name }) => wordName(from, name));
  const bagNames = [
    ...wordNames,
    ...plan.crosses.map((place) => `action × ${wordNames[place]}`),
    ...plan.numeric.flatMap(({ name, missing }) => (missing ? [`${name} is missing`] : [])),
  ];
  const bound = new WeakMap<Log, Binding>();
  const binding = (log: Log): Binding => {
    const known = bound.get(log) ?? bindTo(plan, log, idOf);
    bound.set(log, known);
    return known;
  };
  const bag = bagNames.length;
  const M = plan.numeric.length;
  return {
    buckets: plan.seen.length + 1,
    bagNames,
    numericNames: plan.numeric.map(({ name }) => name),
    encode(log, rows, actions, out) {
      const n = rows.length;
      checkPairs(log, rows, actions);
      const ids = out !== undefined && out.ids.length >= n * bag ? out.ids : new Int32Array(n * bag);
      const numeric = out !== undefined && out.numeric.length >= n * M ? out.numeric : new Float32Array(n * M);
      const features = { rows: n, ids: ids.subarray(0, n * bag), bag, numeric: numeric.subarray(0, n * M), M };
      binding(log).fill(rows, actions, features);
      return features;
    },
    toJSON: () => plan,
  };
}

function checkPairs(log: Log, rows: Int32Array, actions: Int32Array): void {
  const where = `features of log '${log.name}'`;
  if (rows.length !== actions.length) {
    throw complaint('shape', {
      where,
      expected: `one action for each of ${rows.length} rows`,
      received: String(actions.length),
    });
  }
  const A = log.actions.values.length;
  for (let n = 0; n < rows.length; n++) {
    if (!(rows[n] >= 0 && rows[n] < log.rows && actions[n] >= 0 && actions[n] < A)) {
      throw complaint('shape', {
        where,
        expected: `rows from 0 to ${log.rows - 1} and actions from 0 to ${A - 1}`,
        received: `row ${rows[n]} with action ${actions[n]}`,
      });
    }
  }
}
