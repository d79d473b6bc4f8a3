import { choose } from '../../../core/check.js';
import type { Rng } from '../../../core/random.js';
import { bundle, decode, encode } from '../../../core/safetensors.js';
import type { Rows } from '../../../logs/record.js';
import type { FittedModel, ModelCard } from '../../../reward-models/contract.js';
import { measureQuality } from '../../../reward-models/quality.js';
import type { LogExperiment } from '../../config/schema.js';
import type { ModelSection } from '../../contract.js';
import { rewardModels } from '../../tables.js';
import type { RunFolder } from '../folder.js';
import type { Watcher } from '../watch.js';
import type { LogData } from './data.js';

interface CrossFitted {
  readonly guesses: Float32Array;
  readonly card: ModelCard;
}

/** The models of one run. */
export interface RunModels {
  /** Ranks for the greedy baseline; fitted on the learning rows. */
  readonly ranker: FittedModel;
  /** [train, A] and [judge, A] guesses by models that did not see the row; the two halves share no model. */
  readonly trainGuesses: Float32Array;
  readonly judgeGuesses: Float32Array;
  readonly sections: readonly ModelSection[];
}

/** Fits the ranker on the learning rows, and cross-fits guesses on each half by itself. */
export async function fitModels(
  experiment: LogExperiment,
  { log, formula, train, judge }: LogData,
  { folder, random, watcher }: { readonly folder: RunFolder; readonly random: Rng; readonly watcher: Watcher },
): Promise<RunModels> {
  const { kind, folds, settings } = experiment.rewardModel;
  const ready = choose('reward model', rewardModels, kind).with(settings);
  const heads = formula.names;
  const rankerBytes = await folder.remember('click-model', () => {
    const stage = watcher.stage('click model');
    const model = ready.fit({ log, rows: train, heads, random: random.fork('ranker'), onProgress: stage.progress });
    const [{ loss, lossOfConstant }] = model.card.quality;
    stage.done(`held-out loss ${loss.toPrecision(4)}, of the constant ${lossOfConstant.toPrecision(4)}`);
    return model.save();
  });
  const ranker = ready.load(rankerBytes);
  const crossFitted = async (name: string, rows: Rows, title: string): Promise<CrossFitted> => {
    const bytes = await folder.remember(name, () => {
      const stage = watcher.stage(title);
      const fitted = ready.crossFit({ log, rows, heads, folds, random: random.fork(name), onProgress: stage.progress });
      const guesses = fitted.guesses(formula);
      stage.done(`${folds} folds`);
      return encode(bundle({ guesses }, { card: JSON.stringify(fitted.models[0].card) }));
    });
    return unpack(bytes, folder.path(name), ranker.card);
  };
  const toLearn = await crossFitted('guesses-train', train, 'guesses to learn from');
  const toJudge = await crossFitted('guesses-judge', judge, 'guesses to judge with');
  return {
    ranker,
    trainGuesses: toLearn.guesses,
    judgeGuesses: toJudge.guesses,
    sections: [
      { role: 'ranks for the greedy baseline', card: ranker.card, heldOut: measureQuality(ranker, log, judge) },
      { role: `judges: one of ${folds} cross-fitted models on the judging rows`, card: toJudge.card },
    ],
  };
}

function unpack(bytes: Uint8Array, where: string, like: ModelCard): CrossFitted {
  const { tensors, metadata } = decode(bytes, where);
  const { values } = tensors['guesses'];
  const card: unknown = JSON.parse(metadata['card']);
  if (!(values instanceof Float32Array) || !isCard(card, like))
    throw new Error(`${where}: not the guesses of this version.`);
  return { guesses: values, card };
}

/** A card that this process wrote itself into its own checkpoint, recognised by its keys. */
function isCard(value: unknown, like: ModelCard): value is ModelCard {
  return typeof value === 'object' && value !== null && Object.keys(like).every((key) => key in value);
}
