import { complaint } from '../../../core/check.js';
import type { Decisions, Terms } from '../rounds.js';

/**
 * What an estimator says of each round. Its value is
 *
 *     mean(offset) + Σ numerator / Σ denominator,   Σ denominator = N where there is none,
 *
 * so that self-normalised estimators keep their moving normaliser in every standard error and bootstrap replicate.
 */
export interface PerRound {
  readonly numerator: Float64Array;
  readonly denominator?: Float64Array;
  readonly offset?: Float64Array;
}

/** What an estimator may need of a log beyond action, reward and propensity; see `LoggedRounds`. */
export type Need = 'logging' | 'embedding' | 'loggers';

/** The one number that some estimators can be set by. */
export interface Setting {
  readonly name: string;
  /** Used when none is given. */
  readonly value: number;
  /** The largest that means anything; none stands for ∞. The smallest is always 0. */
  readonly most?: number;
  /**
   * For settings that trade bias for variance: the weight that is kept of w, and the settings tried when it is tuned,
   * from the most biased to the least.
   */
  readonly tuned?: {
    readonly kept: (weight: Float64Array, setting: number) => Float64Array;
    readonly candidates: readonly number[];
  };
}

/** An estimator: what it needs, what it assumes, and its per-round form. */
export interface Estimator {
  readonly name: string;
  /** One sentence: when to believe it. */
  readonly assumption: string;
  readonly needsGuesses: boolean;
  readonly needs?: readonly Need[];
  /** Absent for estimators without one. */
  readonly setting?: Setting;
  /** Whether it is a plain mean whose rounds depend on their own row alone, so that rows may be taken in any blocks. */
  readonly rowWise?: boolean;
  perRound(terms: Terms, setting: number): PerRound;
  /** An interval of its own, which stands in for the normal one; undefined where this log has none. */
  readonly interval?: {
    readonly method: string;
    of(terms: Terms, setting: number, level: number): readonly [number, number] | undefined;
  };
}

/** direct and guess of the terms, or an error that says how to get them. */
export function modelTerms(terms: Terms, who: string): { readonly direct: Float64Array; readonly guess: Float64Array } {
  const { direct, guess } = terms;
  if (direct === undefined || guess === undefined) {
    throw complaint('usage', {
      where: who,
      expected: 'guesses of the reward',
      received: 'none',
      try: 'Fit a reward model on other rounds and pass its guesses (--guess).',
    });
  }
  return { direct, guess };
}

/** The decisions that the terms were made of, or an error: continuous amounts have no table of actions. */
export function decisionsOf({ decisions }: Terms, who: string): Decisions {
  if (decisions !== undefined) return decisions;
  throw complaint('usage', {
    where: who,
    expected: 'logged decisions among a list of actions',
    received: 'weights alone',
    try: 'Use an estimator that needs only weights, such as snips or dr.',
  });
}

/** Something of the log that an estimator needs, or an error that says how to give it. */
export function needed<T>(value: T | undefined, who: string, expected: string, hint: string): T {
  if (value !== undefined) return value;
  throw complaint('usage', { where: who, expected, received: 'none', try: hint });
}
