import { GymError } from '../../../core/check.js';
import type { Terms } from '../rounds.js';

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

/** An estimator: what it needs, what it assumes, and its per-round form. */
export interface Estimator {
  readonly name: string;
  /** One sentence: when to believe it. */
  readonly assumption: string;
  readonly needsGuesses: boolean;
  /** The meaning of its setting and the value used when none is given; absent for estimators without one. */
  readonly setting?: { readonly name: string; readonly value: number };
  perRound(terms: Terms, setting: number): PerRound;
}

/** direct and guess of the terms, or an error that says how to get them. */
export function modelTerms(terms: Terms, who: string): { readonly direct: Float64Array; readonly guess: Float64Array } {
  const { direct, guess } = terms;
  if (direct === undefined || guess === undefined) {
    throw new GymError(
      'usage',
      `${who}: expected guesses of the reward, received none. Fit a reward model on other rounds and pass its guesses (--guess).`,
    );
  }
  return { direct, guess };
}
