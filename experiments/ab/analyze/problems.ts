import type { Metric, Trial } from '../contract.js';

/** Rows that are told one by one; the others are only counted. */
const TOLD = 5;

/** What makes every number of a trial meaningless, in sentences; empty when nothing does. */
export function problemsOf(trial: Trial, metrics: readonly Metric[]): string[] {
  return [...strangeArms(trial), ...badCells(trial, metrics), ...brokenClusters(trial)];
}

function strangeArms({ arm, arms, observations: { unit, day } }: Trial): string[] {
  const out = arm.findIndex((a) => !(a >= 0 && a < arms.length));
  const lost = unit.findIndex((u) => !(u >= 0 && u < arm.length));
  const back = day === undefined ? -1 : day.findIndex((d, i) => i > 0 && d < day[i - 1]);
  return [
    ...(out < 0 ? [] : [`Unit ${out} has arm ${arm[out]}, and there are ${arms.length} arms.`]),
    ...(lost < 0 ? [] : [`Observation ${lost} is of unit ${unit[lost]}, and there are ${arm.length} units.`]),
    ...(back < 0 ? [] : [`Observation ${back} is of an earlier day than the one before it; sort them by day.`]),
  ];
}

function badCells({ observations: { columns } }: Trial, metrics: readonly Metric[]): string[] {
  const used = new Set(metrics.flatMap(({ column, denominator }) => [column, ...(denominator ? [denominator] : [])]));
  return [...used].flatMap((name) => {
    const values = columns[name];
    const rows: number[] = [];
    let count = 0;
    for (let i = 0; i < values.length; i++) {
      if (Math.abs(values[i]) < Infinity) continue;
      if (count++ < TOLD) rows.push(i);
    }
    if (count === 0) return [];
    const more = count > rows.length ? ` and ${count - rows.length} more` : '';
    return [`Column '${name}' is not a finite number in observations ${rows.join(', ')}${more}.`];
  });
}

function brokenClusters({ cluster, arm, arms }: Trial): string[] {
  if (cluster === undefined) return [];
  const seen = new Map<number, number>();
  const split = new Set<number>();
  for (let u = 0; u < arm.length; u++) {
    const before = seen.get(cluster[u]);
    if (before === undefined) seen.set(cluster[u], arm[u]);
    else if (before !== arm[u]) split.add(cluster[u]);
  }
  const [first] = split;
  if (split.size === 0) return [];
  const both = arms.filter((_, a) => cluster.some((c, u) => c === first && arm[u] === a)).join(' and ');
  return [
    `${split.size} of ${seen.size} clusters have units in several arms (cluster ${first}: ${both}): they were not randomised as a whole.`,
  ];
}
