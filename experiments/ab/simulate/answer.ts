import type { AbExperiment } from '../../config/ab-schema.js';
import type { Answer, Verdict } from '../../contract.js';
import { change, decimalsFor, fixed, range } from '../../report/numbers.js';
import type { AbSection } from '../contract.js';
import type { Agreement } from './contract.js';
import type { Drift } from './drift.js';
import { primaryMetric } from './replication.js';

/**
 * The answer in one sentence: what is true in the world for the first arm beside the control, and what the test would
 * have said.
 */
export function answerOf(
  experiment: AbExperiment,
  section: AbSection,
  agreements: readonly Agreement[],
  drifts: readonly Drift[],
): Answer {
  const [control, { name }] = experiment.arms;
  const metric = primaryMetric(experiment);
  const found = section.metrics.find((one) => one.metric.name === metric.name);
  const effect = found?.effects.find((one) => one.arm === name);
  const truth = agreements[0]?.rows.find(({ method }) => method.startsWith('simulator'))?.estimate;
  const reasons = [
    ...section.reasons,
    ...agreements.filter(({ agree }) => agree === false).map(({ sentence, quantity }) => `${quantity}: ${sentence}`),
    ...drifts.flatMap(driftReason),
    ...guardrailReasons(section),
  ];
  const decimals = decimalsFor([truth, effect?.difference].flatMap((one) => (one === undefined ? [] : [one])));
  const said =
    effect === undefined || effect.difference.value === null || effect.difference.interval === null
      ? `the test (${section.name}) cannot say`
      : `the test (${section.name}) says ${fixed(effect.difference.value, decimals)}, interval ${range(effect.difference.interval, decimals)}`;
  if (truth === undefined || truth.value === null || truth.interval === null)
    return {
      verdict: section.verdict,
      sentence: `'${name}' against '${control.name}', ${metric.name}: ${said}.`,
      reasons,
    };
  const base = found?.values.find((one) => one.arm === control.name)?.value.value;
  const relative =
    base === undefined || base === null || base === 0 ? '' : ` (${change(truth.value / Math.abs(base))})`;
  const [low, high] = truth.interval;
  const certain = low > 0 || high < 0;
  const verb = !certain
    ? 'does not demonstrably change'
    : low > 0 === (metric.better === 'higher')
      ? 'improves'
      : 'worsens';
  return {
    verdict: verdictOf(section.verdict, certain, agreements),
    sentence: `In this world '${name}' for everybody ${verb} ${metric.name}: ${fixed(truth.value, decimals)}${relative}, interval ${range(truth.interval, decimals)}; ${said}.`,
    reasons,
  };
}

function verdictOf(section: Verdict, certain: boolean, agreements: readonly Agreement[]): Verdict {
  if (section === 'unsupported') return section;
  return certain && section === 'supported' && agreements.every(({ agree }) => agree !== false) ? 'supported' : 'weak';
}

function driftReason({ curve, slope }: Drift): string[] {
  const { value, interval } = slope;
  if (value === null || interval === null || (interval[0] <= 0 && interval[1] >= 0)) return [];
  const direction = value > 0 ? 'grows' : 'falls';
  return [
    `The difference of '${curve.name}' ${direction} from day to day (by ${value.toPrecision(2)} a day): the change may be met as a change, and the mean over the test is not what will stay.`,
  ];
}

function guardrailReasons({ metrics }: AbSection): string[] {
  return metrics.flatMap(({ metric, effects }) =>
    effects
      .filter(({ guardrail }) => guardrail === 'broken')
      .map(({ arm }) => `Guardrail ${metric.name}: '${arm}' breaks it.`),
  );
}
