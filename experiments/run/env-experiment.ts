import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import type { BuiltOn } from '../../agents/contract.js';
import { choose, GymError } from '../../core/check.js';
import { stream } from '../../core/random.js';
import { meanInterval } from '../../core/stats/intervals.js';
import { moments } from '../../core/stats/moments.js';
import type { EnvSpec } from '../../envs/contract.js';
import type { EnvExperiment } from '../config/schema.js';
import type { Answer, Curve, Estimate, ReportDocument, RolloutSection } from '../contract.js';
import type { RunFolder } from './folder.js';
import { range, significant } from '../report/numbers.js';
import { provenance } from './provenance.js';
import { agents } from '../tables.js';
import { setStage } from './stage.js';
import { seedResultSchema, type SeedJob, type SeedResult } from './seed-job.js';
import type { Watcher } from './watch.js';

/** Points of a learning curve kept in the report. */
const CURVE_POINTS = 200;

interface Means {
  readonly backend: string;
  readonly watcher: Watcher;
  /** Seeds trained side by side; by default one per core. */
  readonly workers?: number;
}

/** Trains an agent once per seed, each in a worker thread of its own, and judges it by playing. */
export async function runEnvExperiment(
  experiment: EnvExperiment,
  folder: RunFolder,
  means: Means,
): Promise<ReportDocument> {
  // What cannot be played is refused here, before threads are started.
  const { make, built, hash } = await setStage({ ...experiment.env, feed: experiment.feed });
  checkAgents(experiment, { ...make(1).spec, batch: experiment.run.worlds }, built);
  await mkdir(folder.path('checkpoints'), { recursive: true });
  const { seeds, run } = experiment;
  const stage = means.watcher.stage(`training ${experiment.agent.id}, ${seeds.length} seed(s)`);
  const steps = new Map<number, number>();
  const report = (seed: number, step: number, note: string): void => {
    steps.set(seed, step);
    const done = [...steps.values()].reduce((a, b) => a + b, 0);
    stage.progress(done, seeds.length * run.steps, `seed ${seed} ${note}`);
  };
  const queue = [...seeds.keys()];
  const results: SeedResult[] = [];
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const seed = seeds[next];
      results[next] = await seedResult(experiment, seed, folder, means.backend, report);
    }
  };
  const lanes = Math.max(1, Math.min(means.workers ?? availableParallelism(), seeds.length));
  await Promise.all(Array.from({ length: lanes }, lane));
  stage.done(`${run.steps} steps each`);
  return documentOf(experiment, results, await provenance(experiment, means.backend, hash));
}

/** Throws unless every agent can be born in that env. */
function checkAgents({ agent, baselines, run }: EnvExperiment, spec: EnvSpec, built: BuiltOn): void {
  for (const { id, settings } of [agent, ...baselines]) {
    choose('agent', agents, id).with(settings)(spec, stream('check'), run.steps, built);
  }
}

/** A seed's result: from its file when it had finished before, else from a worker thread. */
async function seedResult(
  experiment: EnvExperiment,
  seed: number,
  folder: RunFolder,
  backend: string,
  onProgress: (seed: number, step: number, note: string) => void,
): Promise<SeedResult> {
  const name = `checkpoints/seed-${seed}.json`;
  const known = await folder.read(name);
  if (known !== undefined) return seedResultSchema.parse(JSON.parse(new TextDecoder().decode(known)));
  const job: SeedJob = { experiment, seed, backend, checkpoint: folder.path(`checkpoints/seed-${seed}.safetensors`) };
  const result = await inWorker(job, onProgress);
  await folder.write(name, JSON.stringify(result));
  return result;
}

const messageSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('progress'), step: z.number(), note: z.string() }),
  z.object({ kind: z.literal('result'), result: seedResultSchema }),
  z.object({
    kind: z.literal('failure'),
    message: z.string(),
    code: z.enum(['usage', 'config', 'data', 'shape', 'numeric', 'io']),
  }),
]);

function inWorker(job: SeedJob, onProgress: (seed: number, step: number, note: string) => void): Promise<SeedResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./seed-worker.js', import.meta.url), { workerData: job });
    worker.on('message', (posted: unknown) => {
      const message = messageSchema.parse(posted);
      switch (message.kind) {
        case 'progress':
          onProgress(job.seed, message.step, message.note);
          break;
        case 'result':
          resolve(message.result);
          break;
        case 'failure':
          reject(new GymError(message.code, `seed ${job.seed}: ${message.message}`));
      }
    });
    worker.on('error', reject);
    worker.on('exit', () => {
      reject(
        new GymError(
          'io',
          `seed ${job.seed}: expected its worker thread to answer, received its end. Go on with --resume.`,
        ),
      );
    });
  });
}

function documentOf(
  experiment: EnvExperiment,
  results: readonly SeedResult[],
  from: ReportDocument['provenance'],
): ReportDocument {
  const { level } = experiment.evaluation;
  const policies = results[0].rollouts.map(({ policy }) => policy);
  const rollouts = policies.map((policy, p): RolloutSection => {
    const perSeed = results.map(({ seed, rollouts: played }) => {
      const { sessions, meanReturn, standardError, meanLength } = played[p];
      return { seed, episodes: sessions, meanReturn, standardError, meanLength };
    });
    return { policy, env: results[0].env, perSeed, overall: overallOf(perSeed, level) };
  });
  return {
    format: 'recsys-gym/report',
    version: 1,
    id: experiment.id,
    question: experiment.question,
    answer: answerOf(rollouts),
    provenance: from,
    models: [],
    policies: [],
    comparisons: [],
    curves: curvesOf(results),
    segments: [],
    rollouts,
  };
}

/** With three seeds or more, Student's interval over the seeds' means; with fewer, over the sessions of all seeds. */
function overallOf(perSeed: RolloutSection['perSeed'], level: number): Estimate {
  const means = perSeed.map(({ meanReturn }) => meanReturn);
  const { n, mean, variance } = moments(means);
  const overSeeds = n >= 3;
  const standardError = overSeeds
    ? Math.sqrt(variance / n)
    : Math.hypot(...perSeed.map((row) => row.standardError)) / n;
  const sessions = perSeed.reduce((sum, { episodes }) => sum + episodes, 0);
  const { low, high } = overSeeds
    ? meanInterval(mean, Math.sqrt(variance), n, level)
    : meanInterval(mean, standardError * Math.sqrt(sessions), sessions, level);
  return {
    value: mean,
    standardError,
    interval: [low, high],
    method: `Student t ${100 * level}% over ${overSeeds ? `${n} seeds` : `${sessions} sessions of ${n} seed(s)`}`,
  };
}

/** What was played and how it compares; whether that answers the question is for its reader to say. */
function answerOf(rollouts: readonly RolloutSection[]): Answer {
  const [own, ...others] = rollouts;
  const text = ({ policy, overall }: RolloutSection): string =>
    `'${policy}' ${significant(overall.value)} (${range(overall.interval ?? [NaN, NaN], 1)})`;
  const seeds = own.perSeed.length;
  const worst = own.perSeed.reduce((least, { meanReturn }) => Math.min(least, meanReturn), Infinity);
  const start = `Mean return in ${own.env} over ${seeds} seed(s): ${text(own)}, ${significant(worst)} on the worst seed`;
  const few = seeds < 3 ? [`${seeds} seed(s): an interval over seeds needs at least 3.`] : [];
  const best = others.reduce<RolloutSection | undefined>(
    (top, one) => ((one.overall.value ?? -Infinity) > (top?.overall.value ?? -Infinity) ? one : top),
    undefined,
  );
  if (best === undefined) return { verdict: seeds < 3 ? 'weak' : 'supported', sentence: `${start}.`, reasons: few };
  const [low, high] = own.overall.interval ?? [NaN, NaN];
  const [bestLow, bestHigh] = best.overall.interval ?? [NaN, NaN];
  const apart = low > bestHigh || high < bestLow;
  const relation = !apart ? 'not shown to differ from' : low > bestHigh ? 'more than' : 'less than';
  return {
    verdict: seeds < 3 || !apart ? 'weak' : 'supported',
    sentence: `${start}; ${relation} the best baseline, ${text(best)}.`,
    reasons: apart ? few : [...few, 'The two intervals overlap.'],
  };
}

/** One chart per metric, one line per seed, thinned to a readable number of points. */
function curvesOf(results: readonly SeedResult[]): Curve[] {
  const names = [
    ...new Set(results.flatMap(({ curve }) => curve.flatMap(({ metrics }) => Object.keys(metrics)))),
  ].filter((name) => name !== 'sessions');
  const order = [...names.filter((name) => name === 'meanReturn'), ...names.filter((name) => name !== 'meanReturn')];
  return order.flatMap((name) =>
    results.map(({ seed, curve }): Curve => {
      const points = curve.flatMap(({ step, metrics }): [number, number][] =>
        name in metrics ? [[step, metrics[name]]] : [],
      );
      const every = Math.ceil(points.length / CURVE_POINTS);
      return {
        chart: name,
        name: `seed ${seed}`,
        xLabel: 'steps over all worlds',
        yLabel: name,
        points: points.filter((_, i) => i % every === 0 || i === points.length - 1),
      };
    }),
  );
}
