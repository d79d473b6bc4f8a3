import type { Metric, Trial } from '../ab/contract.js';
import { SUMS, type Sums } from './play.js';

export const REWARD = 'reward per request';
export const REVENUE = 'revenue per request';
export const CTR = 'CTR';
export const LONG_CTR = 'long CTR';
export const HIDE_RATE = 'hide rate';

/**
 * What weights are judged by: the reward, which decides; the revenue, which must not fall by more than the margin; and
 * clicks, long clicks and hides per ad shown. All are ratios of sums, so that users count by their requests.
 */
export function utilityMetrics(margin: number): Metric[] {
  const ratio = (name: string, column: string, denominator: string): Metric => ({
    ...{ name, kind: 'ratio', column, denominator, role: 'secondary', better: 'higher' },
  });
  return [
    { ...ratio(REWARD, 'reward', 'requests'), role: 'primary' },
    { ...ratio(REVENUE, 'revenue', 'requests'), role: 'guardrail', margin },
    ratio(CTR, 'click', 'shown'),
    ratio(LONG_CTR, 'longClick', 'shown'),
    { ...ratio(HIDE_RATE, 'hide', 'shown'), better: 'lower' },
  ];
}

/** Users as units, in the order in which they first come. */
export interface Units {
  readonly count: number;
  /** [R] */
  readonly of: Int32Array;
}

export function unitsOf(user: Int32Array): Units {
  const known = new Map<number, number>();
  const of = user.map((own) => {
    const unit = known.get(own) ?? known.size;
    known.set(own, unit);
    return unit;
  });
  return { count: known.size, of };
}

/** Everybody in one arm. */
export function wholeTrial(name: string, units: Units, sums: Sums): Trial {
  return trialOf([name], units, new Int32Array(units.count), () => sums);
}

/** Users split among arms: each brings its requests under its arm. @param arm [U] */
export function splitTrial(names: readonly string[], units: Units, arm: Int32Array, sums: readonly Sums[]): Trial {
  return trialOf(names, units, arm, (a) => sums[a]);
}

function trialOf(arms: readonly string[], units: Units, arm: Int32Array, sumsOf: (arm: number) => Sums): Trial {
  const column = (name: (typeof SUMS)[number]): Float64Array => {
    const own = arms.map((_, a) => sumsOf(a)[name]);
    return arms.length === 1 ? own[0] : Float64Array.from(units.of, (unit, n) => own[arm[unit]][n]);
  };
  return {
    ...{ arms, unit: 'user', arm, covariates: {}, segments: [] },
    observations: {
      unit: units.of,
      columns: {
        requests: new Float64Array(units.of.length).fill(1),
        ...Object.fromEntries(SUMS.map((name) => [name, column(name)])),
      },
    },
  };
}

/** Sum of a metric's numerator ÷ sum of its denominator; null where there is nothing to divide by. */
export function valueOf({ observations: { columns } }: Trial, { column, denominator }: Metric): number | null {
  const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);
  const below = total(columns[denominator ?? 'requests']);
  return below === 0 ? null : total(columns[column]) / below;
}
