import { meanInterval, normalInterval } from '../../core/stats/intervals.js';
import { moments } from '../../core/stats/moments.js';
import type { Estimate } from '../contract.js';
import type { Guardrail, GuardrailState, LiftTable } from './contract.js';

/** Seeds from which an interval over seeds is given. */
export const ENOUGH_SEEDS = 3;

/** The same table of several seeds as one: means of the values, lifts over the seeds, the guardrail of those. */
export function mergeLifts(tables: readonly LiftTable[], level: number): LiftTable {
  const [first] = tables;
  const mean = (values: readonly (number | null)[]): number | null => {
    const known = values.filter((value) => value !== null);
    return known.length < values.length ? null : moments(known).mean;
  };
  const rows = first.rows.map((row, i) => {
    const own = tables.map((table) => table.rows[i]);
    const perSeed = own.flatMap((one) => one.perSeed);
    return {
      ...row,
      control: mean(own.map(({ control }) => control)),
      value: mean(own.map(({ value }) => value)),
      perSeed,
      relative: overSeeds(perSeed, level),
    };
  });
  const { guardrail } = first;
  return {
    ...first,
    seeds: tables.flatMap(({ seeds }) => seeds),
    users: tables.reduce((sum, { users }) => sum + users, 0),
    rows,
    ...(guardrail === undefined ? {} : { guardrail: guardrailOf(rows, guardrail) }),
  };
}

/** Mean of the seeds' lifts: Student's interval over three seeds or more, else over the users of the seeds. */
export function overSeeds(perSeed: readonly Estimate[], level: number): Estimate {
  const values = perSeed.flatMap(({ value }) => (value === null ? [] : [value]));
  const refused = perSeed.find(({ value }) => value === null);
  if (refused !== undefined) return refused;
  if (values.length === 1) return perSeed[0];
  const { n, mean, variance } = moments(values);
  if (n < ENOUGH_SEEDS) {
    const standardError = Math.hypot(...perSeed.map((one) => one.standardError ?? NaN)) / n;
    const { low, high } = normalInterval(mean, standardError, level);
    const method = `mean of ${n} seeds, ${100 * level}% over their users`;
    return { value: mean, standardError, interval: [low, high], method };
  }
  const { low, high } = meanInterval(mean, Math.sqrt(variance), n, level);
  const method = `Student t ${100 * level}% over ${n} seeds`;
  return { value: mean, standardError: Math.sqrt(variance / n), interval: [low, high], method };
}

/** Whether every policy kept the metric within the margin. */
export function guardrailOf(
  rows: LiftTable['rows'],
  { metric, margin }: Pick<Guardrail, 'metric' | 'margin'>,
): Guardrail {
  const states = rows
    .filter((row) => row.metric === metric)
    .map(({ policy, relative }) => ({ policy, state: stateOf(relative, margin) }));
  return { metric, margin, states };
}

/**
 * kept where the interval of the lift lies above −margin, broken where it lies below, unclear in between and where
 * nothing can be told.
 *
 * @param margin the largest tolerated relative loss, e.g. 0.03; 0 tolerates none
 */
export function stateOf({ interval }: Pick<Estimate, 'interval'>, margin: number): GuardrailState {
  if (interval === null) return 'unclear';
  if (interval[0] > -margin) return 'kept';
  return interval[1] < -margin ? 'broken' : 'unclear';
}
