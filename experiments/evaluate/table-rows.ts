import { GymError } from '../../core/check.js';
import { openRows } from '../../logs/import/open-rows.js';
import { isMissing, parseNumber, shown, type Cell } from '../../logs/import/parse.js';
import { readActions, type ActionReading } from './action-names.js';
import { MOST_TOLD, notADistribution, notAPropensity, type BadRow, type BadRows } from './bad-rounds.js';
import { POLICY_TOLERANCE } from './rounds.js';
import {
  expectGuesses,
  knownActions,
  placesOf,
  type EvaluationTable,
  type TableColumns,
  type TablePlaces,
} from './table-columns.js';

/** Reads a table row by row and says of every row that cannot be used what is wrong with it. */
export async function readTableRows(path: string, columns: TableColumns): Promise<EvaluationTable> {
  const file = await openRows(path);
  const names = file.columns.map((name) => name.trim());
  const builder = new TableBuilder(path, names, columns);
  for await (const { rows } of file.batches)
    for (const { line, cells, problem } of rows) builder.add(line, cells, problem);
  return builder.done();
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

/** Collects the columns of one table. */
class TableBuilder {
  readonly #path: string;
  readonly #columns: TableColumns;
  readonly #header: readonly string[];
  readonly #at: TablePlaces;
  readonly #codes = new Map<string, number>();
  /** Per usable row: the code of its action's text, its row and its line. */
  readonly #action = new Column();
  readonly #row = new Column();
  readonly #line = new Column();
  readonly #reward = new Column();
  readonly #propensity = new Column();
  readonly #target = new Column();
  readonly #guesses = new Column();
  readonly #bad: BadRow[] = [];
  #badCount = 0;
  #rows = 0;

  constructor(path: string, header: readonly string[], columns: TableColumns) {
    this.#path = path;
    this.#columns = columns;
    this.#header = header;
    this.#at = placesOf(path, header, columns);
  }

  add(line: number, cells: readonly Cell[], problem: string | undefined): void {
    const reason = problem ?? this.#keep(line, cells);
    if (reason !== undefined) {
      this.#badCount++;
      if (this.#bad.length < MOST_TOLD) this.#bad.push({ row: this.#rows, line, reason });
    }
    this.#rows++;
  }

  /** Adds one row's numbers; returns why it cannot be used, if so. */
  #keep(line: number, cells: readonly Cell[]): string | undefined {
    const name = cells[this.#at.action];
    if (isMissing(name)) return 'the action is missing';
    const reward = parseNumber(cells[this.#at.reward]);
    if (Number.isNaN(reward)) return `reward ${shown(cells[this.#at.reward])} is not a finite number`;
    const propensity = parseNumber(cells[this.#at.propensity]);
    if (!(propensity > 0 && propensity <= 1)) return notAPropensity(shown(cells[this.#at.propensity]));
    const wrong = this.#keepMatrices(cells);
    if (wrong !== undefined) return wrong;
    const text = typeof name === 'string' ? name : String(name);
    let code = this.#codes.get(text);
    if (code === undefined) this.#codes.set(text, (code = this.#codes.size));
    this.#action.push(code);
    this.#row.push(this.#rows);
    this.#line.push(line);
    this.#reward.push(reward);
    this.#propensity.push(propensity);
    return undefined;
  }

  /** The row's probabilities and guesses; those of a bad row are taken back. */
  #keepMatrices(cells: readonly Cell[]): string | undefined {
    const policyBefore = this.#target.length;
    const guessesBefore = this.#guesses.length;
    const takeBack = (reason: string): string => {
      this.#target.length = policyBefore;
      this.#guesses.length = guessesBefore;
      return reason;
    };
    let total = 0;
    for (const at of this.#at.policy) {
      const probability = parseNumber(cells[at]);
      if (!(probability >= 0 && probability <= 1 + POLICY_TOLERANCE))
        return takeBack(`policy probability ${shown(cells[at])} in column '${this.#header[at]}' is not in [0, 1]`);
      total += probability;
      this.#target.push(probability);
    }
    if (this.#at.policy.length > 0 && !(Math.abs(total - 1) <= POLICY_TOLERANCE))
      return takeBack(notADistribution(total));
    for (const at of this.#at.guess) {
      const guess = parseNumber(cells[at]);
      if (Number.isNaN(guess))
        return takeBack(`guess ${shown(cells[at])} in column '${this.#header[at]}' is not a finite number`);
      this.#guesses.push(guess);
    }
    return undefined;
  }

  done(): EvaluationTable {
    if (this.#rows === 0) throw new GymError('data', `${this.#path}: expected rows below the header, received none.`);
    const { policy, guess } = this.#columns;
    const texts = [...this.#codes.keys()];
    const reading = readActions(texts, ...knownActions(this.#columns));
    const bad = this.#unknownActions(texts, reading);
    const action = Int32Array.from(this.#action.done(), (code) => reading.codes[code]);
    const { count: actions } = reading;
    expectGuesses(guess, actions);
    return {
      rounds: { actions, action, reward: this.#reward.done(), propensity: this.#propensity.done() },
      target: policy === 'uniform' ? new Float64Array(action.length * actions).fill(1 / actions) : this.#target.done(),
      guesses: guess === undefined ? undefined : this.#guesses.done(),
      rows: this.#rows,
      bad,
    };
  }

  #unknownActions(texts: readonly string[], { codes, whyNot }: ActionReading): BadRows {
    let count = this.#badCount;
    const found: BadRow[] = [];
    if (codes.some((code) => code < 0)) {
      const [seen, rows, lines] = [this.#action.done(), this.#row.done(), this.#line.done()];
      for (let i = 0; i < seen.length; i++) {
        if (codes[seen[i]] >= 0) continue;
        count++;
        if (found.length < MOST_TOLD) found.push({ row: rows[i], line: lines[i], reason: whyNot(texts[seen[i]]) });
      }
    }
    return { count, first: [...this.#bad, ...found].sort((a, b) => a.row - b.row).slice(0, MOST_TOLD) };
  }
}
