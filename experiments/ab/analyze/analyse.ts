import type { AbMetric, AbSection, Effect, Metric, Trial } from '../contract.js';
import { asymptoticSequence } from '../stats/asymptotic-sequence.js';
import { posteriorEffect } from '../stats/bayes.js';
import { adjust } from '../stats/multiple-testing.js';
import { guardrail } from '../stats/non-inferiority.js';
import { SAMPLE_RATIO_ALARM, sampleRatioP } from '../stats/sample-ratio.js';
import { assumptionsOf } from './assumptions.js';
import { compare, measure, type Compared, type Measured } from './compare.js';
import { armEstimate, estimateOf, percent, refusedEstimate } from './estimate.js';
import { frameOf, type Frame } from './frame.js';
import { layOut, type Layout } from './layout.js';
import { playDays } from './looks.js';
import { checkRequest, type AnalysisOptions } from './options.js';
import { planOf, type Plan } from './plan.js';
import { problemsOf } from './problems.js';
import { segmentEffects } from './segments.js';
import { judge } from './verdict.js';

/** Units at which always-valid intervals are narrowest unless stated otherwise, as in GrowthBook. */
const TUNED_FOR = 5000;

/**
 * What a trial says of each metric and arm, and whether it can be believed. A number that the data cannot carry is null
 * with its reason; what is wrong with the trial as a whole makes the verdict "unsupported".
 *
 * Units keep the arm they were given, whether seen or not (intention to treat). Where `trial.cluster` is given, clusters
 * are what was randomised, and every standard error is over clusters. Of an arm that begins late only the days that all
 * arms share are compared.
 *
 * @throws a usage error when the request does not fit the trial (no such column, arm, covariate …)
 */
export function analyseTrial(trial: Trial, metrics: readonly Metric[], options: AnalysisOptions): AbSection {
  checkRequest(trial, metrics, options);
  const problems = problemsOf(trial, metrics);
  if (problems.length > 0) return refusedSection(trial, metrics, options, problems);
  const control = trial.arms.indexOf(options.control);
  const { level, tunedFor = TUNED_FOR, looks = false } = options;
  const layout = layOut(trial);
  const plans = metrics.map((metric) => planOf(metric, trial.cluster !== undefined));
  const frame = frameFor(trial, layout, plans);
  const series = playDays(trial, layout, frame, plans, { control, level, tunedFor, looks });
  const measured = plans.map((plan) =>
    trial.arms.map((_, a) => measure(frame, plan, { from: layout.start[a], to: layout.start[a + 1] }, level)),
  );
  const found = plans.map((plan, m) => {
    const compared = measured[m].map((arm, a) =>
      a === control ? undefined : compare(measured[m][control], arm, plan, level),
    );
    return { plan, measured: measured[m], compared };
  });
  const judged = corrected(
    found.map((one) => metricOf(one, trial, control, options)),
    options,
  );
  const planned = sharesOf(trial, options);
  const counts = measured[0].map(({ value }) => value.units);
  const p = sampleRatioP(counts, planned);
  const section = {
    ...headOf(trial, options),
    arms: trial.arms.map((name, a) => ({
      name,
      units: layout.start[a + 1] - layout.start[a],
      planned: planned[a],
    })),
    sampleRatio: { p, alarm: p < SAMPLE_RATIO_ALARM },
    metrics: judged,
    looks: series,
    segments: segmentEffects(trial, layout, frame, plans, { control, level, method: (plan) => methodOf(plan, level) }),
    assumptions: assumptionsOf(trial, metrics, options),
  };
  return { ...section, ...judge({ trial, section, found, layout, options, counts, control }) };
}

/** A metric with all that was computed of it. */
export interface Found {
  readonly plan: Plan;
  /** [A] */
  readonly measured: readonly Measured[];
  /** [A] undefined at the control */
  readonly compared: readonly (Compared | undefined)[];
}

const headOf = (
  trial: Trial,
  { name, control, level }: AnalysisOptions,
): Pick<AbSection, 'name' | 'unit' | 'control' | 'level'> => ({
  name,
  unit: trial.unit,
  control,
  level,
});

function sharesOf({ arms }: Trial, { planned }: AnalysisOptions): number[] {
  const shares = planned ?? arms.map(() => 1);
  const whole = shares.reduce((a, b) => a + b, 0);
  return shares.map((share) => share / whole);
}

function frameFor(trial: Trial, layout: Layout, plans: readonly Plan[]): Frame {
  const parts = plans.flatMap((plan) => [...plan.parts, ...(plan.before?.parts ?? [])]);
  const named = (from: 'observed' | 'before'): Set<string> =>
    new Set(parts.filter((part) => part.from === from).map(({ column }) => column));
  return frameOf(trial, layout, named('observed'), named('before'));
}

/** How the interval of a metric's difference is made. */
function methodOf({ metric, form }: Plan, level: number): string {
  if (metric.kind === 'quantile') return `order statistics ${percent(level)}`;
  return `${form === 'ratio' ? 'delta, ' : ''}Welch ${percent(level)}`;
}

function metricOf(
  { plan, measured, compared }: Found,
  trial: Trial,
  control: number,
  options: AnalysisOptions,
): AbMetric {
  const { level } = options;
  return {
    metric: plan.metric,
    values: trial.arms.map((arm, a) => ({ arm, value: armEstimate(measured[a].value, level) })),
    effects: compared.flatMap((one, a) => {
      if (one === undefined) return [];
      const units = measured[control].value.units + measured[a].value.units;
      return [effectOf(one, plan, { arm: trial.arms[a], units, options })];
    }),
  };
}

function effectOf(
  { difference, relative, cuped }: Compared,
  plan: Plan,
  { arm, units, options }: { readonly arm: string; readonly units: number; readonly options: AnalysisOptions },
): Effect {
  const { level, tunedFor = TUNED_FOR, sequential = false, truth } = options;
  const { metric } = plan;
  const known = truth?.(metric.name, arm);
  const truly = known === undefined ? {} : { truth: known };
  const unclear = metric.role === 'guardrail' ? { guardrail: 'unclear' as const } : {};
  if (typeof difference === 'string')
    return {
      arm,
      difference: refusedEstimate(difference),
      relative: refusedEstimate(difference),
      pValue: null,
      ...unclear,
      ...truly,
    };
  const { effect, standardError } = difference;
  const band = asymptoticSequence({ difference: effect, standardError, units, level, tunedFor });
  const always = {
    difference: {
      value: effect,
      standardError,
      interval: [band.low, band.high] as const,
      method: `asymptotic sequence ${percent(level)}`,
    },
    pValue: band.pValue,
  };
  const method = methodOf(plan, level);
  return {
    arm,
    difference: estimateOf(difference, method),
    relative: typeof relative === 'string' ? refusedEstimate(relative) : estimateOf(relative, `relative ${method}`),
    pValue: difference.pValue,
    ...(typeof relative === 'string' ? {} : { relativePValue: relative.pValue }),
    ...(cuped === undefined || cuped === null || metric.covariate === undefined
      ? {}
      : {
          cuped: {
            covariate: metric.covariate,
            theta: cuped.theta,
            correlation: cuped.correlation,
            varianceReduction: cuped.varianceReduction,
            difference: estimateOf(cuped.difference, `CUPED, ${method}`),
            ...(cuped.relative === null ? {} : { relative: estimateOf(cuped.relative, `relative CUPED, ${method}`) }),
            pValue: cuped.difference.pValue,
            warnings: [...cuped.alarms, ...cuped.remarks],
          },
        }),
    ...(sequential ? { sequential: always } : {}),
    bayes: posteriorEffect(metric.better === 'higher' ? effect : -effect, standardError),
    ...(metric.role !== 'guardrail'
      ? {}
      : {
          guardrail:
            typeof relative === 'string'
              ? ('unclear' as const)
              : guardrail(relative, metric.better, metric.margin ?? 0, level),
        }),
    ...truly,
  };
}

/** Adds the p-values corrected over all metrics and arms but the guardrails, where a correction was asked for. */
function corrected(metrics: readonly AbMetric[], { correction = 'none' }: AnalysisOptions): AbMetric[] {
  if (correction === 'none') return [...metrics];
  const counted = ({ metric }: AbMetric): boolean => metric.role !== 'guardrail';
  const family = metrics.filter(counted).flatMap(({ effects }) => effects.flatMap(({ pValue }) => pValue ?? []));
  const adjusted = adjust(family, correction);
  let next = 0;
  return metrics.map((one) =>
    counted(one)
      ? {
          ...one,
          effects: one.effects.map((effect) =>
            effect.pValue === null ? effect : { ...effect, adjustedPValue: adjusted[next++] },
          ),
        }
      : one,
  );
}

/** The answer to a trial that cannot be analysed: every number refused, with the reasons. */
function refusedSection(
  trial: Trial,
  metrics: readonly Metric[],
  options: AnalysisOptions,
  problems: readonly string[],
): AbSection {
  const counts = trial.arms.map((_, a) => trial.arm.reduce((n, arm) => n + (arm === a ? 1 : 0), 0));
  const planned = sharesOf(trial, options);
  const p = sampleRatioP(counts, planned);
  const nothing = refusedEstimate(problems[0]);
  return {
    ...headOf(trial, options),
    arms: trial.arms.map((name, a) => ({ name, units: counts[a], planned: planned[a] })),
    sampleRatio: { p, alarm: p < SAMPLE_RATIO_ALARM },
    metrics: metrics.map((metric) => ({
      metric,
      values: trial.arms.map((arm) => ({ arm, value: nothing })),
      effects: trial.arms
        .filter((arm) => arm !== options.control)
        .map((arm) => ({ arm, difference: nothing, relative: nothing, pValue: null })),
    })),
    looks: [],
    segments: [],
    verdict: 'unsupported',
    reasons: problems,
    assumptions: assumptionsOf(trial, metrics, options),
  };
}
