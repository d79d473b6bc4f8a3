import type { Metrics } from '../../agents/contract.js';
import { fitPreferences, isConditional, type PreferenceSettings } from '../../agents/preference/learner.js';
import type { ChoiceModel } from '../../agents/preference/models/choice.js';
import { choiceModel, loadChoice, saveChoice } from '../../agents/preference/models/choice-file.js';
import { stream } from '../../core/random.js';
import { completeSettings } from '../../core/settings.js';
import { z } from 'zod';
import type { PreferenceExperiment } from '../config/preference-schema.js';
import { keptName, type Keep } from '../run/keep.js';
import type { Scene } from './contract.js';

export type MethodConfig = PreferenceExperiment['method'];

/** The name a method goes by. */
export const nameOf = ({ loss, name }: Pick<MethodConfig, 'loss' | 'name'>): string => name ?? loss;

/** The settings of a method: its own before those of all, before those that suit the data. @throws a config error */
export function settingsOf(
  defaults: PreferenceSettings,
  learning: object,
  { loss, name, settings }: MethodConfig,
): PreferenceSettings {
  const { loss: _named, ...known } = defaults;
  const shared = completeSettings('learning', known, learning);
  return { ...completeSettings(`method '${nameOf({ loss, name })}'`, shared, settings), loss };
}

/** A policy that has learned. */
export interface LearnedChoice {
  readonly name: string;
  readonly model: ChoiceModel;
  /** One entry per pass. */
  readonly curve: readonly Metrics[];
}

interface LearnRequest {
  readonly scene: Scene;
  /** [C, K] ln π_ref. */
  readonly reference: Float32Array;
  readonly method: MethodConfig;
  readonly learning: object;
  readonly seed: number;
  readonly keep?: Keep | undefined;
  readonly onProgress?: (done: number, total: number, note: string) => void;
}

/** Learns from the comparisons of a scene, or takes the policy back from where it was kept. All start alike. */
export async function learnChoice(request: LearnRequest): Promise<LearnedChoice> {
  const { scene, reference, method, learning, seed, keep, onProgress } = request;
  const settings = settingsOf(scene.defaults, learning, method);
  const name = nameOf(method);
  const file = `${keptName(name)}.policy.safetensors`;
  const choices = { ...scene.choices, reference };
  const known = await keep?.read(file);
  if (known !== undefined) {
    const { model, words } = loadChoice(known, choices, file);
    return { name, model, curve: curveSchema.parse(JSON.parse(words['curve'] ?? '[]')) };
  }
  const shape = { ...scene.shape, conditional: isConditional(settings.loss) };
  const model = choiceModel(shape, choices, stream(seed).fork('model'));
  const curve = fitPreferences({
    ...{ model, data: scene.data, settings, random: stream(seed).fork('batches') },
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  await keep?.write(file, saveChoice(model, shape, { curve: JSON.stringify(curve) }));
  return { name, model, curve };
}

const curveSchema = z.array(z.record(z.string(), z.number()));

/** Contexts that are asked for at once. */
const AT_ONCE = 256;

/** [n, K] ln π of some contexts, piece by piece. */
export function policyOf(model: ChoiceModel, contexts: Int32Array): Float32Array {
  const pieces: Float32Array[] = [];
  for (let from = 0; from < contexts.length; from += AT_ONCE)
    pieces.push(model.policy(contexts.subarray(from, from + AT_ONCE)).logs);
  const out = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}
