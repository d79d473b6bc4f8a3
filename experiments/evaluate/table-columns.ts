import { GymError, suggestion } from '../../core/check.js';
import type { BadRows } from './bad-rounds.js';
import type { LoggedRounds } from './rounds.js';

/** Which columns of a table say what. */
export interface TableColumns {
  readonly action: string;
  readonly reward: string;
  readonly propensity: string;
  /** One column per action with the target policy's probability, or 'uniform'. */
  readonly policy: readonly string[] | 'uniform';
  /** One column per action with a reward model's guess, in the same order. */
  readonly guess?: readonly string[];
  /** For the uniform policy: how many actions there are, or their names; by default those the log shows. */
  readonly actions?: number | readonly string[];
}

/** Logged rounds with the policy that is judged on them. Rows that cannot be used are not among the rounds. */
export interface EvaluationTable {
  readonly rounds: LoggedRounds;
  readonly target: Float64Array;
  readonly guesses: Float64Array | undefined;
  /** Rows of the table, usable or not. */
  readonly rows: number;
  readonly bad: BadRows;
}

/** Where the columns stand in a header. */
export interface TablePlaces {
  readonly action: number;
  readonly reward: number;
  readonly propensity: number;
  readonly policy: readonly number[];
  readonly guess: readonly number[];
}

/** Finds the columns in a header; a name that is not there is answered with its flag and the nearest name. */
export function placesOf(path: string, header: readonly string[], columns: TableColumns): TablePlaces {
  const place = (name: string, flag: string): number => {
    const at = header.indexOf(name);
    if (at < 0)
      throw new GymError('usage', `${path}: ${flag}: no column called '${name}'. ${suggestion(name, header)}`);
    return at;
  };
  const places = (names: readonly string[], flag: string): number[] => {
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined)
      throw new GymError('usage', `${flag}: expected one column per action, received '${twice}' twice.`);
    return names.map((name) => place(name, flag));
  };
  return {
    action: place(columns.action, '--action'),
    reward: place(columns.reward, '--reward'),
    propensity: place(columns.propensity, '--propensity'),
    policy: columns.policy === 'uniform' ? [] : places(columns.policy, '--policy'),
    guess: places(columns.guess ?? [], '--guess'),
  };
}

/** The names of the actions, or how many there are, as far as anybody said: the arguments of `readActions`. */
export function knownActions({
  policy,
  guess,
  actions,
}: TableColumns): [columns: readonly string[] | undefined, count: number | undefined] {
  if (policy !== 'uniform') return [policy, undefined];
  return typeof actions === 'number' ? [undefined, actions] : [actions ?? guess, undefined];
}

export function expectGuesses(guess: readonly string[] | undefined, actions: number): void {
  if (guess !== undefined && guess.length !== actions)
    throw new GymError('usage', `--guess: expected one column per action (${actions}), received ${guess.length}.`);
}
