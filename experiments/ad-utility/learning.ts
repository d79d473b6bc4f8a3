import type { LogPolicy, Metrics, ServedPolicy } from '../../agents/contract.js';
import { choose, complaint } from '../../core/check.js';
import { stream } from '../../core/random.js';
import { bundle, decode, encode } from '../../core/safetensors.js';
import type { WeightGrid } from '../../logs/ad-utility/weight-grid.js';
import { z } from 'zod';
import type { AdUtilityExperiment } from '../config/ad-utility-schema.js';
import { keptName, type Keep } from '../run/keep.js';
import { logLearners } from '../tables.js';
import { greedyTuner, type Tuner } from './policies.js';
import type { LogSource } from './sources.js';

export type LearnerConfig = AdUtilityExperiment['policy'];

/** The name a learner goes by. */
export const nameOf = ({ id, name }: { readonly id: string; readonly name?: string | undefined }): string => name ?? id;

/** A policy that has learned from the log. */
export interface LearnedTuner {
  readonly name: string;
  readonly tuner: Tuner;
  readonly policy: ServedPolicy;
  /** One entry per pass. */
  readonly curve: readonly Metrics[];
}

interface LearnRequest {
  readonly learner: LearnerConfig;
  readonly grid: WeightGrid;
  readonly source: LogSource;
  readonly seed: number;
  readonly keep?: Keep | undefined;
  readonly onProgress?: (done: number, total: number, note: string) => void;
}

/** Learns from all rows of a log, or takes the policy back from where it was kept. */
export async function learnTuner(request: LearnRequest): Promise<LearnedTuner> {
  const { learner, grid, source, seed, keep, onProgress } = request;
  const { summary, defaults, with: withSettings } = choose('log learner', logLearners, learner.id);
  // Where the log teaches nothing, the production weights are served.
  const kept = 'fallback' in defaults ? { fallback: grid.nameOf(grid.production) } : {};
  const ready = withSettings({ ...kept, ...learner.settings });
  const name = nameOf(learner);
  const file = `${keptName(name)}.policy.safetensors`;
  const known = await keep?.read(file);
  if (known === undefined) {
    const random = stream(seed).fork('ad-utility').fork(`learner ${name}`);
    const fitted = await source.learn(ready, random, (done, total, note) => onProgress?.(done, total, note));
    const bytes = encode(bundle({ policy: fitted.save() }, { curve: JSON.stringify(fitted.curve) }));
    await keep?.write(file, bytes);
    return learned(name, summary, grid, fitted.policy, fitted.curve);
  }
  const { tensors, metadata } = decode(known, file);
  const { values } = tensors['policy'];
  if (!(values instanceof Uint8Array)) {
    const hint = 'Start again without --resume.';
    throw complaint('data', { where: file, expected: 'a policy', received: 'other numbers', try: hint });
  }
  return learned(name, summary, grid, ready.load(values), curveSchema.parse(JSON.parse(metadata['curve'])));
}

const curveSchema = z.array(z.record(z.string(), z.number()));

function learned(
  name: string,
  summary: string,
  grid: WeightGrid,
  policy: LogPolicy,
  curve: readonly Metrics[],
): LearnedTuner {
  if (!readsContext(policy)) {
    throw complaint('config', {
      where: `policy '${name}'`,
      expected: 'a learner whose policies decide by the context of a request alone',
      received: `one that needs a log: ${policy.id}`,
      try: 'Only such a policy can serve requests that are in no log.',
    });
  }
  if (policy.actions !== grid.size) {
    const expected = `a policy of ${grid.size} actions`;
    throw complaint('shape', { where: `policy '${name}'`, expected, received: String(policy.actions) });
  }
  return { name, policy, curve, tuner: greedyTuner(name, summary, grid, policy) };
}

function readsContext(policy: LogPolicy): policy is ServedPolicy {
  return 'decide' in policy && 'best' in policy;
}

/** Throws unless every policy of an experiment has a name of its own. */
export function checkNames({ policy, rivals, baselines }: AdUtilityExperiment): void {
  const names = [...[policy, ...rivals].map(nameOf), ...baselines];
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return;
  throw complaint('config', {
    where: 'policy, rivals and baselines',
    expected: 'names of their own',
    received: `'${twice}' twice`,
    try: "Add 'name' to one of them, or leave it out.",
  });
}
