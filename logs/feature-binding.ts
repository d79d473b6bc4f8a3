import { GymError, nearest } from '../core/check.js';
import { hash32 } from '../core/random.js';
import type { EncoderPlan, FeatureRows } from './features.js';
import type { Dictionary, Log } from './record.js';

/** Numbers further than this many standard deviations from the mean are cut, so that one wild value cannot rule. */
const MAX_DEVIATIONS = 10;

/** One kind of word, looked up in one log: everything text-like is hashed once per dictionary value, not per row. */
interface BoundWord {
  readonly from: 'action' | 'context' | 'position';
  /** Hash per code + 1 (contexts, positions; place 0 is "missing") or per action. */
  readonly hashes: Uint32Array;
  /** Id of the embedding table for each entry of `hashes`. */
  readonly ids: Int32Array;
  /** The entry for a row; not used for words of actions. */
  readonly code: (row: number) => number;
}

/** A plan of features bound to one log. */
export interface Binding {
  readonly log: Log;
  readonly mask: number;
  readonly words: readonly BoundWord[];
  readonly crosses: readonly number[];
  readonly actionHashes: Uint32Array;
  /** Hash of "feature is missing", for the numbers that have one, in their order. */
  readonly missingHashes: readonly number[];
  /** Raw value of each number. */
  readonly read: readonly ((row: number, action: number) => number)[];
  readonly fill: (rows: Int32Array, actions: Int32Array, out: FeatureRows) => void;
}

/** The hash of a word. Features of contexts and of actions with one name stay apart. */
function wordHash(from: string, name: string, value: string): number {
  return hash32(`${from}.${name}=${value}`);
}

/** Hash of a pair of words (the second mixer round of hash32 on their sum). */
export function combine(action: number, context: number): number {
  let h = (Math.imul(action, 0x9e3779b1) + context) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  return (h ^ (h >>> 15)) >>> 0;
}

/**
 * Finds the plan's features in a log.
 *
 * @param idOf [buckets] bucket → id; without it only hashes are right
 */
export function bindTo(plan: EncoderPlan, log: Log, idOf = new Int32Array(plan.buckets)): Binding {
  const mask = plan.buckets - 1;
  const words = plan.words.map(({ from, name }): BoundWord => {
    const { hashes, code } = from === 'action' ? ofAction(log, name) : ofContext(log, from, name);
    return { from, hashes, code, ids: Int32Array.from(hashes, (hash) => idOf[hash & mask]) };
  });
  const actionHashes = Uint32Array.from(log.actions.values, (value) => wordHash('action', '', value));
  const withWord = plan.numeric.flatMap(({ missing }, m) => (missing ? [m] : []));
  const binding = {
    log,
    mask,
    words,
    crosses: plan.crosses,
    actionHashes,
    missingHashes: withWord.map((m) => wordHash('missing', plan.numeric[m].from, plan.numeric[m].name)),
    read: plan.numeric.map(({ from, name }) => reader(log, from, name)),
  };
  return {
    ...binding,
    fill(rows, actions, out) {
      words.forEach((word, place) => fillWord(word, rows, actions, out, place));
      plan.crosses.forEach((crossed, i) => {
        fillCross({ ...binding, crossed, idOf }, rows, actions, out, words.length + i);
      });
      plan.numeric.forEach((part, m) => {
        fillNumber(binding.read[m], part, rows, actions, { out, m });
      });
      withWord.forEach((m, i) => {
        const id = idOf[binding.missingHashes[i] & mask];
        const place = words.length + plan.crosses.length + i;
        for (let n = 0; n < rows.length; n++) {
          out.ids[n * out.bag + place] = Number.isNaN(binding.read[m](rows[n], actions[n])) ? id : 0;
        }
      });
    },
  };
}

function ofAction(log: Log, name: string): { hashes: Uint32Array; code: () => number } {
  const { values, categoricalNames, categorical, categoricalValues } = log.actions;
  const code = (): number => 0;
  if (name === '') return { hashes: Uint32Array.from(values, (value) => wordHash('action', '', value)), code };
  const column = place(log, 'categorical action feature', name, categoricalNames);
  const words = hashesOf('action', name, categoricalValues[column]);
  const hashes = Uint32Array.from(values, (_, a) => words[categorical[a * categoricalNames.length + column] + 1]);
  return { hashes, code };
}

function ofContext(log: Log, from: 'context' | 'position', name: string): Pick<BoundWord, 'hashes' | 'code'> {
  if (from === 'position') {
    const { position } = log;
    const last = position.reduce((highest, value) => Math.max(highest, value), -1);
    if (last < 0 && log.rows > 0) refuse(log, 'positions', 'position', []);
    const hashes = Uint32Array.from({ length: last + 2 }, (_, i) => wordHash('position', '', String(i - 1)));
    return { hashes, code: (row) => Math.max(0, position[row] + 1) };
  }
  const names = log.schema.categoricalNames;
  const column = place(log, 'categorical context feature', name, names);
  const { categorical } = log;
  const wide = names.length;
  return {
    hashes: hashesOf('context', name, log.categoricalValues[column]),
    code: (row) => categorical[row * wide + column] + 1,
  };
}

/** Hash of each value of a dictionary, after the one for "missing". */
function hashesOf(from: string, name: string, { values }: Dictionary): Uint32Array {
  return Uint32Array.from(['\u0000missing', ...values], (value) => wordHash(from, name, value));
}

function reader(log: Log, from: string, name: string): (row: number, action: number) => number {
  const { schema, actions, numeric } = log;
  if (from === 'action') {
    const column = place(log, 'numeric action feature', name, actions.numericNames);
    const wide = actions.numericNames.length;
    return (_, action) => actions.numeric[action * wide + column];
  }
  const wide = schema.numericNames.length;
  if (from === 'context') {
    const column = place(log, 'numeric context feature', name, schema.numericNames);
    return (row) => numeric[row * wide + column];
  }
  const names = schema.perAction.map((part) => part.name);
  const columns = Int32Array.from(schema.perAction[place(log, 'per-action feature', name, names)].columns);
  return (row, action) => numeric[row * wide + columns[action]];
}

function place(log: Log, what: string, name: string, names: readonly string[]): number {
  const column = names.indexOf(name);
  return column >= 0 ? column : refuse(log, `the ${what} '${name}'`, name, names);
}

function refuse(log: Log, what: string, name: string, names: readonly string[]): never {
  const near = nearest(name, names);
  throw new GymError(
    'data',
    `features of log '${log.name}': expected ${what}, on which the model was fitted, received a log ` +
      `${names.length === 0 ? 'without any' : `that has ${names.join(', ')}`}. ` +
      (near === undefined
        ? `Log it too, or fit without it (ignore: [${name}]).`
        : `Was it renamed from '${name}' to '${near}'?`),
  );
}

function fillWord(word: BoundWord, rows: Int32Array, actions: Int32Array, out: FeatureRows, at: number): void {
  const { ids } = word;
  if (word.from === 'action') {
    for (let n = 0, to = at; n < rows.length; n++, to += out.bag) out.ids[to] = ids[actions[n]];
  } else {
    for (let n = 0, to = at; n < rows.length; n++, to += out.bag) out.ids[to] = ids[word.code(rows[n])];
  }
}

interface Cross extends Pick<Binding, 'words' | 'actionHashes' | 'mask'> {
  readonly crossed: number;
  readonly idOf: Int32Array;
}

function fillCross(cross: Cross, rows: Int32Array, actions: Int32Array, out: FeatureRows, at: number): void {
  const { actionHashes, mask, idOf } = cross;
  const { hashes, code } = cross.words[cross.crossed];
  for (let n = 0, to = at; n < rows.length; n++, to += out.bag) {
    out.ids[to] = idOf[combine(actionHashes[actions[n]], hashes[code(rows[n])]) & mask];
  }
}

function fillNumber(
  read: (row: number, action: number) => number,
  part: EncoderPlan['numeric'][number],
  rows: Int32Array,
  actions: Int32Array,
  { out, m }: { readonly out: FeatureRows; readonly m: number },
): void {
  const { mean, deviation } = part;
  for (let n = 0, to = m; n < rows.length; n++, to += out.M) {
    const value = (read(rows[n], actions[n]) - mean) / deviation;
    out.numeric[to] = Number.isNaN(value) ? 0 : Math.max(-MAX_DEVIATIONS, Math.min(MAX_DEVIATIONS, value));
  }
}
