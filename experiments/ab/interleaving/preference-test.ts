import { betaLower } from '../../../core/stats/beta.js';
import { meanInterval, wilson } from '../../../core/stats/intervals.js';
import { moments } from '../../../core/stats/moments.js';
import { studentUpper } from '../../../core/stats/student.js';
import { neverZero } from '../stats/welch.js';

/** What interleaved queries say of two rankers. */
export interface PreferenceTest {
  readonly queries: number;
  readonly winsA: number;
  readonly winsB: number;
  readonly ties: number;
  /** B's share of the queries that one of them won, with Wilson's interval; null when none was won. */
  readonly share: { readonly value: number; readonly interval: readonly [number, number] } | null;
  /** Two-sided sign test of share = ½, exact. */
  readonly pValue: number;
  /** Mean credit B − A per query, ties included, with Student's interval and test; null below two queries. */
  readonly magnitude: {
    readonly value: number;
    readonly interval: readonly [number, number];
    readonly pValue: number;
  } | null;
}

/**
 * The sign test over queries: ties are left out, and B wins a decided query with chance ½ when nobody prefers either.
 * p = min(1, 2 P(X ≥ max(wins))) with X binomial, from its tail, so never 0. Beside it the t test of the mean credit, which
 * also counts by how much.
 *
 * Queries of one person are alike: add them up first where there are several.
 *
 * @param credits [queries] B − A
 */
export function preferenceTest(credits: Float64Array, level: number): PreferenceTest {
  let [winsA, winsB] = [0, 0];
  for (const credit of credits) {
    if (credit > 0) winsB++;
    if (credit < 0) winsA++;
  }
  const decided = winsA + winsB;
  const { low, high } = wilson(winsB, decided, level);
  return {
    queries: credits.length,
    winsA,
    winsB,
    ties: credits.length - decided,
    share: decided === 0 ? null : { value: winsB / decided, interval: [low, high] },
    pValue: signTest(Math.max(winsA, winsB), decided),
    magnitude: magnitude(credits, level),
  };
}

/** Two-sided: P(a fair coin shows either side so often, or oftener). */
export function signTest(most: number, tosses: number): number {
  // P(X ≥ k) of n fair coins = P(Beta(k, n − k + 1) ≤ ½).
  const tail = most <= 0 ? 1 : betaLower(0.5, most, tosses - most + 1);
  return neverZero(2 * tail);
}

function magnitude(credits: Float64Array, level: number): PreferenceTest['magnitude'] {
  const { n, mean, variance } = moments(credits);
  if (n < 2) return null;
  const { low, high } = meanInterval(mean, Math.sqrt(variance), n, level);
  const error = Math.sqrt(variance / n);
  const pValue = mean === 0 ? 1 : neverZero(2 * studentUpper(Math.abs(mean) / error, n - 1));
  return { value: mean, interval: [low, high], pValue };
}
