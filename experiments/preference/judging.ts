import { moments } from '../../core/stats/moments.js';
import { normalInterval } from '../../core/stats/intervals.js';
import type { Estimate } from '../contract.js';
import type { LiftTable } from '../lifts/contract.js';
import { ENOUGH_SEEDS, mergeLifts } from '../lifts/merge.js';
import type { PreferenceExperiment } from '../config/preference-schema.js';
import { nameOf } from './learning.js';
import { pairedOf } from './paired.js';
import type { Judged, PreferenceSeedResult } from './seed-run.js';

/** Everybody against the control, then the others against the method in question; differences, paired by context. */
export function tablesOf(experiment: PreferenceExperiment, { seed, scene, judged }: PreferenceSeedResult): LiftTable[] {
  const { level } = experiment.evaluation;
  const name = controlOf(experiment);
  const place = scene.sameData ? `tests that nobody learned from` : `the world, whose truth is known`;
  const [own, ...others] = judged;
  const control = judged.find((one) => one.name === name) ?? own;
  const rest = others.filter((one) => one !== control);
  const table = (where: string, against: Judged, policies: readonly Judged[]): LiftTable => ({
    ...{ place: where, control: against.name, seeds: [seed], users: scene.judges.length },
    ...{ unit: scene.unit, scale: 'difference' },
    rows: policies.flatMap((policy) =>
      Object.entries(policy.worth).map(([metric, values]) => {
        const other = against.worth[metric];
        const difference = differenceOf(values, other, level, scene.unit);
        const means = { control: moments(other).mean, value: moments(values).mean };
        return { policy: policy.name, metric, ...means, relative: difference, perSeed: [difference] };
      }),
    ),
  });
  return [
    table(place, control, [own, ...rest]),
    ...(rest.length === 0 ? [] : [table(`${place}: others against ${own.name}`, own, rest)]),
  ];
}

function differenceOf(own: Float64Array, other: Float64Array, level: number, unit: string): Estimate {
  return { ...pairedOf(own, other, level), method: `Student t ${100 * level}% over ${own.length} ${unit}, paired` };
}

/** Who everybody is compared with: the first rival, else the first baseline. */
export function controlOf({ rivals, baselines }: PreferenceExperiment): string {
  return rivals.length > 0 ? nameOf(rivals[0]) : baselines[0];
}

/**
 * The same table of several seeds. Worlds are independent: an interval over them. Seeds that share their tests are not:
 * their mean is at most as unsure as they are on average.
 */
export function mergeTables(tables: readonly LiftTable[], level: number, sameData: boolean): LiftTable {
  const merged = mergeLifts(tables, level);
  if (!sameData || tables.length === 1) return merged;
  return {
    ...merged,
    users: tables[0].users,
    rows: merged.rows.map((row) => ({ ...row, relative: overSameTests(row.perSeed, level) })),
  };
}

function overSameTests(perSeed: readonly Estimate[], level: number): Estimate {
  const value = moments(perSeed.map((one) => one.value ?? NaN)).mean;
  const standardError = moments(perSeed.map((one) => one.standardError ?? NaN)).mean;
  const { low, high } = normalInterval(value, standardError, level);
  return {
    ...{ value, standardError, interval: [low, high] },
    method: `mean of ${perSeed.length} seeds, ${100 * level}% over the tests they share`,
  };
}

/** Whether intervals are over worlds rather than within them. */
export function overWorlds(seeds: number, sameData: boolean): boolean {
  return !sameData && seeds >= ENOUGH_SEEDS;
}
