import { complaint, expectNumber } from '../../core/check.js';
import type { Estimate } from '../contract.js';
import type { LiftTable } from '../lifts/contract.js';

/** What studies share that print tables of lifts. */

export type LiftRow = LiftTable['rows'][number];

/** What a policy did to the metric that begins with these words. */
export function liftOf({ rows }: LiftTable, policy: string, metric: string): LiftRow {
  const row = rows.find((one) => one.policy === policy && one.metric.startsWith(metric));
  if (row !== undefined) return row;
  throw complaint('usage', {
    where: 'study',
    expected: 'a policy and metric that were tried',
    received: `${policy}, ${metric}`,
  });
}

export const percent = (share: number | null): number => (share === null ? NaN : Math.round(1000 * share) / 10);

/** "13.1 [11.2, 15.0]" in percent. */
export function inPercent({ value, interval }: Estimate, digits = 1): string {
  if (value === null) return 'refused';
  const text = (share: number): string => (100 * share).toFixed(digits);
  return interval === null ? text(value) : `${text(value)} [${text(interval[0])}, ${text(interval[1])}]`;
}

/** A table of lifts: a row per policy and metric, one column per seed where there are several, and the guardrail's. */
export function liftRows(
  { rows, seeds, guardrail }: LiftTable,
  digits = 1,
): { columns: string[]; rows: (string | number | null)[][] } {
  const several = seeds.length > 1;
  const stateOf = (policy: string, metric: string): string =>
    (metric === guardrail?.metric && guardrail.states.find((one) => one.policy === policy)?.state) || '';
  return {
    columns: [
      ...['policy', 'metric', 'control', 'policy’s', 'relative, %'],
      ...(several ? seeds.map((seed) => `seed ${seed}`) : []),
      ...(guardrail === undefined ? [] : [`guardrail ${(-100 * guardrail.margin).toFixed(1)} %`]),
    ],
    rows: rows.map(({ policy, metric, control, value, relative, perSeed }) => [
      ...[policy, metric, control, value, inPercent(relative, digits)],
      ...(several ? perSeed.map((own) => inPercent(own, digits)) : []),
      ...(guardrail === undefined ? [] : [stateOf(policy, metric)]),
    ]),
  };
}

/** So many seeds from the first on. @throws a usage error */
export function seedsFrom({ seed, seeds }: { readonly seed: number; readonly seeds: number }): number[] {
  expectNumber('--seeds', seeds, 1, 1000);
  return Array.from({ length: seeds }, (_, i) => seed + i);
}
