import type { Trial } from '../contract.js';

/** The days on which all arms take part, as indices of the trial's days, and the arms that lack the others. */
export interface SharedDays {
  readonly first: number;
  readonly last: number;
  readonly late: readonly number[];
  readonly early: readonly number[];
}

/** An arm that lacks days is called late or early when chance would do that less often. */
const BY_CHANCE = 1e-4;

/**
 * Days differ, so an arm that begins late or ends early must not be compared with days that it lacks. An arm lacks days
 * when it has no unit on them although others do, and so many that its units would not all have stayed away by chance.
 *
 * @param entry [U] day index of a unit's first observation, −1 for those never observed
 * @param exit  [U] of its last
 */
export function sharedDays(trial: Trial, entry: Int32Array, exit: Int32Array, days: number): SharedDays {
  const arms = trial.arms.length;
  const first = new Int32Array(arms).fill(days);
  const last = new Int32Array(arms).fill(-1);
  const units = new Int32Array(arms);
  for (let u = 0; u < entry.length; u++) {
    if (entry[u] < 0) continue;
    const a = trial.arm[u];
    units[a]++;
    if (entry[u] < first[a]) first[a] = entry[u];
    if (exit[u] > last[a]) last[a] = exit[u];
  }
  const lacks = (a: number, elsewhere: (u: number) => boolean): boolean => {
    let [others, seen] = [0, 0];
    for (let u = 0; u < entry.length; u++) {
      if (entry[u] < 0 || trial.arm[u] === a) continue;
      others++;
      if (elsewhere(u)) seen++;
    }
    return units[a] * Math.log1p(-seen / others) < Math.log(BY_CHANCE);
  };
  const present = trial.arms.map((_, a) => a).filter((a) => units[a] > 0);
  const late = present.filter((a) => first[a] > 0 && lacks(a, (u) => entry[u] < first[a]));
  const early = present.filter((a) => last[a] < days - 1 && lacks(a, (u) => exit[u] > last[a]));
  return {
    first: late.reduce((day, a) => Math.max(day, first[a]), 0),
    last: early.reduce((day, a) => Math.min(day, last[a]), days - 1),
    late,
    early,
  };
}
