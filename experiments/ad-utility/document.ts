import type { AdUtilityExperiment } from '../config/ad-utility-schema.js';
import type { Curve, Provenance, ReportDocument } from '../contract.js';
import { ENOUGH_SEEDS, mergeLifts } from '../lifts/merge.js';
import { answerOf } from './answer.js';
import { mergeWeights } from './buckets.js';
import type { UtilitySeedResult } from './seed-run.js';

/** Points of a learning curve kept in the report. */
const CURVE_POINTS = 100;

/** One seed as a report of its own; `mergeUtilitySeeds` puts several together. */
export function utilityDocument(
  experiment: AdUtilityExperiment,
  result: UtilitySeedResult,
  from: Provenance,
): ReportDocument {
  const { seed, data, judged, offPolicy, agreements } = result;
  const { lifts, tests } = judged.tried;
  return {
    format: 'recsys-gym/report',
    version: 1,
    id: experiment.id,
    question: experiment.question,
    answer: answerOf(experiment, lifts),
    provenance: from,
    data,
    models: [],
    policies: offPolicy.map(({ section }) => section),
    comparisons: [],
    curves: curvesOf(result),
    segments: [],
    rollouts: [],
    lifts,
    weightTables: judged.weights,
    logSizes: offPolicy.map(({ size }) => size),
    agreements,
    abTests: tests.map((test) => ({ ...test, name: `seed ${seed}: ${test.name}` })),
  };
}

function curvesOf({ seed, learned }: UtilitySeedResult): Curve[] {
  return learned.flatMap(({ name, curve }) => {
    const keys = [...new Set(curve.flatMap((entry) => Object.keys(entry)))].filter((key) => !COUNTERS.includes(key));
    return keys.flatMap((key): Curve[] => {
      const points = curve.flatMap((entry, i): [number, number][] =>
        Number.isFinite(entry[key]) ? [[entry['epoch'] ?? i, entry[key]]] : [],
      );
      const every = Math.ceil(points.length / CURVE_POINTS);
      const kept = points.filter((_, i) => i % every === 0 || i === points.length - 1);
      if (kept.length === 0) return [];
      const line = { name: `${name}, seed ${seed}`, xLabel: 'passes over the log', yLabel: key };
      return [{ ...line, chart: `${name}: ${key}`, points: kept }];
    });
  });
}

/** What is no metric but the place on the horizontal axis. */
const COUNTERS: readonly string[] = ['epoch'];

/** Several seeds as one report: lifts and weights over the seeds; what logs and tests said, of the first seeds. */
export function mergeUtilitySeeds(
  experiment: AdUtilityExperiment,
  seeds: readonly ReportDocument[],
  from: Provenance,
): ReportDocument {
  const [first] = seeds;
  if (seeds.length === 1) return { ...first, provenance: from };
  const { level } = experiment.evaluation;
  const merged = <Part>(
    pick: (document: ReportDocument) => readonly Part[] | undefined,
    merge: (parts: Part[]) => Part,
  ): Part[] => (pick(first) ?? []).map((_, i) => merge(seeds.flatMap((one) => (pick(one) ?? []).slice(i, i + 1))));
  const lifts = merged(
    (document) => document.lifts,
    (tables) => mergeLifts(tables, level),
  );
  const some = seeds.slice(0, ENOUGH_SEEDS).map((document, i) => ({ document, seed: experiment.seeds[i] }));
  return {
    ...first,
    answer: answerOf(experiment, lifts),
    provenance: from,
    policies: some.flatMap(({ document, seed }) =>
      document.policies.map((policy) => ({ ...policy, id: `${policy.id}, seed ${seed}` })),
    ),
    curves: [...new Set(seeds.flatMap(({ curves }) => curves.map(({ chart }) => chart)))].flatMap((chart) =>
      seeds.flatMap(({ curves }) => curves.filter((curve) => curve.chart === chart)),
    ),
    lifts,
    weightTables: merged((document) => document.weightTables, mergeWeights),
    logSizes: some.flatMap(({ document, seed }) =>
      (document.logSizes ?? []).map((size) => ({ ...size, policy: `${size.policy}, seed ${seed}` })),
    ),
    agreements: some.flatMap(({ document, seed }) =>
      (document.agreements ?? []).map((one) => ({ ...one, quantity: `seed ${seed}: ${one.quantity}` })),
    ),
    abTests: some.flatMap(({ document }) => document.abTests ?? []),
  };
}
