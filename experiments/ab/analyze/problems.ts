import type { Metric, Trial } from '../contract.js';

/** Rows that are told one by one; the others are only counted. */
const TOLD = 5;

/** What makes every number of a trial meaningless, in sentences; empty when nothing does. */
export function problemsOf(trial: Trial, metrics: readonly Metric[]): string[] {
  return [...strangeArms(trial), ...badCells(trial, metrics), ...brokenClusters(trial)];
}

function strangeArms({ arm, arms, observations: { unit, day } }: Trial): string[] {
  const out = outside(arm, arms.length);
  const lost = outside(unit, arm.length);
  let back = -1;
  if (day !== undefined) for (let i = 1; i < day.length && back < 0; i++) if (day[i] < day[i - 1]) back = i;
  return [
    ...(out < 0 ? [] : [`Unit ${out} has arm ${arm[out]}, and there are ${arms.length} arms.`]),
    ...(lost < 0 ? [] : [`Observation ${lost} is of unit ${unit[lost]}, and there are ${arm.length} units.`]),
    ...(back < 0 ? [] : [`Observation ${back} is of an earlier day than the one before it; sort them by day.`]),
  ];
}

/** The first index that is not in [0, size), −1 when all are. */
function outside(indices: Int32Array, size: number): number {
  for (let i = 0; i < indices.length; i++) if (indices[i] < 0 || indices[i] >= size) return i;
  return -1;
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
