import type { AbMetric, Effect, Trial } from '../contract.js';
import { asymptoticSequence } from '../stats/asymptotic-sequence.js';
import { posteriorEffect } from '../stats/bayes.js';
import { adjust } from '../stats/multiple-testing.js';
import { guardrail } from '../stats/non-inferiority.js';
import type { Compared, Found } from './compare.js';
import { armEstimate, estimateOf, percent, refusedEstimate } from './estimate.js';
import { TUNED_FOR, type AnalysisOptions } from './options.js';
import type { Plan } from './plan.js';

/** How the interval of a metric's difference is made. */
export function methodOf({ metric, form }: Plan, level: number): string {
  if (metric.kind === 'quantile') return `order statistics ${percent(level)}`;
  return `${form === 'ratio' ? 'delta, ' : ''}Welch ${percent(level)}`;
}

/** A metric as the report shows it. */
export function metricOf(
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
  { difference, relative, cuped, permutationP }: Compared,
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
    ...(permutationP === undefined ? {} : { permutationPValue: permutationP }),
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
    bayes: beliefOf(metric.better === 'higher' ? effect : -effect, standardError),
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
export function corrected(metrics: readonly AbMetric[], { correction = 'none' }: AnalysisOptions): AbMetric[] {
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

function beliefOf(gain: number, standardError: number): NonNullable<Effect['bayes']> {
  const { chanceToWin, risk } = posteriorEffect(gain, standardError);
  return { chanceToWin, risk };
}
