import type { BadRows } from './bad-rounds.js';
import type { ContinuousRounds } from './estimators/continuous.js';
import { isDensity, readNamedColumns, type NumberColumns } from './named-columns.js';

/** Which columns of a table say what; one row is one decision. */
export interface ContinuousColumns {
  readonly amount: string;
  readonly reward: string;
  readonly density: string;
  readonly target: string;
  readonly guess?: string;
  readonly loggedGuess?: string;
  readonly range?: readonly [number, number];
}

/** Reads a table (CSV, TSV or NDJSON) of decisions whose action is an amount. */
export async function readContinuousTable(
  path: string,
  { amount, reward, density, target, guess, loggedGuess, range }: ContinuousColumns,
): Promise<{ readonly rounds: ContinuousRounds; readonly rows: number; readonly bad: BadRows }> {
  const inside = (value: number): string | undefined =>
    range === undefined || (value >= range[0] && value <= range[1])
      ? undefined
      : `amount ${value} is not in [${range[0]}, ${range[1]}]`;
  const numbers: NumberColumns[] = [
    { flag: '--amount', columns: [amount], wrong: inside },
    { flag: '--reward', columns: [reward] },
    { flag: '--density', columns: [density], wrong: isDensity },
    { flag: '--policy', columns: [target], wrong: inside },
    ...(guess === undefined ? [] : [{ flag: '--guess', columns: [guess] }]),
    ...(loggedGuess === undefined ? [] : [{ flag: '--logged-guess', columns: [loggedGuess] }]),
  ];
  const read = await readNamedColumns(path, numbers, []);
  const column = (flag: string): Float64Array => read.numbers(flag) ?? new Float64Array(0);
  const atTarget = read.numbers('--guess');
  const atLogged = read.numbers('--logged-guess');
  return {
    rounds: {
      amount: column('--amount'),
      reward: column('--reward'),
      density: column('--density'),
      target: column('--policy'),
      ...(atTarget === undefined ? {} : { model: { atTarget, ...(atLogged === undefined ? {} : { atLogged }) } }),
    },
    rows: read.rows,
    bad: read.bad,
  };
}
