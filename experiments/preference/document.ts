import type { PreferenceExperiment } from '../config/preference-schema.js';
import type { Curve, Provenance, ReportDocument } from '../contract.js';
import { answerOf } from './answer.js';
import { mergeTables, tablesOf } from './judging.js';
import { meanOf } from './paired.js';
import type { PreferenceSeedResult } from './seed-run.js';

/** Points of a learning curve kept in the report. */
const CURVE_POINTS = 100;

/** One seed as a report of its own; `mergePreferenceSeeds` puts several together. */
export function preferenceDocument(
  experiment: PreferenceExperiment,
  result: PreferenceSeedResult,
  from: Provenance,
): ReportDocument {
  const { scene } = result;
  const { context, reward } = scene.data;
  const lifts = tablesOf(experiment, result);
  const shown = Float64Array.from(reward.flatMap((side) => [...side]));
  return {
    format: 'recsys-gym/report',
    version: 1,
    id: experiment.id,
    question: experiment.question,
    answer: answerOf(experiment, lifts),
    provenance: from,
    data: {
      ...{ source: scene.about, rows: context.length, actions: scene.shape.candidates, rewardFormula: scene.formula },
      rewardRate: meanOf(shown, experiment.evaluation.level),
      ...(scene.warnings.length === 0 ? {} : { warnings: scene.warnings }),
      splits: [
        { name: 'comparisons', rows: context.length, purpose: 'the policies learn from them' },
        { name: scene.unit, rows: scene.judges.length, purpose: 'what policies do there is known, and judges them' },
      ],
    },
    ...{ models: [], policies: [], comparisons: [], segments: [], rollouts: [] },
    curves: curvesOf(result),
    lifts,
  };
}

function curvesOf({ seed, learned }: PreferenceSeedResult): Curve[] {
  return learned.flatMap(({ name, curve }) => {
    const keys = [...new Set(curve.flatMap((entry) => Object.keys(entry)))].filter((key) => key !== 'pass');
    const every = Math.ceil(curve.length / CURVE_POINTS);
    const kept = curve.filter((_, i) => i % every === 0 || i === curve.length - 1);
    return keys.map((key): Curve => ({
      ...{ chart: `${name}: ${key}`, name: `${name}, seed ${seed}` },
      ...{ xLabel: 'passes over the comparisons', yLabel: key },
      points: kept.map((entry) => [entry['pass'], entry[key]]),
    }));
  });
}

/** Several seeds as one report: differences over worlds, or over the tests that seeds share. */
export function mergePreferenceSeeds(
  experiment: PreferenceExperiment,
  seeds: readonly ReportDocument[],
  from: Provenance,
): ReportDocument {
  const [first] = seeds;
  if (seeds.length === 1) return { ...first, provenance: from };
  const sameData = experiment.source.from === 'file' || experiment.source.from === 'store';
  const lifts = (first.lifts ?? []).map((_, i) =>
    mergeTables(
      seeds.flatMap((one) => (one.lifts ?? []).slice(i, i + 1)),
      experiment.evaluation.level,
      sameData,
    ),
  );
  const charts = [...new Set(seeds.flatMap(({ curves }) => curves.map(({ chart }) => chart)))];
  return {
    ...first,
    answer: answerOf(experiment, lifts),
    provenance: from,
    curves: charts.flatMap((chart) => seeds.flatMap(({ curves }) => curves.filter((curve) => curve.chart === chart))),
    lifts,
  };
}
