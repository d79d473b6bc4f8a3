import { GymError } from '../../core/check.js';
import { readColumnNames } from '../../logs/import/fast-csv.js';
import { readActions } from './action-names.js';
import { notADistribution, type BadRow, type BadRows, MOST_TOLD } from './bad-rounds.js';
import { isProbability, readNamedColumns, type NamedColumns, type NumberColumns } from './named-columns.js';
import { POLICY_TOLERANCE, type Embedding, type Loggers, type LoggedRounds } from './rounds.js';

/** Columns that only some estimators need. */
export interface ExtraColumns {
  /** One column per action with the serving policy's probability, or 'uniform'. */
  readonly logging?: readonly string[] | 'uniform';
  /** Columns whose values together are the embedding of the action taken. */
  readonly embedding?: readonly string[];
  /** Table of p(e|a): one row per action, one column per embedding, named by its value. */
  readonly embeddingGiven?: string;
  /** Column that says which policy served. */
  readonly logger?: string;
  /** One column per logger with its propensity of the action taken. */
  readonly loggerPropensities?: readonly string[];
  /** Density ratio of the action taken, estimated elsewhere. */
  readonly ratio?: string;
  /** Numeric features of the context. */
  readonly features?: readonly string[];
}

/** What they hold, to be added to the rounds of the same table, and the rows that cannot be used. */
export interface ExtraRounds {
  readonly rounds: Pick<LoggedRounds, 'logging' | 'embedding' | 'loggers' | 'ratio' | 'features'>;
  readonly bad: BadRows;
}

/** Reads the extra columns of a table of `rows` usable rounds among `actions` actions. */
export async function readExtraColumns(path: string, columns: ExtraColumns, actions: number): Promise<ExtraRounds> {
  const { logging, embedding, logger, embeddingGiven } = columns;
  if (logging !== undefined && logging !== 'uniform' && logging.length !== actions)
    throw new GymError('usage', `--logging: expected one column per action (${actions}), received ${logging.length}.`);
  const looks = (embedding ?? []).map((column, i) => ({ flag: `--embedding ${i}`, column }));
  const served = logger === undefined ? [] : [{ flag: '--logger', column: logger }];
  const read = await readNamedColumns(path, numbersOf(columns), [...looks, ...served]);
  const given = read.numbers('--logging');
  const bad = read.bad.count > 0 || given === undefined ? read.bad : notDistributions(given, actions);
  if (bad.count > 0) return { rounds: {}, bad };
  const ratio = read.numbers('--ratio');
  const features = read.numbers('--features');
  const whole = logging === 'uniform' ? new Float64Array(read.rows * actions).fill(1 / actions) : given;
  return {
    rounds: {
      ...(whole === undefined ? {} : { logging: whole }),
      ...(looks.length === 0 ? {} : { embedding: await embeddingOf(read, looks, embeddingGiven, actions) }),
      ...(logger === undefined ? {} : { loggers: loggersOf(read, columns) }),
      ...(ratio === undefined ? {} : { ratio }),
      ...(features === undefined ? {} : { features }),
    },
    bad,
  };
}

function numbersOf({ logging, loggerPropensities, ratio, features }: ExtraColumns): NumberColumns[] {
  const isRatio = (value: number): string | undefined => (value >= 0 ? undefined : `ratio ${value} is negative`);
  return [
    ...(logging === undefined || logging === 'uniform'
      ? []
      : [{ flag: '--logging', columns: logging, wrong: isProbability }]),
    ...(loggerPropensities === undefined
      ? []
      : [{ flag: '--logger-propensities', columns: loggerPropensities, wrong: isProbability }]),
    ...(ratio === undefined ? [] : [{ flag: '--ratio', columns: [ratio], wrong: isRatio }]),
    ...(features === undefined ? [] : [{ flag: '--features', columns: features }]),
  ];
}

function notDistributions(matrix: Float64Array, width: number): BadRows {
  const first: BadRow[] = [];
  let count = 0;
  for (let row = 0; row * width < matrix.length; row++) {
    let total = 0;
    for (let at = row * width; at < (row + 1) * width; at++) total += matrix[at];
    if (Math.abs(total - 1) <= POLICY_TOLERANCE) continue;
    count++;
    if (first.length < MOST_TOLD) first.push({ row, reason: `of --logging: ${notADistribution(total)}` });
  }
  return { count, first };
}

/** Several columns are one embedding: each combination that occurs has a number of its own. */
async function embeddingOf(
  read: NamedColumns,
  looks: readonly { readonly flag: string }[],
  given: string | undefined,
  actions: number,
): Promise<Embedding> {
  const columns = looks.flatMap(({ flag }) => read.texts(flag) ?? []);
  if (given !== undefined && columns.length === 1) {
    const { shares, names } = await readShares(given, actions);
    const number = columns[0].values.map((text) => {
      const at = names.indexOf(text.trim());
      if (at >= 0) return at;
      throw new GymError('data', `${given}: expected a column for the embedding '${text}', received none.`);
    });
    return { count: names.length, code: columns[0].codes.map((code) => number[code]), given: shares };
  }
  if (given !== undefined)
    throw new GymError('usage', `--embedding-given: expected one --embedding column, received ${columns.length}.`);
  const known = new Map<string, number>();
  const code = new Int32Array(read.rows);
  for (let row = 0; row < code.length; row++) {
    const key = columns.map(({ codes }) => codes[row]).join(' ');
    let number = known.get(key);
    if (number === undefined) known.set(key, (number = known.size));
    code[row] = number;
  }
  return { count: known.size, code };
}

/** [A, E] of a table with one row per action. */
async function readShares(path: string, actions: number): Promise<{ shares: Float64Array; names: string[] }> {
  const names = await readColumnNames(path);
  const flag = '--embedding-given';
  const read = await readNamedColumns(path, [{ flag, columns: names, wrong: isProbability }], []);
  const shares = read.numbers(flag) ?? new Float64Array(0);
  const bad = read.bad.count > 0 ? read.bad : notDistributions(shares, names.length);
  if (bad.count > 0)
    throw new GymError('data', `${path}: row ${bad.first[0].row}: expected probabilities, ${bad.first[0].reason}.`);
  if (read.rows !== actions)
    throw new GymError('data', `${path}: expected one row per action (${actions}), received ${read.rows}.`);
  return { shares, names };
}

/** Loggers by their texts; columns of propensities are found by what they are called, as those of actions are. */
function loggersOf(read: NamedColumns, { loggerPropensities }: ExtraColumns): Loggers {
  const { codes, values } = read.texts('--logger') ?? { codes: new Int32Array(0), values: [] };
  const propensity = read.numbers('--logger-propensities');
  if (loggerPropensities === undefined || propensity === undefined) return { count: values.length, served: codes };
  const reading = readActions(values, loggerPropensities, undefined);
  const unknown = reading.codes.findIndex((code) => code < 0);
  if (unknown >= 0)
    throw new GymError(
      'data',
      `--logger-propensities: ${reading.whyNot(values[unknown]).replace('action', 'logger')}.`,
    );
  return { count: reading.count, served: codes.map((code) => reading.codes[code]), propensity };
}
