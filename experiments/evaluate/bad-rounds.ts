import { POLICY_TOLERANCE, type Guesses, type LoggedRounds, type TargetProbabilities } from './rounds.js';

/** A row that cannot be used: 0-based data row, its line where it came from a file, and why. */
export interface BadRow {
  readonly row: number;
  readonly line?: number;
  readonly reason: string;
}

/** All rows that cannot be used, the first 20 of them in words. */
export interface BadRows {
  readonly count: number;
  readonly first: readonly BadRow[];
}

/** How many bad rows are told one by one. */
export const MOST_TOLD = 20;

/** "Row 12 (line 14): …" */
export function tellBadRow({ row, line, reason }: BadRow): string {
  return `Row ${row}${line === undefined ? '' : ` (line ${line})`}: ${reason}.`;
}

/** Reasons for an answer that is refused because of bad rows. */
export function tellBadRows({ count, first }: BadRows): string[] {
  const more = count - first.length;
  return [...first.map(tellBadRow), ...(more > 0 ? [`And ${more} more rows that cannot be used.`] : [])];
}

/**
 * Rounds that no estimator can use: action outside [0, A), reward not finite, propensity not in (0, 1], target
 * probabilities negative or not summing to 1, guesses not finite. One pass over the matrices.
 */
export function badRounds(rounds: LoggedRounds, target: TargetProbabilities, guesses?: Guesses): BadRows {
  const first: BadRow[] = [];
  let count = 0;
  for (let row = 0; row < rounds.action.length; row++) {
    const reason = whyBad(rounds, target, guesses, row);
    if (reason === undefined) continue;
    count++;
    if (first.length < MOST_TOLD) first.push({ row, reason });
  }
  return { count, first };
}

function whyBad(
  { actions, action, reward, propensity }: LoggedRounds,
  target: TargetProbabilities,
  guesses: Guesses | undefined,
  row: number,
): string | undefined {
  if (!(action[row] >= 0 && action[row] < actions)) return `action ${action[row]} is not in 0 to ${actions - 1}`;
  if (!Number.isFinite(reward[row])) return `reward ${reward[row]} is not a finite number`;
  if (!(propensity[row] > 0 && propensity[row] <= 1)) return notAPropensity(String(propensity[row]));
  let total = 0;
  let least = 0;
  for (let at = row * actions; at < (row + 1) * actions; at++) {
    total += target[at];
    if (target[at] < least) least = target[at];
  }
  if (least < 0) return `policy probability ${least} is negative`;
  if (!(Math.abs(total - 1) <= POLICY_TOLERANCE)) return notADistribution(total);
  if (guesses === undefined) return undefined;
  let sum = 0;
  for (let at = row * actions; at < (row + 1) * actions; at++) sum += guesses[at];
  return Number.isFinite(sum) ? undefined : 'a guess of the reward is not a finite number';
}

export function notAPropensity(shown: string): string {
  return `propensity ${shown} is not in (0, 1]; inverse weighting divides by it`;
}

export function notADistribution(total: number): string {
  return `policy probabilities sum to ${total} instead of 1 (within ${POLICY_TOLERANCE})`;
}
