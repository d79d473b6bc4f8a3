import { z } from 'zod';
import { choose, complaint } from '../../../core/check.js';
import type { Rng } from '../../../core/random.js';
import { bundle, decode, encode } from '../../../core/safetensors.js';
import type { Rows } from '../../../logs/record.js';
import type { FittedModel, ModelCard, Quality } from '../../../reward-models/contract.js';
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
  /** Per head, of predictions by models that did not see the row. */
  readonly quality: readonly Quality[];
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
      const quality = JSON.stringify(fitted.quality());
      return encode(bundle({ guesses, example: fitted.models[0].save() }, { quality }));
    });
    const { tensors, metadata } = decode(bytes, folder.path(name));
    const [guesses, example] = [tensors['guesses'].values, tensors['example'].values];
    if (!(guesses instanceof Float32Array && example instanceof Uint8Array)) {
      throw complaint('data', {
        where: folder.path(name),
        expected: 'guesses',
        received: 'other numbers',
        try: 'Start again without --resume.',
      });
    }
    const quality = qualities.parse(JSON.parse(metadata['quality']));
    return { guesses, card: ready.load(example).card, quality };
  };
  const toLearn = await crossFitted('guesses-train', train, 'guesses to learn from');
  const toJudge = await crossFitted('guesses-judge', judge, 'guesses to judge with');
  return {
    ranker,
    trainGuesses: toLearn.guesses,
    judgeGuesses: toJudge.guesses,
    sections: [
      { role: 'ranks for the greedy baseline', card: ranker.card, heldOut: measureQuality(ranker, log, judge) },
      {
        role: `judges: one of ${folds} cross-fitted models on the judging rows`,
        card: toJudge.card,
        heldOut: toJudge.quality,
      },
    ],
  };
}

/** JSON writes NaN (the AUC of rows of one class) as null. */
const number = z
  .number()
  .nullable()
  .transform((value) => value ?? NaN);
const qualities = z.array(
  z.object({
    rows: number,
    loss: number,
    lossOfConstant: number,
    auc: number,
    expectedCalibrationError: number,
    reliability: z.array(z.object({ rows: number, meanPredicted: number, meanObserved: number })),
  }),
);
