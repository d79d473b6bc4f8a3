import type { Metric } from '../contract.js';
import type { Form } from '../stats/arm-value.js';

/** One column of a metric's sums. */
export interface Part {
  /** The units' sums so far, what was known before, or the number of units (of a cluster). */
  readonly from: 'observed' | 'before' | 'units';
  readonly column: string;
  /** 1 where the unit's sum is above 0, else 0. */
  readonly positive?: true;
}

/** How a metric is computed from one row per randomised unit. */
export interface Plan {
  readonly metric: Metric;
  readonly form: Form;
  readonly parts: readonly Part[];
  /** Of a metric with a covariate: the columns that follow, and whether they are a ratio. */
  readonly before?: { readonly parts: readonly Part[]; readonly form: 'mean' | 'ratio' };
}

const UNITS: Part = { from: 'units', column: '' };

/**
 * Where clusters were randomised a row is a cluster, and every mean over units is a ratio of cluster sums: Σ of the
 * units' values over the number of units. That is the whole difference. A quantile's plan names its column alone.
 */
export function planOf(metric: Metric, clustered: boolean): Plan {
  const { kind, column, denominator, covariate, covariateDenominator } = metric;
  const top: Part = { from: 'observed', column, ...(kind === 'proportion' ? { positive: true } : {}) };
  const bottom: Part = kind === 'ratio' ? { from: 'observed', column: denominator ?? '' } : UNITS;
  const ratio = kind === 'ratio' || (clustered && kind !== 'quantile');
  const plan: Plan = {
    metric,
    form: ratio ? 'ratio' : kind === 'proportion' ? 'proportion' : 'mean',
    parts: ratio ? [top, bottom] : [top],
  };
  if (covariate === undefined || kind === 'quantile') return plan;
  const known: Part = { from: 'before', column: covariate };
  const over: Part | undefined =
    covariateDenominator === undefined
      ? clustered
        ? UNITS
        : undefined
      : { from: 'before', column: covariateDenominator };
  return {
    ...plan,
    before: over === undefined ? { parts: [known], form: 'mean' } : { parts: [known, over], form: 'ratio' },
  };
}
