import type { KeyedDraws } from '../../core/draws.js';
import type { Catalogue } from '../../logs/feed-session/catalogue.js';
import type { FeedLayout } from '../../logs/feed-session/layout.js';
import type { SessionPrefix } from '../../logs/feed-session/prefix.js';

/**
 * People who are shown a feed, one item after another: the generated world (`world.ts`) and the learned simulator
 * (`learned.ts`) are both this, so that one env plays either. B sessions are asked together; what the people keep of
 * them lies in columns of the caller's `Crowd`.
 */
export interface FeedPeople {
  /** Kind, settings and origin in words, for reports and the log's source. */
  readonly about: string;
  readonly catalogue: Catalogue;
  readonly layout: FeedLayout;
  /** Users there are, each with the features at `userFeatures[user · U …]`. */
  readonly users: number;
  /** [users, U] */
  readonly userFeatures: Float32Array;
  /** [users] as logs name them. */
  readonly userIds: readonly string[];
  /** Numbers that tell these people from others, for snapshots. */
  readonly fingerprint: readonly number[];
  /** Columns for B sessions. */
  crowd(worlds: number): Crowd;
  /**
   * Starts a session of `crowd.user[b]` on visit number `visit`: resets what is kept of it, and writes the X context
   * features at `context[at…]`.
   */
  begin(crowd: Crowd, b: number, visit: number, draws: KeyedDraws, context: Float32Array, at: number): void;
  /**
   * What follows in every session b for which `shown[b] ≥ 0`. Luck is found at (b, luck.visit[b], prefix.step[b]), so
   * that it does not depend on the batch; `prefix` is the state before.
   */
  answer(crowd: Crowd, shown: Int32Array, prefix: SessionPrefix, luck: Luck, out: Answers): void;
  /** Who leaves: asked after the answers were pushed to `prefix`. Writes `out.left` of every b with `shown[b] ≥ 0`. */
  leave(crowd: Crowd, shown: Int32Array, prefix: SessionPrefix, luck: Luck, out: Answers): void;
}

/** What people keep of B sessions. All columns are plain typed arrays, so that a snapshot copies them. */
export interface Crowd {
  /** [B] who is there. */
  readonly user: Int32Array;
  /** Further columns by name. */
  readonly columns: Readonly<Record<string, Float64Array | Float32Array | Int32Array>>;
}

/** Luck by address (see core/draws.ts). */
export interface Luck {
  readonly answers: KeyedDraws;
  readonly leaving: KeyedDraws;
  /** [B] number of each world's present session. */
  readonly visit: Int32Array;
}

/** What followed one item in B sessions. */
export interface Answers {
  /** [B, H + 1] 0 or 1 per outcome of the layout, then the dwell number. */
  readonly answers: Float32Array;
  /** [B] */
  readonly dwellSeconds: Float32Array;
  /** [B] 1: left after this item. */
  readonly left: Uint8Array;
}

export function answersFor(worlds: number, outcomes: number): Answers {
  return {
    answers: new Float32Array(worlds * (outcomes + 1)),
    dwellSeconds: new Float32Array(worlds),
    left: new Uint8Array(worlds),
  };
}
