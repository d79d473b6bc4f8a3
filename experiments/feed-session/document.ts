import type { ResponseCard } from '../../reward-models/feed-session/contract.js';
import type { FeedExperiment } from '../config/feed-schema.js';
import type { Answer, Curve, ModelSection, Provenance, ReportDocument } from '../contract.js';
import type { LiftTable } from '../lifts/contract.js';
import { ENOUGH_SEEDS, mergeLifts } from '../lifts/merge.js';
import { answerOf } from './answer.js';
import type { FeedSeedResult } from './seed-run.js';
import type { Tried } from './trying.js';

/** Points of a learning curve kept in the report. */
const CURVE_POINTS = 100;
/** Curves worth looking at, the first ones first. */
const CHARTS = ['meanReturn', 'meanLength', 'entropy', 'differs', 'supervisedDivergence', 'residual'];
/** What a policy earned where it is tried, after some updates. */
const ALONG = ['tried along the way, best known items', 'tried along the way, drawn items'];

/** One seed as a report of its own; `mergeSeeds` puts several together. */
export function seedDocument(experiment: FeedExperiment, result: FeedSeedResult, from: Provenance): ReportDocument {
  const { seed, tried, expected, realism, data, splits } = result;
  const lifts = [liftTable(seed, tried), liftTable(seed, expected)];
  return {
    format: 'recsys-gym/report',
    version: 1,
    id: experiment.id,
    question: experiment.question,
    answer: answerOf(experiment, lifts, { realism: [realism], warnings: data.warnings }),
    provenance: from,
    data: {
      ...data,
      splits: splits.map(({ name, sessions, rows }) => ({
        name,
        rows,
        purpose: `${sessions} sessions: ${purposeOf(experiment, name)}`,
      })),
    },
    models: Object.entries(result.cards).map(([name, card]) => modelSection(experiment, name, card)),
    policies: [],
    comparisons: [],
    curves: curvesOf(result),
    segments: [],
    rollouts: [],
    lifts,
    realism: [realism],
    abTests: [{ ...tried.section, name: `seed ${seed}: ${tried.section.name}` }],
  };
}

/** What an artefact is for, in words. */
function purposeOf({ ranker, simulator, judge }: FeedExperiment, name: string): string {
  const roles = [
    ...(name === ranker ? ['retrieves and ranks in production'] : []),
    ...(name === simulator ? ['plays the people that the policy learns with'] : []),
    ...(name === judge ? ['plays the people that try the policies'] : []),
  ];
  return roles.length === 0 ? 'judges the simulator' : roles.join('; ');
}

function modelSection(experiment: FeedExperiment, name: string, card: ResponseCard): ModelSection {
  const heads = Object.keys(card.quality);
  const { settings, fittedOn, epochs, parameters } = card;
  return {
    role: `${name}: ${purposeOf(experiment, name)}`,
    card: {
      ...{ kind: 'response model', heads, unit: 'probability', fittedOn, settings, epochs, parameters },
      quality: heads.map((head) => card.quality[head]),
    },
  };
}

function curvesOf({ seed, learned }: FeedSeedResult): Curve[] {
  const alone = learned.length === 1;
  return learned.flatMap(({ name, curve, along }) => {
    const line = { name: alone ? `seed ${seed}` : `${name}, seed ${seed}`, xLabel: 'steps over all worlds' };
    const charts = CHARTS.flatMap((chart): Curve[] => {
      const points = curve.flatMap(({ step, metrics }): [number, number][] =>
        chart in metrics ? [[step, metrics[chart]]] : [],
      );
      const every = Math.ceil(points.length / CURVE_POINTS);
      const kept = points.filter((_, i) => i % every === 0 || i === points.length - 1);
      return points.length === 0 ? [] : [{ ...line, chart, yLabel: chart, points: kept }];
    });
    const tried = (['greedy', 'drawn'] as const).map((how, i): Curve => {
      const points = along.map((one): [number, number] => [one.update, one[how]]);
      return { ...line, chart: ALONG[i], xLabel: 'updates', yLabel: 'main outcome per session', points };
    });
    return along.length === 0 ? charts : [...tried, ...charts];
  });
}

function liftTable(seed: number, { section, users, lifts, place }: Tried): LiftTable {
  return {
    place,
    control: section.control,
    seeds: [seed],
    users,
    rows: lifts.map(({ policy, metric, control, value, relative }) => ({
      ...{ policy, metric, control, value, relative },
      perSeed: [relative],
    })),
  };
}

/** Several seeds as one report: lifts over the seeds, every realism report, the split tests of the first seeds. */
export function mergeSeeds(
  experiment: FeedExperiment,
  seeds: readonly ReportDocument[],
  from: Provenance,
): ReportDocument {
  const [first] = seeds;
  if (seeds.length === 1) return { ...first, provenance: from };
  const lifts = (first.lifts ?? []).map((_, place) =>
    mergeLifts(
      seeds.flatMap(({ lifts: own = [] }) => own.slice(place, place + 1)),
      experiment.evaluation.level,
    ),
  );
  const realism = seeds.flatMap(({ realism: own = [] }) => own);
  const answer: Answer = answerOf(experiment, lifts, { realism, warnings: first.data?.warnings });
  return {
    ...first,
    answer,
    provenance: from,
    models: seeds.flatMap(({ models }, i) =>
      models.map((model) => ({ ...model, role: `seed ${experiment.seeds[i]}: ${model.role}` })),
    ),
    curves: [...ALONG, ...CHARTS].flatMap((chart) =>
      seeds.flatMap(({ curves }) => curves.filter((curve) => curve.chart === chart)),
    ),
    lifts,
    realism,
    abTests: seeds.slice(0, ENOUGH_SEEDS).flatMap(({ abTests = [] }) => abTests),
  };
}
