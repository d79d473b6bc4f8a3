import type { Log, Rows } from '../logs/record.js';
import type { Rng } from '../core/random.js';

/** One line of a reliability table: rows whose prediction fell in a bin, what was predicted and what happened. */
export interface ReliabilityBin {
  readonly rows: number;
  readonly meanPredicted: number;
  readonly meanObserved: number;
}

/** How well a model's numbers can be taken at their word, on rows it was not fitted on. */
export interface Quality {
  readonly rows: number;
  /** Mean negative log-likelihood per row (nats); for non-binary heads, mean squared error. */
  readonly loss: number;
  /** The same for the model that always predicts the mean of its fitting rows. */
  readonly lossOfConstant: number;
  /** Area under the ROC curve; NaN when the rows hold only one class. */
  readonly auc: number;
  /** Σ (rows in bin / rows) · |mean predicted − mean observed|, bins of equal count. */
  readonly expectedCalibrationError: number;
  readonly reliability: readonly ReliabilityBin[];
}

/** What a fitted model says about itself; stored beside its parameters and printed in reports. */
export interface ModelCard {
  /** The kind in the table of models, e.g. "logistic". */
  readonly kind: string;
  /** The outcomes it predicts, one head each, in the order of its outputs. */
  readonly heads: readonly string[];
  readonly unit: 'probability' | 'value';
  /** What it was fitted on: so that a report can tell the model that plays the user from the one that ranks. */
  readonly fittedOn: { readonly log: string; readonly logHash: string; readonly split: string; readonly rows: number };
  readonly settings: Readonly<Record<string, number | string | boolean | readonly number[]>>;
  /** Per head, on the rows held out for early stopping and calibration checks. */
  readonly quality: readonly Quality[];
  /** Passes over the fitting rows until the held-out loss stopped improving. */
  readonly epochs: number;
  readonly parameters: number;
}

/**
 * A fitted supervised model of what follows a decision: reads features of (context, action), writes calibrated
 * numbers, never draws. H = heads.
 */
export interface RewardModel {
  readonly card: ModelCard;
  /**
   * Predicts for the given rows of a log with the given actions instead of the logged ones.
   *
   * @param rows    [n] row numbers of `log`
   * @param actions [n] action codes of `log`
   * @param out     [n, H] overwritten
   */
  predict(log: Log, rows: Int32Array, actions: Int32Array, out: Float32Array): void;
  /** Everything needed to load it again, bit for bit. */
  save(): Uint8Array;
}

/** What one head predicts and how its raw number was brought in line with what happened. */
export interface Head {
  readonly outcome: string;
  /** 'probability' where the outcome was only ever 0 or 1 in the fitting rows, else 'value'. */
  readonly unit: 'probability' | 'value';
  /** Mean of the outcome over the fitting rows: the constant that the model has to beat. */
  readonly mean: number;
  readonly calibration: 'none' | 'intercept' | 'intercept and slope';
}

/** A reward model that one of this folder's kinds made. */
export interface FittedModel extends RewardModel {
  readonly heads: readonly Head[];
}

/** How long work reports how far it is; nobody but the command line prints. */
export type OnProgress = (done: number, total: number, note: string) => void;

/** Fits one kind of model on some rows of a log. Same inputs, same bytes. */
export interface RewardModelKind<Settings> {
  /** One line for `--help` and reports. */
  readonly summary: string;
  readonly defaults: Settings;
  /** Needs a started backend (core/tensor); predicting does not. */
  fit(request: FitRequest<Settings>): FittedModel;
  /** @throws a data error when the bytes are damaged, of another kind or of another version */
  load(bytes: Uint8Array): FittedModel;
}

export interface FitRequest<Settings> {
  readonly log: Log;
  readonly rows: Rows;
  /** Outcomes to predict, one head each. */
  readonly heads: readonly string[];
  readonly settings: Settings;
  readonly random: Rng;
  readonly onProgress?: OnProgress;
}

/**
 * Guesses of the reward for every action, by models that did not see the row (cross-fitting): [n, A] row-major,
 * in the order of `rows`.
 */
export type GuessMatrix = Float32Array;
