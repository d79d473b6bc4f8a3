import { complaint } from '../core/check.js';
import type { FitRequest, FittedModel, GuessMatrix, Quality, RewardModelKind } from './contract.js';
import { dealFolds, widestGrouping, type Grouping } from './folds.js';
import type { Reward } from './formula.js';
import { guessMatrix } from './guess.js';
import { qualityPerHead } from './quality.js';

export interface CrossFitRequest<Settings> extends FitRequest<Settings> {
  readonly kind: RewardModelKind<Settings>;
  /** How many models; each sees all rows but its own fold. 2 to 5 is usual. */
  readonly folds: number;
  /** What never straddles two folds; by default the widest group that is logged (user, session, request, row). */
  readonly by?: Grouping;
  /** Called after each fold, fitted or loaded. */
  readonly onFold?: (done: number, folds: number, model: FittedModel) => void;
  /** Checkpoints: bytes that `save` was given for this fold, if there are any. Checked against this request. */
  readonly load?: (fold: number) => Uint8Array | undefined;
  readonly save?: (fold: number, bytes: Uint8Array) => void;
}

/** K models, and which of them may speak about which row. */
export interface CrossFit {
  /** [folds] the f-th was fitted without the rows of fold f. */
  readonly models: readonly FittedModel[];
  /** [n] fold of each row, in the order of `rows.index`. */
  readonly foldOf: Int32Array;
  /** What stayed together. */
  readonly by: Grouping;
  /** [n, A] guesses of the reward of every action, each row by the model that did not see it. */
  readonly guesses: (reward: Reward) => GuessMatrix;
  /** [n, H] predictions for the logged actions, each row by the model that did not see it. */
  readonly predictions: () => Float32Array;
  /** Quality per head of `predictions`: honest, because no row is scored by a model that saw it. */
  readonly quality: () => Quality[];
}

/**
 * Cross-fitting (Chernozhukov et al. 2018, "double machine learning"): deals the rows into K folds by hash of their
 * group, fits one model per fold on all other folds, encoder and calibration included, and lets each row be judged only
 * by the model that did not see it. Same inputs, same bytes; a resumed run equals an uninterrupted one.
 */
export function crossFit<Settings extends object>(request: CrossFitRequest<Settings>): CrossFit {
  const { kind, log, rows, heads, folds, random } = request;
  if (!Number.isInteger(folds) || folds < 2) {
    throw complaint('usage', {
      where: 'cross-fitting: folds',
      expected: 'a whole number from 2',
      received: String(folds),
    });
  }
  const by = request.by ?? widestGrouping(log, rows.index);
  const foldOf = dealFolds(log, rows.index, { folds, by, salt: `${random.path}/folds` });
  const models = Array.from({ length: folds }, (_, fold) => {
    const name = `${rows.name} without fold ${fold + 1} of ${folds}`;
    const part = { name, index: rows.index.filter((_row, n) => foldOf[n] !== fold) };
    const kept = request.load?.(fold);
    const model =
      kept === undefined
        ? kind.fit({ ...request, rows: part, random: random.fork(`fold ${fold}`) })
        : sameFit(kind.load(kept), request, part);
    if (kept === undefined) request.save?.(fold, model.save());
    request.onFold?.(fold + 1, folds, model);
    return model;
  });
  /** Calls `work` with each model and the places of the rows it did not see. */
  const eachFold = (work: (model: FittedModel, places: Int32Array, own: Int32Array) => void): void => {
    const places = Int32Array.from(foldOf, (_, n) => n);
    models.forEach((model, fold) => {
      const ofFold = places.filter((n) => foldOf[n] === fold);
      work(
        model,
        ofFold,
        ofFold.map((n) => rows.index[n]),
      );
    });
  };
  const predictions = (): Float32Array => {
    const H = heads.length;
    const out = new Float32Array(foldOf.length * H);
    eachFold((model, places, own) => {
      const predicted = new Float32Array(own.length * H);
      model.predict(
        log,
        own,
        own.map((row) => log.action[row]),
        predicted,
      );
      places.forEach((n, i) => {
        out.set(predicted.subarray(i * H, (i + 1) * H), n * H);
      });
    });
    return out;
  };
  return {
    models,
    foldOf,
    by,
    guesses(reward) {
      const A = log.actions.values.length;
      const out = new Float32Array(foldOf.length * A);
      eachFold((model, places, own) => {
        const guesses = guessMatrix(model, reward, log, own);
        places.forEach((n, i) => {
          out.set(guesses.subarray(i * A, (i + 1) * A), n * A);
        });
      });
      return out;
    },
    predictions,
    quality: () => qualityPerHead(meanHeads(models), log, rows.index, predictions()),
  };
}

/** The heads with the mean of their constants, which each fold took from other rows. */
function meanHeads(models: readonly FittedModel[]): FittedModel['heads'] {
  return models[0].heads.map((head, h) => ({
    ...head,
    unit: models.some((model) => model.heads[h].unit === 'value') ? 'value' : 'probability',
    mean: models.reduce((sum, model) => sum + model.heads[h].mean / models.length, 0),
  }));
}

/** Refuses a checkpoint that was not fitted on exactly these rows, heads and settings. */
function sameFit<Settings extends object>(
  model: FittedModel,
  { log, heads, settings }: CrossFitRequest<Settings>,
  part: { readonly name: string; readonly index: Int32Array },
): FittedModel {
  const { card } = model;
  const described = (value: unknown): string => (Array.isArray(value) ? value.join(' ') : String(value));
  const wanted = {
    log: log.hash,
    split: part.name,
    rows: String(part.index.length),
    heads: heads.join(' '),
    ...Object.fromEntries(
      Object.entries(settings).map(([key, value]: [string, unknown]) => [key, described(value)] as const),
    ),
  };
  const found: Record<string, string> = {
    log: card.fittedOn.logHash,
    split: card.fittedOn.split,
    rows: String(card.fittedOn.rows),
    heads: card.heads.join(' '),
    ...Object.fromEntries(Object.entries(card.settings).map(([key, value]) => [key, described(value)] as const)),
  };
  for (const [key, value] of Object.entries(wanted)) {
    if (!Object.hasOwn(found, key) || found[key] === value) continue;
    throw complaint('data', {
      where: `checkpoint of a reward model for '${part.name}': ${key}`,
      expected: value,
      received: found[key],
      try: 'It belongs to another run: delete it, or start in another folder.',
    });
  }
  return model;
}
