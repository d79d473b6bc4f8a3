import type { Rng } from '../../core/random.js';
import type { FeedLayout } from '../../logs/feed-session/layout.js';
import type { OnProgress, Quality } from '../contract.js';
import type { SessionRows } from '../../logs/feed-session/replay.js';

/**
 * The supervised side of a feed: a response model (what follows an item, and whether the session ends) and a retrieval
 * tower. n states, K items per state; other letters as in logs/feed-session/layout.ts.
 */

/** What a response model says of itself. */
export interface ResponseCard {
  readonly layout: FeedLayout;
  /** What it was fitted on, so that a report can tell the model that plays the user from the one that ranks. */
  readonly fittedOn: { readonly log: string; readonly logHash: string; readonly split: string; readonly rows: number };
  /** Share of the items shown, of those about which it is known, after which the session ended. */
  readonly exitRate: number;
  /** Per outcome, then "exit": on held-out rows after calibration. */
  readonly quality: Readonly<Record<string, Quality>>;
  readonly settings: Readonly<Record<string, number | string | readonly number[]>>;
  readonly epochs: number;
  readonly parameters: number;
}

/** Where states and items lie in rows that hold both, e.g. observations. */
export interface ResponseRows {
  readonly rows: number;
  readonly values: Float32Array;
  /** Numbers from one row to the next. */
  readonly width: number;
  /** Where the state begins in each row. */
  readonly stateAt: number;
  /** Where the K · F item features begin in each row. */
  readonly itemsAt: number;
  readonly items: number;
}

/**
 * A fitted, calibrated multi-task model of the answers. The first outcome is the main one; every other is predicted
 * given it, so that outcomes which exclude each other (a watch and a skip) do.
 */
export interface ResponseModel {
  readonly card: ResponseCard;
  readonly layout: FeedLayout;
  /**
   * P(outcome h | state, item) of every item, marginal over the main outcome. Needs a started backend (core/tensor).
   *
   * @param out [rows, K, H] overwritten
   */
  rank(request: ResponseRows, out: Float32Array): void;
  /**
   * The same model in plain loops, for simulators: no backend, the same bytes everywhere, each row for itself.
   *
   * @param states [n, S]
   * @param items  [n, F]
   * @param out    [n, 2, H] P(h | state, item, main outcome = 0 or 1); of the main outcome both are P(main = 1)
   */
  respond(n: number, states: Float32Array, items: Float32Array, out: Float64Array): void;
  /**
   * P(the session ends now), from states after the answers to the last item were pushed. Plain loops.
   *
   * @param states [n, S]
   * @param out    [n]
   */
  exit(n: number, states: Float32Array, out: Float64Array): void;
  /**
   * Dwell in seconds for a draw in [0, 1): quantile of the dwell times of the log with the same outcomes (of the same main
   * outcome, where these are rare) and a like length of video. Ascending in the draw.
   *
   * @param answers the H outcomes at answers[at…]
   * @param seconds length of the video
   */
  dwellSeconds(answers: ArrayLike<number>, at: number, seconds: number, draw: number): number;
  save(): Uint8Array;
}

/** Vectors for retrieval: score(user, item) = ⟨user vector, item vector⟩ − repetition · exposure of the item's cluster. */
export interface RetrievalTower {
  readonly width: number;
  readonly layout: FeedLayout;
  /** @returns [n, width] */
  users(features: Float32Array, n: number): Float32Array;
  /** @returns [n, width] */
  items(features: Float32Array, n: number): Float32Array;
  /** What a cluster's share of the session's recent exposure (a moving average, 0 to 1) takes from its items' scores. */
  readonly repetition: number;
  readonly card: Omit<ResponseCard, 'quality' | 'exitRate'> & { readonly quality: Quality };
  save(): Uint8Array;
}

/** Fits one kind of model on feed sessions. Same inputs, same bytes. */
export interface FeedModelKind<Settings, Model> {
  readonly summary: string;
  readonly defaults: Settings;
  /** Needs a started backend (core/tensor). */
  fit(request: ResponseFit<Settings>): Model;
  /** @throws a data error when the bytes are damaged, of another kind or of another version */
  load(bytes: Uint8Array): Model;
}

export interface ResponseFit<Settings> {
  readonly sessions: SessionRows;
  /** Name of the split, for the card. */
  readonly split: string;
  readonly settings: Settings;
  readonly random: Rng;
  readonly onProgress?: OnProgress;
}
