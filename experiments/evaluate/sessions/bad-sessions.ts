import { complaint, expectLength } from '../../../core/check.js';
import { MOST_TOLD, notADistribution, notAPropensity, type BadRow, type BadRows } from '../bad-rounds.js';
import { POLICY_TOLERANCE } from '../rounds.js';
import type { LoggedSessions, SessionTarget } from './sessions.js';

/**
 * Decisions that no estimator can use: action outside [0, A), reward not finite, propensity not in (0, 1], target
 * probabilities outside [0, 1] or not summing to 1, guesses, features or states that are none. Rows are those of the table or
 * log that the decisions came from.
 *
 * @throws a shape error when columns or offsets do not fit together
 */
export function badSessions(sessions: LoggedSessions, target: SessionTarget, guesses?: Float64Array): BadRows {
  checkShape(sessions, target, guesses);
  const first: BadRow[] = [];
  let count = 0;
  for (let i = 0; i < sessions.action.length; i++) {
    const reason = whyBad(sessions, target, guesses, i);
    if (reason === undefined) continue;
    count++;
    if (first.length < MOST_TOLD) first.push({ row: sessions.rows?.[i] ?? i, reason });
  }
  return { count, first };
}

function checkShape(sessions: LoggedSessions, target: SessionTarget, guesses: Float64Array | undefined): void {
  const { offsets, actions, action, reward, propensity, names, rows, state, features } = sessions;
  const decisions = action.length;
  const where = (what: string): string => `evaluate sessions: ${what}`;
  const empty = offsets.findIndex((offset, s) => s > 0 && !(offset > offsets[s - 1]));
  if (offsets[0] !== 0 || empty > 0 || offsets[offsets.length - 1] !== decisions) {
    throw complaint('shape', {
      where: where('offsets'),
      expected: `numbers that rise from 0 to the ${decisions} decisions`,
      received: empty > 0 ? `${offsets[empty - 1]} before ${offsets[empty]}` : `${offsets[0]} to ${offsets.at(-1)}`,
      try: 'Leave sessions without decisions out.',
    });
  }
  expectLength(where('reward'), reward, { decisions });
  expectLength(where('propensity'), propensity, { decisions });
  expectLength(where('target probabilities of the actions taken'), target.taken, { decisions });
  if (target.all !== undefined) expectLength(where('target probabilities'), target.all, { decisions, actions });
  if (guesses !== undefined) expectLength(where('guesses'), guesses, { decisions, actions });
  if (names !== undefined) expectLength(where('names'), names, { sessions: offsets.length - 1 });
  if (rows !== undefined) expectLength(where('rows'), rows, { decisions });
  if (state !== undefined) expectLength(where('states'), state.code, { decisions });
  if (features !== undefined) expectLength(where('features'), features.values, { decisions, features: features.width });
}

function whyBad(
  { actions, action, reward, propensity, state, features }: LoggedSessions,
  { taken, all }: SessionTarget,
  guesses: Float64Array | undefined,
  i: number,
): string | undefined {
  if (!(action[i] >= 0 && action[i] < actions)) return `action ${action[i]} is not in 0 to ${actions - 1}`;
  if (!Number.isFinite(reward[i])) return `reward ${reward[i]} is not a finite number`;
  if (!(propensity[i] > 0 && propensity[i] <= 1)) return notAPropensity(String(propensity[i]));
  if (!(taken[i] >= 0 && taken[i] <= 1 + POLICY_TOLERANCE)) return notAProbability(String(taken[i]));
  if (state !== undefined && !(state.code[i] >= 0 && state.code[i] < state.count))
    return `state ${state.code[i]} is not in 0 to ${state.count - 1}`;
  if (all !== undefined) {
    let total = 0;
    let least = 0;
    for (let at = i * actions; at < (i + 1) * actions; at++) {
      total += all[at];
      if (all[at] < least) least = all[at];
    }
    if (least < 0) return notAProbability(String(least));
    if (!(Math.abs(total - 1) <= POLICY_TOLERANCE)) return notADistribution(total);
    if (!(Math.abs(all[i * actions + action[i]] - taken[i]) <= POLICY_TOLERANCE))
      return `policy probability ${taken[i]} of the action taken differs from ${all[i * actions + action[i]]} among all`;
  }
  if (guesses !== undefined && !finite(guesses, i, actions)) return 'a guess of the value is not a finite number';
  if (features !== undefined && !finite(features.values, i, features.width)) return 'a feature is not a finite number';
  return undefined;
}

function finite(values: Float64Array, row: number, width: number): boolean {
  for (let at = row * width; at < (row + 1) * width; at++) if (!Number.isFinite(values[at])) return false;
  return true;
}

export function notAProbability(shown: string): string {
  return `policy probability ${shown} is not in [0, 1]`;
}
