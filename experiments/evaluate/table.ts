import { GymError, suggestion } from '../../core/check.js';
import type { LoggedRounds } from './rounds.js';
import { openTable } from './table-rows.js';

/** Which columns of a table say what. */
export interface TableColumns {
  readonly action: string;
  readonly reward: string;
  readonly propensity: string;
  /** One column per action with the target policy's probability, or 'uniform'. */
  readonly policy: readonly string[] | 'uniform';
  /** One column per action with a reward model's guess. */
  readonly guess?: readonly string[];
  /** Number of actions, for the uniform policy; by default those the log shows. */
  readonly actions?: number;
}

/** A row that cannot be used: 0-based data row, line of the file, and why. */
export interface BadRow {
  readonly row: number;
  readonly line: number;
  readonly reason: string;
}

export interface EvaluationTable {
  readonly rounds: LoggedRounds;
  readonly target: Float64Array;
  readonly guesses: Float64Array | undefined;
  readonly bad: readonly BadRow[];
}

/** Numbers that grow, without a JavaScript array per row. */
class Column {
  #values = new Float64Array(1024);
  length = 0;
  push(value: number): void {
    if (this.length === this.#values.length) {
      const grown = new Float64Array(2 * this.length);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.length++] = value;
  }
  done(): Float64Array {
    return this.#values.slice(0, this.length);
  }
}

const amount = (text: string): number => (text.trim() === '' ? NaN : Number(text));

/**
 * Reads a table of logged decisions for evaluation. Rows that cannot be used are not dropped silently: they come back
 * in `bad`, and the caller refuses to answer while there are any. How actions are named: `resolveActions`.
 */
export async function readEvaluationTable(file: string, columns: TableColumns): Promise<EvaluationTable> {
  const { header, rows } = await openTable(file);
  const builder = new TableBuilder(file, header, columns);
  let row = -1;
  for await (const { line, cells, problem } of rows) {
    row++;
    const reason = cells === undefined ? problem : builder.add(cells, row, line);
    if (reason !== undefined) builder.bad.push({ row, line, reason });
  }
  if (row < 0) throw new GymError('data', `${file}: expected rows below the header, received none.`);
  return builder.done();
}

/** Collects the columns of one table. */
class TableBuilder {
  readonly bad: BadRow[] = [];
  readonly #columns: TableColumns;
  readonly #header: readonly string[];
  readonly #policyNames: readonly string[];
  readonly #at: { readonly action: number; readonly reward: number; readonly propensity: number };
  readonly #policyAt: readonly number[];
  readonly #guessAt: readonly number[];
  readonly #actions = new SeenActions();
  readonly #action = new Column();
  readonly #reward = new Column();
  readonly #propensity = new Column();
  readonly #target = new Column();
  readonly #guesses = new Column();

  constructor(file: string, header: readonly string[], columns: TableColumns) {
    const place = (name: string, flag: string): number => {
      const at = header.indexOf(name);
      if (at < 0)
        throw new GymError('usage', `${file}: ${flag}: no column called '${name}'. ${suggestion(name, header)}`);
      return at;
    };
    this.#columns = columns;
    this.#header = header;
    this.#policyNames = columns.policy === 'uniform' ? [] : columns.policy;
    this.#at = {
      action: place(columns.action, '--action'),
      reward: place(columns.reward, '--reward'),
      propensity: place(columns.propensity, '--propensity'),
    };
    this.#policyAt = this.#policyNames.map((name) => place(name, '--policy'));
    this.#guessAt = (columns.guess ?? []).map((name) => place(name, '--guess'));
    if (columns.guess !== undefined && columns.policy !== 'uniform' && this.#guessAt.length !== this.#policyAt.length) {
      throw new GymError(
        'usage',
        `--guess: expected one column per action (${this.#policyAt.length}), received ${this.#guessAt.length}.`,
      );
    }
  }

  /** Adds one row's numbers; returns why it cannot be used, if so. */
  add(cells: readonly string[], row: number, line: number): string | undefined {
    const name = cells[this.#at.action].trim();
    if (name === '') return 'the action is missing';
    const reward = amount(cells[this.#at.reward]);
    if (!Number.isFinite(reward)) return `reward '${cells[this.#at.reward]}' is not a finite number`;
    const propensity = amount(cells[this.#at.propensity]);
    if (!(propensity > 0 && propensity <= 1)) {
      return `propensity '${cells[this.#at.propensity]}' is not in (0, 1]; inverse weighting divides by it`;
    }
    let total = 0;
    for (const at of this.#policyAt) {
      const probability = amount(cells[at]);
      if (!(probability >= 0 && probability <= 1 + 1e-9)) {
        return `policy probability '${cells[at]}' in column '${this.#header[at]}' is not in [0, 1]`;
      }
      total += probability;
    }
    if (this.#policyAt.length > 0 && Math.abs(total - 1) > 1e-6)
      return `policy probabilities sum to ${total} instead of 1`;
    const badGuess = this.#guessAt.find((at) => !Number.isFinite(amount(cells[at])));
    if (badGuess !== undefined)
      return `guess '${cells[badGuess]}' in column '${this.#header[badGuess]}' is not a finite number`;
    this.#action.push(this.#actions.see(name, row, line));
    this.#reward.push(reward);
    this.#propensity.push(propensity);
    for (const at of this.#policyAt) this.#target.push(amount(cells[at]));
    for (const at of this.#guessAt) this.#guesses.push(amount(cells[at]));
    return undefined;
  }

  done(): EvaluationTable {
    const { policy, guess } = this.#columns;
    const asked = policy === 'uniform' ? (this.#columns.actions ?? guess?.length) : this.#policyNames.length;
    const { codes, count, unknown } = resolveActions(this.#actions.names, this.#policyNames, asked);
    for (const { name, reason } of unknown)
      this.bad.push(...this.#actions.rowsOf(name).map((where) => ({ ...where, reason })));
    const action = Int32Array.from(this.#action.done(), (seen) => codes[seen]);
    const rounds = { actions: count, action, reward: this.#reward.done(), propensity: this.#propensity.done() };
    return {
      rounds,
      target: policy === 'uniform' ? new Float64Array(action.length * count).fill(1 / count) : this.#target.done(),
      guesses: guess === undefined ? undefined : this.#guesses.done(),
      bad: this.bad.sort((a, b) => a.row - b.row),
    };
  }
}

/** The distinct texts of the action column and where each was first seen. */
class SeenActions {
  readonly names: string[] = [];
  readonly #codes = new Map<string, number>();
  readonly #rows: { row: number; line: number }[][] = [];

  see(name: string, row: number, line: number): number {
    let code = this.#codes.get(name);
    if (code === undefined) {
      code = this.names.push(name) - 1;
      this.#codes.set(name, code);
      this.#rows.push([]);
    }
    if (this.#rows[code].length < 20) this.#rows[code].push({ row, line });
    return code;
  }

  rowsOf(name: string): readonly { row: number; line: number }[] {
    const code = this.#codes.get(name);
    return code === undefined ? [] : this.#rows[code];
  }
}

/**
 * Which action index each text of the action column means. With policy columns, in this order: their names, or what
 * follows their common prefix when that names every action seen (`pi_red, pi_blue` with actions red, blue) — unless all
 * texts are whole numbers in [0, A) and those endings are not, in which case the numbers index the columns. Without
 * policy columns: whole numbers below `asked` when a number of actions was asked for, else order of first appearance.
 */
function resolveActions(
  seen: readonly string[],
  policyNames: readonly string[],
  asked: number | undefined,
): { codes: readonly number[]; count: number; unknown: readonly { name: string; reason: string }[] } {
  const indexOf = (name: string, count: number): number => {
    const whole = Number(name);
    return Number.isInteger(whole) && whole >= 0 && whole < count ? whole : -1;
  };
  if (policyNames.length === 0) {
    if (asked === undefined) return { codes: seen.map((_, i) => i), count: seen.length, unknown: [] };
    const codes = seen.map((name) => indexOf(name, asked));
    const unknown = seen
      .filter((_, i) => codes[i] < 0)
      .map((name) => ({ name, reason: `unknown action '${name}': expected a whole number from 0 to ${asked - 1}` }));
    return { codes, count: asked, unknown };
  }
  const count = policyNames.length;
  const prefix = commonPrefix(policyNames);
  const endings = policyNames.map((name) => name.slice(prefix.length));
  const byName = (name: string): number =>
    policyNames.includes(name) ? policyNames.indexOf(name) : endings.indexOf(name);
  const endingsCount = endings.every((ending) => indexOf(ending, count) >= 0 && ending !== '');
  const allIndices = seen.every((name) => indexOf(name, count) >= 0);
  const codes = seen.map((name) => (allIndices && !endingsCount ? indexOf(name, count) : byName(name)));
  const unknown = seen
    .filter((_, i) => codes[i] < 0)
    .map((name) => ({
      name,
      reason: `unknown action '${name}'. ${suggestion(name, endings.every((ending) => ending !== '') ? endings : policyNames)}`,
    }));
  return { codes, count, unknown };
}

function commonPrefix(names: readonly string[]): string {
  if (names.length < 2) return '';
  let length = 0;
  while (names.every((name) => name.length > length && name[length] === names[0][length])) length++;
  return names[0].slice(0, length);
}

/**
 * Guesses that need no model: the smoothed reward rate of each action, the same in every round, from the evaluated
 * rounds themselves: (Σ reward of a + 1) / (n_a + 1 / overall rate); actions never logged get the overall rate.
 * In-sample, so only a simple reference; a fitted model on other rounds is better.
 */
export function smoothedRates({ actions, action, reward }: LoggedRounds): Float64Array {
  const n = action.length;
  const sums = new Float64Array(actions);
  const counts = new Float64Array(actions);
  let total = 0;
  for (let i = 0; i < n; i++) {
    sums[action[i]] += reward[i];
    counts[action[i]]++;
    total += reward[i];
  }
  const overall = total / n;
  const rate = sums.map((sum, a) =>
    counts[a] === 0 || overall === 0 ? overall : (sum + 1) / (counts[a] + 1 / overall),
  );
  const guesses = new Float64Array(n * actions);
  for (let i = 0; i < n; i++) guesses.set(rate, i * actions);
  return guesses;
}
