import type { AbSection, Metric, Trial } from '../contract.js';
import { SAMPLE_RATIO_ALARM, sampleRatioP } from '../stats/sample-ratio.js';
import { assumptionsOf } from './assumptions.js';
import { compare, measure, permuted, type Found } from './compare.js';
import { corrected, methodOf, metricOf } from './effects.js';
import { refusedEstimate } from './estimate.js';
import { frameOf, type Frame, type Stretch } from './frame.js';
import { layOut, type Layout } from './layout.js';
import { playDays } from './looks.js';
import { checkRequest, TUNED_FOR, type AnalysisOptions } from './options.js';
import { planOf, type Plan } from './plan.js';
import { problemsOf } from './problems.js';
import { roughRelatives, roughTails, thirdMoment } from './roughness.js';
import { segmentEffects } from './segments.js';
import { judge } from './verdict.js';

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
  const found = plans.map((plan) => findOf(plan, trial, layout, frame, options));
  const judged = corrected(
    found.map((one) => metricOf(one, trial, control, options)),
    options,
  );
  const planned = sharesOf(trial, options);
  const counts = found[0].measured.map(({ value }) => value.units);
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

function findOf(
  plan: Plan,
  trial: Trial,
  { start }: Layout,
  frame: Frame,
  { level, permutations, ...options }: AnalysisOptions,
): Found {
  const control = trial.arms.indexOf(options.control);
  const stretch = (a: number): Stretch => ({ from: start[a], to: start[a + 1] });
  const measured = trial.arms.map((_, a) => measure(frame, plan, stretch(a), level));
  const compared = measured.map((arm, a) => {
    if (a === control) return undefined;
    const one = compare(measured[control], arm, plan, level);
    const p =
      permutations === undefined ? undefined : permuted(frame, plan, [stretch(control), stretch(a)], permutations);
    return p === undefined ? one : { ...one, permutationP: p };
  });
  const thirds = measured.map((arm, a) => thirdMoment(frame, plan, stretch(a), arm));
  const against = compared.flatMap((one, a) =>
    one === undefined ? [] : [{ a, name: trial.arms[a], measured: measured[a], compared: one }],
  );
  const tails = against.flatMap(({ a, name, compared: one }) => {
    const rough = roughTails(one, [thirds[control], thirds[a]], level);
    return rough === undefined ? [] : [`${name}: ${rough}`];
  });
  const relatives = roughRelatives(against, measured[control], level);
  const remarks = [...tails, ...(relatives === undefined ? [] : [relatives])];
  return { plan, measured, compared, remarks };
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
