import type { Metrics } from '../../agents/contract.js';
import { IMPOSSIBLE } from '../../agents/preference/models/choice.js';
import type { PreferenceExperiment } from '../config/preference-schema.js';
import type { Keep } from '../run/keep.js';
import type { TellStage } from '../run/seeds.js';
import type { Plain, Scene } from './contract.js';
import { learnChoice, nameOf, policyOf, type LearnedChoice, type MethodConfig } from './learning.js';
import { sceneOf } from './prepare.js';
import { rowsOf } from './scene-parts.js';

/** What one seed came to. */
export interface PreferenceSeedResult {
  readonly seed: number;
  readonly scene: Scene;
  readonly learned: readonly { readonly name: string; readonly curve: readonly Metrics[] }[];
  /** The method in question, rivals, baselines, and what each is worth: [n] per metric. */
  readonly judged: readonly Judged[];
}

export interface Judged {
  readonly name: string;
  readonly worth: Readonly<Record<string, Float64Array>>;
}

export interface PreferenceSeedRequest {
  readonly experiment: PreferenceExperiment;
  readonly seed: number;
  /** SQLite file of logs. */
  readonly store: string;
  readonly keep?: Keep | undefined;
  readonly onProgress?: TellStage | undefined;
}

/** One seed from its comparisons to its judged policies. Needs a started backend (core/tensor). */
export async function runPreferenceSeed(request: PreferenceSeedRequest): Promise<PreferenceSeedResult> {
  const { experiment, seed, store, keep, onProgress } = request;
  onProgress?.('comparisons', 0, 1, experiment.source.from);
  const scene = await sceneOf(experiment, seed, store);
  const learn = (method: MethodConfig, reference: Float32Array): Promise<LearnedChoice> =>
    learnChoice({
      ...{ scene, reference, method, learning: experiment.learning, seed, keep },
      onProgress: (done, total, note) => onProgress?.(`learning ${nameOf(method)}`, done, total, note),
    });
  const all = Int32Array.from({ length: scene.choices.contexts }, (_, c) => c);
  const frozen = experiment.reference === 'uniform' ? uniformOf(scene) : scene.choices.reference;
  const clone =
    experiment.reference === 'sft' ? await learn({ loss: 'sft', name: 'reference', settings: {} }, frozen) : undefined;
  const given = clone === undefined ? frozen : policyOf(clone.model, all);
  const learned: LearnedChoice[] = [];
  for (const method of [experiment.method, ...experiment.rivals]) learned.push(await learn(method, given));
  onProgress?.('judging', 0, 1, `${scene.judges.length} ${scene.unit}`);
  const [{ model }] = learned;
  const K = scene.shape.candidates;
  // The model's own reference is brought to probabilities.
  const reference = rowsOf(model.reference, scene.judges, K);
  const judged = (name: string, logs: Float32Array): Judged => ({ name, worth: scene.judge(logs, reference) });
  const plain = (name: Plain): Float32Array => {
    if (name === 'reference') return reference;
    return name === 'uniform' ? rowsOf(uniformOf(scene), scene.judges, K) : (scene.best?.() ?? reference);
  };
  return {
    ...{ seed, scene },
    learned: [...(clone === undefined ? [] : [clone]), ...learned].map(({ name, curve }) => ({ name, curve })),
    judged: [
      ...learned.map((one) => judged(one.name, policyOf(one.model, scene.judges))),
      ...experiment.baselines.map((name) => judged(name, plain(name))),
    ],
  };
}

/** [C, K] all candidates alike; padding stays impossible. */
function uniformOf({ choices: { reference }, shape: { candidates: K } }: Scene): Float32Array {
  const out = new Float32Array(reference.length).fill(IMPOSSIBLE);
  for (let at = 0; at < out.length; at += K) {
    const real = Array.from({ length: K }, (_, k) => at + k).filter((i) => reference[i] > IMPOSSIBLE / 2);
    for (const i of real) out[i] = -Math.log(real.length);
  }
  return out;
}
