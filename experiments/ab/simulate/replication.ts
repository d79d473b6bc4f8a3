import { z } from 'zod';
import { hash32 } from '../../../core/random.js';
import type { AbExperiment, DesignName } from '../../config/ab-schema.js';
import { analyseTrial } from '../analyze/analyse.js';
import type { Metric } from '../contract.js';
import { drawAssignment, everybody, type Assignment, type AssignmentRequest } from './assignment.js';
import { playMarket } from './market-world.js';
import type { Rows } from './rows.js';
import { beforeName, trialOf } from './trial.js';
import { pairedEffect } from './truth.js';

/** What one of many simulated tests said; equal for any number of workers. */
export const replicationSchema = z.object({
  designs: z.array(
    z.object({
      design: z.string(),
      arm: z.number(),
      truth: z.number(),
      value: z.number(),
      low: z.number(),
      high: z.number(),
    }),
  ),
  looks: z.array(
    z.object({
      arm: z.number(),
      days: z.array(z.object({ day: z.number(), units: z.number(), fixed: z.boolean(), always: z.boolean() })),
    }),
  ),
});
export type Replication = z.infer<typeof replicationSchema>;

/** The metric a simulation is about: the first primary one, else the first. */
export function primaryMetric({ metrics }: Pick<AbExperiment, 'metrics'>): Metric {
  return plainMetric(metrics.find(({ role }) => role === 'primary') ?? metrics[0]);
}

/** A metric of the config without the keys that were left open; the covariate 'before' by its name in a trial. */
export function plainMetric(metric: AbExperiment['metrics'][number]): Metric {
  const { name, kind, column, role, better, denominator, quantile, covariate, margin } = metric;
  return {
    name,
    kind,
    column,
    role,
    better,
    ...(denominator === undefined ? {} : { denominator }),
    ...(quantile === undefined ? {} : { quantile }),
    ...(covariate === undefined ? {} : { covariate: covariate === 'before' ? beforeName(column) : covariate }),
    ...(margin === undefined ? {} : { margin }),
  };
}

/**
 * The primary metric in a form that means the same whatever is randomised: Σ column ÷ Σ denominator, per request unless it
 * is a ratio already. A mean per user, per session and per window are different numbers and cannot be compared.
 */
export function comparableMetric(experiment: Pick<AbExperiment, 'metrics'>): Metric {
  const { name, column, denominator = 'requests', role, better } = primaryMetric(experiment);
  return { name: `${name} per ${denominator.replace(/s$/, '')}`, kind: 'ratio', column, denominator, role, better };
}

export interface ReplicationRequest {
  readonly experiment: AbExperiment;
  readonly number: number;
  /** Everybody in each arm, with the luck of this replication. */
  readonly everybody: readonly Rows[];
  readonly rowsOf: (assignment: Assignment) => Rows;
}

/** Seed of a replication: of its assignments, and in a market of its luck. */
export function replicationSeed({ seed }: AbExperiment, number: number): number {
  return hash32(`replication/${seed}/${number}`);
}

/** Runs every design once beside the truth, and the test itself day by day. */
export function replicate({ experiment, number, everybody: all, rowsOf }: ReplicationRequest): Replication {
  const { arms, designs, power, design } = experiment;
  const request = (name: DesignName): AssignmentRequest =>
    assignmentRequest(experiment, name, replicationSeed(experiment, number));
  const treated = arms.slice(1).map((_, i) => i + 1);
  return {
    designs:
      number >= designs.replications
        ? []
        : designs.names.flatMap((name) =>
            estimates(experiment, drawAssignment(request(name)), { all, rowsOf, treated }),
          ),
    looks:
      number >= power.replications
        ? []
        : lookedAt(experiment, drawAssignment(request(design.split)), { rowsOf, treated }),
  };
}

/** Shares of the arms: those given, the rest evenly. */
export function sharesOf({ arms }: Pick<AbExperiment, 'arms'>): number[] {
  const given = arms.reduce((sum, { share = 0 }) => sum + share, 0);
  const open = arms.filter(({ share }) => share === undefined).length;
  return arms.map(({ share }) => share ?? (1 - given) / open);
}

export function assignmentRequest(experiment: AbExperiment, design: DesignName, seed: number): AssignmentRequest {
  const { users, days, design: options } = experiment;
  return { seed, users, days, shares: sharesOf(experiment), design, options };
}

interface Played {
  readonly rowsOf: (assignment: Assignment) => Rows;
  readonly treated: readonly number[];
}

function estimates(
  experiment: AbExperiment,
  assignment: Assignment,
  { all, rowsOf, treated }: Played & { readonly all: readonly Rows[] },
): Replication['designs'] {
  const metric = comparableMetric(experiment);
  const { level } = experiment.analysis;
  const trial = trialOf({ experiment, assignment, rows: rowsOf(assignment), cuts: [] });
  const section = analyseTrial(trial, [metric], { name: assignment.design, control: experiment.arms[0].name, level });
  const whole = (arm: number): ReturnType<typeof trialOf> =>
    trialOf({ experiment, assignment: everybody(arm, experiment.arms.length), rows: all[arm], cuts: [] });
  const control = whole(0);
  return treated.flatMap((arm) => {
    const effect = section.metrics[0].effects.find((one) => one.arm === experiment.arms[arm].name);
    const { value = null, interval = null } = effect?.difference ?? {};
    if (value === null || interval === null) return [];
    const truth = pairedEffect(whole(arm), control, metric, level).difference.value ?? NaN;
    return [{ design: assignment.design, arm, truth, value, low: interval[0], high: interval[1] }];
  });
}

function lookedAt(experiment: AbExperiment, assignment: Assignment, { rowsOf, treated }: Played): Replication['looks'] {
  const trial = trialOf({ experiment, assignment, rows: rowsOf(assignment), cuts: [] });
  const section = analyseTrial(trial, [primaryMetric(experiment)], {
    name: 'power',
    control: experiment.arms[0].name,
    level: experiment.analysis.level,
    looks: true,
    sequential: true,
  });
  const excludes = (interval: readonly [number, number] | null): boolean =>
    interval !== null && (interval[0] > 0 || interval[1] < 0);
  return treated.flatMap((arm) => {
    const series = section.looks.find((one) => one.arm === experiment.arms[arm].name);
    if (series === undefined) return [];
    let found = false;
    return [
      {
        arm,
        days: series.looks.map(({ day, units, naive, alwaysValid }) => {
          found ||= excludes(alwaysValid);
          return { day, units, fixed: excludes(naive), always: found };
        }),
      },
    ];
  });
}

/** One replication in a market: every design and arm is played anew, with luck of its own. */
export function replicateMarket(experiment: AbExperiment, number: number): Replication {
  const luck = replicationSeed(experiment, number);
  const { arms, designs } = experiment;
  const compares = number < designs.replications && designs.names.length > 0;
  return replicate({
    experiment,
    number,
    everybody: compares
      ? arms.map((_, arm) => playMarket({ experiment, assignment: everybody(arm, arms.length), luck, novel: false }))
      : [],
    rowsOf: (assignment) => playMarket({ experiment, assignment, luck, novel: true }),
  });
}
