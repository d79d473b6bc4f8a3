import { z } from 'zod';
import { choose } from '../../../core/check.js';
import type { Rng } from '../../../core/random.js';
import { bundle, decode, encode } from '../../../core/safetensors.js';
import type { LogPolicy, Metrics } from '../../../agents/contract.js';
import { frequencies } from '../../../agents/log-policies/frequencies.js';
import { greedy } from '../../../agents/log-policies/greedy.js';
import { POPULAR_DEFAULTS, popular } from '../../../agents/log-policies/popular.js';
import { uniform } from '../../../agents/log-policies/uniform.js';
import { guessMatrix } from '../../../reward-models/guess.js';
import type { BaselineConfig, LogExperiment } from '../../config/schema.js';
import type { Curve } from '../../contract.js';
import { logLearners } from '../../tables.js';
import type { RunFolder } from '../folder.js';
import type { Watcher } from '../watch.js';
import { logBeside, type LogData } from './data.js';
import type { RunModels } from './models.js';

/** A policy to judge and what it is, in words. */
export interface JudgedPolicy {
  readonly policy: LogPolicy;
  readonly summary: string;
}

/** Learns the policy on the learning rows. */
export async function learnPolicy(
  experiment: LogExperiment,
  data: LogData,
  models: RunModels,
  folder: RunFolder,
  context: { readonly random: Rng; readonly watcher: Watcher },
): Promise<{ learned: JudgedPolicy; curves: Curve[] }> {
  const { summary, with: withSettings } = choose('log learner', logLearners, experiment.policy.learner);
  const learner = withSettings(experiment.policy.settings);
  const bytes = await folder.remember('policy', () => {
    const stage = context.watcher.stage('policy');
    const { log, reward, train } = data;
    const fitted = learner.fit({
      log,
      rows: train,
      reward,
      guesses: models.trainGuesses,
      random: context.random.fork('policy'),
      onProgress: stage.progress,
    });
    stage.done(`${fitted.curve.length - 1} passes`);
    return encode(bundle({ policy: fitted.save() }, { curve: JSON.stringify(fitted.curve) }));
  });
  const { tensors, metadata } = decode(bytes, folder.path('policy'));
  const { values } = tensors['policy'];
  if (!(values instanceof Uint8Array)) throw new Error(`${folder.path('policy')}: not a policy.`);
  const curve = curveSchema.parse(JSON.parse(metadata['curve']));
  return { learned: { policy: learner.load(values), summary }, curves: curvesOf(curve) };
}

const curveSchema = z.array(z.record(z.string(), z.number()));

function curvesOf(curve: readonly Metrics[]): Curve[] {
  const names = [...new Set(curve.flatMap((entry) => Object.keys(entry)))].filter((name) => name !== 'epoch');
  return names.map((name) => ({
    chart: 'Learning the policy from the log',
    name: name === 'heldOut' ? 'held-out rows' : name === 'fitting' ? 'fitting rows' : name,
    xLabel: 'passes over the rows',
    yLabel: 'pessimistic estimate of the reward per decision',
    points: curve.flatMap((entry): [number, number][] => (name in entry ? [[entry['epoch'], entry[name]]] : [])),
  }));
}

/** The baselines that the config names. */
export async function baselinePolicies(
  experiment: LogExperiment,
  data: LogData,
  models: RunModels,
  store: string,
): Promise<JudgedPolicy[]> {
  return Promise.all(experiment.baselines.map((config) => baselineOf(config, experiment, data, models, store)));
}

async function baselineOf(
  config: BaselineConfig,
  experiment: LogExperiment,
  data: LogData,
  models: RunModels,
  store: string,
): Promise<JudgedPolicy> {
  const { log, train, reward, formula } = data;
  const mixed = (share: number): string => (share > 0 ? `, uniform in ${100 * share} % of decisions` : '');
  switch (config.id) {
    case 'uniform':
      return { policy: uniform, summary: 'every action with the same probability' };
    case 'popular':
      return {
        policy: popular(log, train, reward, { ...POPULAR_DEFAULTS, exploration: config.exploration }),
        summary: `the action with the highest mean reward in the learning rows, per position${mixed(config.exploration)}`,
      };
    case 'greedy':
      return {
        policy: greedy((other, rows) => guessMatrix(models.ranker, formula, other, rows), config.exploration),
        summary: `the action with the highest reward that the click model guesses${mixed(config.exploration)}`,
      };
    case 'frequencies':
      return {
        policy: frequencies(await logBeside(experiment, config.besideLog, store), config.name),
        summary: 'the frequencies of another log’s actions per position',
      };
  }
}
