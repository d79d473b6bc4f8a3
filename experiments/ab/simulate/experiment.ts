import { createHash } from 'node:crypto';
import type { AbExperiment } from '../../config/ab-schema.js';
import type { ReportDocument } from '../../contract.js';
import { provenance } from '../../run/provenance.js';
import { agreementsOf } from './agreements.js';
import { answerOf } from './answer.js';
import { driftOf, type Drift } from './drift.js';
import { learnedBytes } from './learned.js';
import { setEnvStage } from './env-stage.js';
import { checkPlan, cutsOf, metricsOf } from './plan.js';
import { primaryMetric } from './replication.js';
import { aaSection, testSection } from './sections.js';
import { simulate, type Means } from './simulation.js';
import { designTables, powerTables } from './tables.js';

/** Plays an A/B test in a world and writes down what it says, beside what is true there. */
export async function runAbExperiment(experiment: AbExperiment, means: Means): Promise<ReportDocument> {
  checkPlan(experiment);
  const stage = await setEnvStage(experiment);
  const spec = stage?.make(1).spec;
  // Who cannot act there is refused here, before anybody plays.
  if (spec !== undefined) for (const arm of experiment.arms) stage?.agentOf(arm, spec);
  const metrics = metricsOf(experiment, spec);
  const played = await simulate(experiment, means);
  const analysis = means.watcher.stage('analysis');
  const { section, trial, lastDay } = testSection(experiment, played, { metrics, cuts: cutsOf(experiment) });
  const aa = aaSection(experiment, played, metrics);
  const drifts = experiment.arms.slice(1).flatMap((_, i): Drift[] => {
    const drift = driftOf(trial, primaryMetric(experiment), i + 1, experiment.analysis.level);
    return drift === undefined ? [] : [drift];
  });
  const agreements = agreementsOf(experiment, played, section, lastDay);
  const designs = designTables(experiment, played.replications);
  const power = powerTables(experiment, played.replications);
  analysis.done(`${trial.arm.length} units (${trial.unit})`);
  return {
    format: 'recsys-gym/report',
    version: 1,
    id: experiment.id,
    question: experiment.question,
    answer: answerOf(experiment, section, agreements, drifts),
    provenance: await provenance(experiment, means.backend, learnedHash(experiment, stage?.hash)),
    models: [],
    policies: [],
    comparisons: [],
    curves: drifts.map(({ curve }) => curve),
    segments: [],
    rollouts: [],
    abTests: aa === undefined ? [section] : [section, aa],
    ...(designs.length > 0 ? { designs } : {}),
    ...(power.length > 0 ? { power } : {}),
    agreements,
  };
}

/** First 12 hexadecimal digits of SHA-256 over what the arms learned before and the run they play in; nothing where there is neither. */
function learnedHash(experiment: AbExperiment, feed: string | undefined): string | undefined {
  const files = learnedBytes(experiment);
  if (files.length === 0) return feed;
  const hash = createHash('sha256').update(feed ?? '');
  for (const bytes of files) hash.update(bytes);
  return hash.digest('hex').slice(0, 12);
}
