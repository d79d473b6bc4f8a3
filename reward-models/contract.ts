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

/** How long work reports how far it is; nobody but the command line prints. */
export type OnProgress = (done: number, total: number, note: string) => void;

/** Fits one kind of model on some rows of a log. Same inputs, same bytes. */
export interface RewardModelKind<Settings> {
  /** One line for `--help` and reports. */
  readonly summary: string;
  fit(request: FitRequest<Settings>): RewardModel;
  load(bytes: Uint8Array): RewardModel;
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
