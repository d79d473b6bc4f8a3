import { GymError, suggestion } from '../../../core/check.js';
import { openRows } from '../../../logs/import/open-rows.js';
import { isMissing, parseNumber, shown, type Cell } from '../../../logs/import/parse.js';
import { readActions } from '../action-names.js';
import { MOST_TOLD, notADistribution, notAPropensity, type BadRow, type BadRows } from '../bad-rounds.js';
import { POLICY_TOLERANCE } from '../rounds.js';
import { notAProbability } from './bad-sessions.js';
import { targetOf, type LoggedSessions, type SessionTarget } from './sessions.js';
import { StepOrder } from './step-order.js';

/** Which columns of a table say what; one row is one decision. */
export interface SessionColumns {
  /** With `step`; without both, every row is a session of its own. */
  readonly session?: string;
  /** Whole numbers that rise by 1 within a session, from 0 in all of them or from 1. */
  readonly step?: string;
  readonly action: string;
  readonly reward: string;
  readonly propensity: string;
  /** The policy's probability of the action taken; not needed with `policy`. */
  readonly target?: string;
  /** One column per action with the policy's probability, or 'uniform' over the actions that the log shows. */
  readonly policy?: readonly string[] | 'uniform';
  /** A column whose every value is a state of its own. */
  readonly state?: string;
  readonly features?: readonly string[];
  /** One column per action with a guess of Q. */
  readonly guess?: readonly string[];
}

export interface SessionTable {
  readonly sessions: LoggedSessions;
  readonly target: SessionTarget;
  readonly guesses: Float64Array | undefined;
  /** Rows that cannot be used; the caller refuses to answer while there are any. */
  readonly bad: BadRows;
}

/**
 * Reads a table (CSV, TSV or NDJSON) of sessions. Rows of different sessions may alternate, as they do in a log that is
 * ordered by time; within a session they come in order.
 */
export async function readSessionTable(path: string, columns: SessionColumns): Promise<SessionTable> {
  const file = await openRows(path);
  const builder = new SessionTableBuilder(
    path,
    file.columns.map((name) => name.trim()),
    columns,
  );
  for await (const { rows } of file.batches)
    for (const { line, cells, problem } of rows) builder.add(line, cells, problem);
  return builder.done();
}

/** Texts and their codes, in order of appearance. */
class Codes {
  readonly #codes = new Map<string, number>();
  of(cell: Cell): number {
    const text = typeof cell === 'string' ? cell.trim() : String(cell);
    let code = this.#codes.get(text);
    if (code === undefined) this.#codes.set(text, (code = this.#codes.size));
    return code;
  }
  get texts(): string[] {
    return [...this.#codes.keys()];
  }
}

class SessionTableBuilder {
  readonly #path: string;
  readonly #columns: SessionColumns;
  readonly #header: readonly string[];
  readonly #at: Readonly<Record<'session' | 'step' | 'action' | 'reward' | 'propensity' | 'target' | 'state', number>>;
  readonly #many: Readonly<Record<'policy' | 'features' | 'guess', readonly number[]>>;
  readonly #names = { session: new Codes(), action: new Codes(), state: new Codes() };
  readonly #order = new StepOrder();
  /** Per usable row. */
  readonly #kept: Record<'session' | 'action' | 'state' | 'row', number[]> = {
    session: [],
    action: [],
    state: [],
    row: [],
  };
  readonly #numbers: Record<'reward' | 'propensity' | 'target', number[]> = { reward: [], propensity: [], target: [] };
  readonly #matrices: Record<'policy' | 'features' | 'guess', number[]> = { policy: [], features: [], guess: [] };
  readonly #lines: number[] = [];
  readonly #bad: BadRow[] = [];
  readonly #blamed = new Set<number>();
  #rows = 0;

  constructor(path: string, header: readonly string[], columns: SessionColumns) {
    const place = (name: string | undefined, flag: string): number => {
      if (name === undefined) return -1;
      const at = header.indexOf(name);
      if (at < 0)
        throw new GymError('usage', `${path}: --${flag}: no column called '${name}'. ${suggestion(name, header)}`);
      return at;
    };
    const places = (names: readonly string[] | undefined, flag: string): number[] => {
      const twice = names?.find((name, i) => names.indexOf(name) !== i);
      if (twice !== undefined)
        throw new GymError('usage', `--${flag}: expected every column once, received '${twice}' twice.`);
      return (names ?? []).map((name) => place(name, flag));
    };
    const { policy, guess } = columns;
    if (policy === undefined && columns.target === undefined)
      throw new GymError(
        'usage',
        `${path}: expected --target with the policy's probability of the action taken, or --policy with one column per action; received neither.`,
      );
    if (Array.isArray(policy) && guess !== undefined && guess.length !== policy.length)
      throw new GymError(
        'usage',
        `--guess: expected one column per action (${policy.length}), received ${guess.length}.`,
      );
    this.#path = path;
    this.#columns = columns;
    this.#header = header;
    this.#at = {
      session: place(columns.session, 'session'),
      step: place(columns.step, 'step'),
      action: place(columns.action, 'action'),
      reward: place(columns.reward, 'reward'),
      propensity: place(columns.propensity, 'propensity'),
      target: place(columns.target, 'target'),
      state: place(columns.state, 'state'),
    };
    this.#many = {
      policy: places(policy === 'uniform' ? undefined : policy, 'policy'),
      features: places(columns.features, 'features'),
      guess: places(guess, 'guess'),
    };
  }

  add(line: number, cells: readonly Cell[], problem: string | undefined): void {
    const row = this.#rows++;
    this.#lines.push(line);
    const reason = problem ?? this.#misplaced(cells, row) ?? this.#keep(cells, row);
    if (reason !== undefined) this.#blame(row, reason);
  }

  /** Notes session and step of a row, which may be bad in other ways and still have its place. */
  #misplaced(cells: readonly Cell[], row: number): string | undefined {
    if (this.#at.session < 0) return undefined;
    const name = cells[this.#at.session];
    if (isMissing(name)) return 'the session is missing';
    const step = parseNumber(cells[this.#at.step]);
    if (!Number.isSafeInteger(step) || step < 0)
      return `step ${shown(cells[this.#at.step])} is not a whole number from 0`;
    return this.#order.add(this.#names.session.of(name), step, row);
  }

  #keep(cells: readonly Cell[], row: number): string | undefined {
    const { action, reward, propensity, target, state } = this.#at;
    if (isMissing(cells[action])) return 'the action is missing';
    const earned = parseNumber(cells[reward]);
    if (Number.isNaN(earned)) return `reward ${shown(cells[reward])} is not a finite number`;
    const served = parseNumber(cells[propensity]);
    if (!(served > 0 && served <= 1)) return notAPropensity(shown(cells[propensity]));
    const judged = target < 0 ? 0 : parseNumber(cells[target]);
    if (!(judged >= 0 && judged <= 1)) return notAProbability(shown(cells[target]));
    if (state >= 0 && isMissing(cells[state])) return 'the state is missing';
    const wrong = this.#wrongIn(cells);
    if (wrong !== undefined) return wrong;
    if (this.#at.session >= 0) this.#kept.session.push(this.#names.session.of(cells[this.#at.session]));
    this.#kept.action.push(this.#names.action.of(cells[action]));
    if (state >= 0) this.#kept.state.push(this.#names.state.of(cells[state]));
    this.#kept.row.push(row);
    this.#numbers.reward.push(earned);
    this.#numbers.propensity.push(served);
    this.#numbers.target.push(judged);
    for (const name of ['policy', 'features', 'guess'] as const)
      for (const at of this.#many[name]) this.#matrices[name].push(parseNumber(cells[at]));
    return undefined;
  }

  /** What is wrong with the columns that come in groups. */
  #wrongIn(cells: readonly Cell[]): string | undefined {
    const { policy, features, guess } = this.#many;
    let total = 0;
    for (const at of policy) {
      const probability = parseNumber(cells[at]);
      if (!(probability >= 0 && probability <= 1 + POLICY_TOLERANCE))
        return `policy probability ${shown(cells[at])} in column '${this.#header[at]}' is not in [0, 1]`;
      total += probability;
    }
    if (policy.length > 0 && !(Math.abs(total - 1) <= POLICY_TOLERANCE)) return notADistribution(total);
    const text = [...features, ...guess].find((at) => Number.isNaN(parseNumber(cells[at])));
    return text === undefined
      ? undefined
      : `${shown(cells[text])} in column '${this.#header[text]}' is not a finite number`;
  }

  done(): SessionTable {
    if (this.#rows === 0) throw new GymError('data', `${this.#path}: expected rows below the header, received none.`);
    const { policy, guess } = this.#columns;
    const texts = this.#names.action.texts;
    const columns = policy === 'uniform' ? guess : (policy ?? guess);
    const { count: actions, codes, whyNot } = readActions(texts, columns, undefined);
    this.#kept.action.forEach((code, i) => {
      if (codes[code] < 0) this.#blame(this.#kept.row[i], whyNot(texts[code]));
    });
    for (const { row, reason } of this.#order.late()) this.#blame(row, reason);
    const bad = { count: this.#bad.length, first: this.#bad.sort((a, b) => a.row - b.row).slice(0, MOST_TOLD) };
    const { offsets, order, names } =
      this.#at.session < 0 ? apart(this.#kept.row.length) : grouped(this.#kept.session, this.#names.session.texts);
    const numbers = (values: readonly number[]): Float64Array => Float64Array.from(order, (i) => values[i]);
    const whole = (values: readonly number[]): Int32Array => Int32Array.from(order, (i) => values[i]);
    const matrix = (values: readonly number[], width: number): Float64Array => {
      const out = new Float64Array(order.length * width);
      order.forEach((i, n) => {
        for (let c = 0; c < width; c++) out[n * width + c] = values[i * width + c];
      });
      return out;
    };
    const width = this.#many.features.length;
    const sessions: LoggedSessions = {
      offsets,
      actions,
      action: whole(this.#kept.action).map((code) => codes[code]),
      reward: numbers(this.#numbers.reward),
      propensity: numbers(this.#numbers.propensity),
      ...(names === undefined ? {} : { names }),
      rows: whole(this.#kept.row),
      ...(this.#at.state < 0
        ? {}
        : { state: { count: this.#names.state.texts.length, code: whole(this.#kept.state) } }),
      ...(width === 0 ? {} : { features: { width, values: matrix(this.#matrices.features, width) } }),
    };
    const guesses = guess === undefined ? undefined : matrix(this.#matrices.guess, actions);
    if (bad.count > 0 || policy === undefined)
      return { sessions, target: { taken: numbers(this.#numbers.target) }, guesses, bad };
    const all =
      policy === 'uniform'
        ? new Float64Array(order.length * actions).fill(1 / actions)
        : matrix(this.#matrices.policy, actions);
    return { sessions, target: targetOf(sessions, all), guesses, bad };
  }

  #blame(row: number, reason: string): void {
    if (this.#blamed.has(row)) return;
    this.#blamed.add(row);
    this.#bad.push({ row, line: this.#lines[row], reason });
  }
}

interface Groups {
  readonly offsets: Int32Array;
  /** Which row comes where. */
  readonly order: Int32Array;
  readonly names: readonly string[] | undefined;
}

/** Every row a session of its own. */
function apart(rows: number): Groups {
  return {
    offsets: Int32Array.from({ length: rows + 1 }, (_, i) => i),
    order: Int32Array.from({ length: rows }, (_, i) => i),
    names: undefined,
  };
}

/** Brings rows of one session together, in the order in which they came; sessions without usable rows are left out. */
function grouped(session: readonly number[], texts: readonly string[]): Groups {
  const size = new Int32Array(texts.length);
  for (const s of session) size[s]++;
  const next = new Int32Array(texts.length);
  for (let s = 1; s < texts.length; s++) next[s] = next[s - 1] + size[s - 1];
  const order = new Int32Array(session.length);
  session.forEach((s, i) => (order[next[s]++] = i));
  const offsets = [0];
  const names: string[] = [];
  size.forEach((rows, s) => {
    if (rows === 0) return;
    names.push(texts[s]);
    offsets.push(offsets[offsets.length - 1] + rows);
  });
  return { offsets: Int32Array.from(offsets), order, names };
}
