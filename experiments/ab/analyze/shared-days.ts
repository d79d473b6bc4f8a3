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
 * Where clusters were randomised it is they that come and go: whole days that take turns are no lack.
 *
 * @param entry [U] day index of a unit's first observation, −1 for those never observed
 * @param exit  [U] of its last
 */
export function sharedDays(trial: Trial, entry: Int32Array, exit: Int32Array, days: number): SharedDays {
  return shared(
    trial.cluster === undefined ? { arm: trial.arm, entry, exit } : ofClusters(trial, trial.cluster, entry, exit),
    trial.arms.length,
    days,
  );
}

/** What was randomised, with its arm and its first and last day. */
interface Stays {
  readonly arm: Int32Array;
  readonly entry: Int32Array;
  readonly exit: Int32Array;
}

function ofClusters({ arm }: Trial, cluster: Int32Array, entry: Int32Array, exit: Int32Array): Stays {
  const size = cluster.reduce((a, b) => Math.max(a, b), -1) + 1;
  const stays = {
    arm: new Int32Array(size),
    entry: new Int32Array(size).fill(-1),
    exit: new Int32Array(size).fill(-1),
  };
  for (let u = 0; u < cluster.length; u++) {
    if (entry[u] < 0) continue;
    const c = cluster[u];
    stays.arm[c] = arm[u];
    if (stays.entry[c] < 0 || entry[u] < stays.entry[c]) stays.entry[c] = entry[u];
    if (exit[u] > stays.exit[c]) stays.exit[c] = exit[u];
  }
  return stays;
}

function shared({ arm, entry, exit }: Stays, arms: number, days: number): SharedDays {
  const first = new Int32Array(arms).fill(days);
  const last = new Int32Array(arms).fill(-1);
  const units = new Int32Array(arms);
  for (let u = 0; u < entry.length; u++) {
    if (entry[u] < 0) continue;
    const a = arm[u];
    units[a]++;
    if (entry[u] < first[a]) first[a] = entry[u];
    if (exit[u] > last[a]) last[a] = exit[u];
  }
  const lacks = (a: number, elsewhere: (u: number) => boolean): boolean => {
    let [others, seen] = [0, 0];
    for (let u = 0; u < entry.length; u++) {
      if (entry[u] < 0 || arm[u] === a) continue;
      others++;
      if (elsewhere(u)) seen++;
    }
    return units[a] * Math.log1p(-seen / others) < Math.log(BY_CHANCE);
  };
  const present = Array.from(units.keys()).filter((a) => units[a] > 0);
  const late = present.filter((a) => first[a] > 0 && lacks(a, (u) => entry[u] < first[a]));
  const early = present.filter((a) => last[a] < days - 1 && lacks(a, (u) => exit[u] > last[a]));
  return {
    first: late.reduce((day, a) => Math.max(day, first[a]), 0),
    last: early.reduce((day, a) => Math.min(day, last[a]), days - 1),
    late,
    early,
  };
}
