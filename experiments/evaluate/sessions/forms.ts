import { GymError } from '../../../core/check.js';
import { bootstrapSums, percentileInterval } from '../../../core/stats/bootstrap.js';
import { influenceOf, valueOf } from '../summarise.js';
import type { SessionTerms } from './sessions.js';

/** A sum over sessions, with the sum it is divided by where there is one. */
export interface SessionPart {
  readonly numerator: Float64Array;
  readonly denominator?: Float64Array;
}

/**
 * What an estimator says of each session. Its value is
 *
 *     Σ_k Σ_s numerator_k / Σ_s denominator_k,   Σ denominator = S where there is none,
 *
 * one part for a plain mean and one per step for a form that is normalised step by step, so that every normaliser moves
 * in standard errors and bootstrap replicates.
 */
export interface SessionForm {
  readonly parts: readonly SessionPart[];
}

/** What an estimator of sessions needs beyond actions, rewards and probabilities. */
export type SessionNeed = 'guesses' | 'state' | 'features' | 'policy';

export interface SessionEstimator {
  readonly name: string;
  /** One sentence: when to believe it. */
  readonly assumption: string;
  /**
   * What it weighs with, and so what has to be well behaved for it to be believed: the products of a session's ratios,
   * the ratios of visits to a state, or a single decision's ratio (which only says where a model had data).
   */
  readonly weights: 'cumulative' | 'marginal' | 'single';
  readonly needs: readonly SessionNeed[];
  /** @param seed of estimators that resample to choose a setting */
  perSession(terms: SessionTerms, seed: number): SessionForm;
}

export function sessionValue({ parts }: SessionForm): number {
  return parts.reduce((sum, part) => sum + valueOf(part), 0);
}

/** [S] how much each session moves the value, by linearisation; the mean is 0. */
export function sessionInfluence({ parts }: SessionForm): Float64Array {
  const total = influenceOf(parts[0]);
  for (const part of parts.slice(1)) {
    const influence = influenceOf(part);
    for (let s = 0; s < total.length; s++) total[s] += influence[s];
  }
  return total;
}

/**
 * Percentile bootstrap over whole sessions, of several forms at once (see `replicatedValues` for single decisions).
 * A normaliser that is 0 in a replicate makes its part 0 there.
 *
 * @returns per form, the interval between the (1 − level)/2 and (1 + level)/2 quantiles of its replicates
 */
export function bootstrapSessions(
  forms: readonly SessionForm[],
  options: { readonly replicates: number; readonly level: number; readonly seed: number },
): [number, number][] {
  const columns: Float64Array[] = [];
  const places = new Map<Float64Array, number>();
  const place = (column: Float64Array): number => {
    const known = places.get(column) ?? columns.push(column) - 1;
    places.set(column, known);
    return known;
  };
  const placed = forms.map(({ parts }) =>
    parts.map(({ numerator, denominator }) => ({
      above: place(numerator),
      below: denominator === undefined ? -1 : place(denominator),
    })),
  );
  const sessions = columns.length === 0 ? 0 : columns[0].length;
  const replicated = forms.map(() => new Float64Array(options.replicates));
  bootstrapSums(columns, options, (sums, replicate) => {
    placed.forEach((parts, f) => {
      let value = 0;
      for (const { above, below } of parts) {
        const scale = below < 0 ? sessions : sums[below];
        if (scale !== 0) value += sums[above] / scale;
      }
      replicated[f][replicate] = value;
    });
  });
  return replicated.map((values) => {
    const { low, high } = percentileInterval(values, options.level);
    return [low, high];
  });
}

/** guess and direct of the terms, or an error that says how to get them. */
export function guessedTerms(
  { guess, direct }: SessionTerms,
  who: string,
): { readonly guess: Float64Array; readonly direct: Float64Array } {
  if (guess !== undefined && direct !== undefined) return { guess, direct };
  throw new GymError(
    'usage',
    `${who}: expected guesses Q(s, a) and the policy's probability of every action, received none. Fit them (--state or --features with --policy) or pass them (--guess).`,
  );
}
