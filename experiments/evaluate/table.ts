import { readColumnNames, readColumns, type ReadColumns } from '../../logs/import/fast-csv.js';
import { readActions } from './action-names.js';
import { POLICY_TOLERANCE } from './rounds.js';
import { expectGuesses, knownActions, placesOf, type EvaluationTable, type TableColumns } from './table-columns.js';
import { readTableRows } from './table-rows.js';

export type { EvaluationTable, TableColumns } from './table-columns.js';

/**
 * Reads a table (CSV, TSV or NDJSON) of logged decisions for evaluation. Rows that cannot be used are not dropped
 * silently: they come back in `bad`, and the caller refuses to answer while there are any. How actions are named:
 * `readActions`.
 *
 * Columns are read as such; only where a row cannot be used is the table read again, row by row, to say why.
 */
export async function readEvaluationTable(path: string, columns: TableColumns): Promise<EvaluationTable> {
  const { action, reward, propensity, policy, guess = [] } = columns;
  placesOf(path, await readColumnNames(path), columns);
  const read = await readColumns(path, {
    numbers: [[reward], [propensity], policy === 'uniform' ? [] : policy, guess],
    texts: [action],
  });
  return faultless(read, columns) ?? readTableRows(path, columns);
}

/** The table, where every row can be used. */
function faultless(read: ReadColumns, columns: TableColumns): EvaluationTable | undefined {
  const { rows, problems, odd } = read;
  const [reward, propensity, target, guesses] = read.numbers;
  const [{ codes: seen, values }] = read.texts;
  if (rows === 0 || problems.count > 0 || odd.count > 0) return undefined;
  for (let n = 0; n < rows; n++)
    if (!Number.isFinite(reward[n]) || !(propensity[n] > 0 && propensity[n] <= 1) || seen[n] < 0) return undefined;
  if (!areDistributions(target, rows) || guesses.some((guess) => !Number.isFinite(guess))) return undefined;
  const { codes, count: actions } = readActions(values, ...knownActions(columns));
  if (codes.some((code) => code < 0)) return undefined;
  expectGuesses(columns.guess, actions);
  const code = Int32Array.from(codes);
  const action = new Int32Array(rows);
  for (let n = 0; n < rows; n++) action[n] = code[seen[n]];
  return {
    rounds: { actions, action, reward, propensity },
    target: columns.policy === 'uniform' ? new Float64Array(rows * actions).fill(1 / actions) : target,
    guesses: columns.guess === undefined ? undefined : guesses,
    rows,
    bad: { count: 0, first: [] },
  };
}

/** Whether each of so many rows holds probabilities that sum to 1. */
function areDistributions(target: Float64Array, rows: number): boolean {
  const width = target.length / rows;
  if (width === 0) return true;
  for (let row = 0; row < target.length; row += width) {
    let total = 0;
    for (let at = row; at < row + width; at++) {
      if (!(target[at] >= 0)) return false;
      total += target[at];
    }
    if (!(Math.abs(total - 1) <= POLICY_TOLERANCE)) return false;
  }
  return true;
}
