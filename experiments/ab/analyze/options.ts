import { expectLength, GymError, suggestion } from '../../../core/check.js';
import type { Metric, Trial } from '../contract.js';
import type { Correction } from '../stats/multiple-testing.js';

/** Units at which always-valid intervals are narrowest unless stated otherwise, as in GrowthBook. */
export const TUNED_FOR = 5000;

/** What an analysis is told besides the trial and its metrics. */
export interface AnalysisOptions {
  readonly name: string;
  /** Name of the arm that the others are compared with. */
  readonly control: string;
  /** Two-sided, of every interval, e.g. 0.95. */
  readonly level: number;
  /** [A] planned share of each arm, in any unit; equal by default. */
  readonly planned?: readonly number[];
  /** Also how the differences moved from day to day, with a naive and an always-valid band. */
  readonly looks?: boolean;
  /** Also intervals that hold however often one looks. */
  readonly sequential?: boolean;
  /** Units at which the always-valid intervals are narrowest: 5,000 by default. */
  readonly tunedFor?: number;
  /** For several metrics and arms, guardrails left aside. */
  readonly correction?: Correction;
  /** Also permutation tests of means and proportions, with so many draws from this seed; not where clusters were randomised. */
  readonly permutations?: { readonly replicates: number; readonly seed: number };
  /** The true difference, where a world knows it. */
  readonly truth?: (metric: string, arm: string) => number | undefined;
}

/** Complains of what cannot be asked of this trial; problems of the data are answered with a verdict instead. */
export function checkRequest(trial: Trial, metrics: readonly Metric[], options: AnalysisOptions): void {
  checkLengths(trial);
  const { control, level, planned, tunedFor, permutations } = options;
  const wrong = (where: string, expected: string, received: string, hint = ''): never => {
    throw new GymError(
      'usage',
      `${where}: expected ${expected}, received ${received}.${hint === '' ? '' : ` ${hint}`}`,
    );
  };
  if (trial.arms.length < 2) wrong('arms', 'at least two', String(trial.arms.length));
  if (!trial.arms.includes(control))
    wrong('control', 'the name of an arm', `'${control}'`, suggestion(control, trial.arms));
  if (!(level > 0.5 && level < 1)) wrong('level', 'a number between 0.5 and 1', String(level));
  if (tunedFor !== undefined && !(tunedFor > 0)) wrong('tunedFor', 'a number of units above 0', String(tunedFor));
  if (permutations !== undefined && !(permutations.replicates >= 1 && Number.isInteger(permutations.replicates)))
    wrong('permutations', 'a whole number from 1 up', String(permutations.replicates));
  if (planned !== undefined) {
    if (planned.length !== trial.arms.length)
      wrong('planned', `one share per arm (${trial.arms.join(', ')})`, String(planned.length));
    const bad = planned.find((share) => !(share >= 0 && share < Infinity));
    if (bad !== undefined) wrong('planned', 'shares of at least 0', String(bad));
    if (!planned.some((share) => share > 0)) wrong('planned', 'a share above 0', planned.join(', '));
  }
  if (metrics.length === 0) wrong('metrics', 'at least one', 'none');
  const twice = metrics.find(({ name }, i) => metrics.findIndex((other) => other.name === name) !== i);
  if (twice !== undefined) wrong('metrics', 'different names', `'${twice.name}' twice`);
  for (const metric of metrics) checkMetric(trial, metric, wrong);
}

function checkLengths({ arm, covariates, segments, cluster, observations: { unit, day, columns } }: Trial): void {
  const units = { units: arm.length };
  const rows = { observations: unit.length };
  for (const [name, values] of Object.entries(covariates)) expectLength(`covariate ${name}`, values, units);
  for (const { name, code } of segments) expectLength(`segments by ${name}`, code, units);
  if (cluster !== undefined) expectLength('clusters', cluster, units);
  if (day !== undefined) expectLength('days', day, rows);
  for (const [name, values] of Object.entries(columns)) expectLength(`column ${name}`, values, rows);
}

type Wrong = (where: string, expected: string, received: string, hint?: string) => never;

function checkMetric({ observations, covariates }: Trial, metric: Metric, wrong: Wrong): void {
  const { name, kind, column, denominator, quantile, covariate, covariateDenominator, margin } = metric;
  const where = `metric ${name}`;
  const known = (table: Readonly<Record<string, unknown>>, key: string, what: string): void => {
    if (!Object.hasOwn(table, key)) wrong(where, what, `'${key}'`, suggestion(key, Object.keys(table)));
  };
  known(observations.columns, column, 'a column of the observations');
  if (kind === 'ratio' && denominator === undefined) wrong(where, 'a denominator', 'none');
  if (denominator !== undefined) known(observations.columns, denominator, 'a column of the observations');
  if (kind === 'quantile' && !(quantile !== undefined && quantile > 0 && quantile < 1))
    wrong(where, 'a quantile between 0 and 1', String(quantile));
  if (covariate !== undefined) known(covariates, covariate, 'a covariate of the units');
  if (covariateDenominator !== undefined) known(covariates, covariateDenominator, 'a covariate of the units');
  if (margin !== undefined && !(margin >= 0 && margin < Infinity))
    wrong(where, 'a margin of at least 0, such as 0.01', String(margin));
}
