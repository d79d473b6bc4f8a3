import { complaint } from '../../../core/check.js';
import { betaLower } from '../../../core/stats/beta.js';
import { normalQuantile } from '../../../core/stats/normal.js';

/** An interleaving experiment: what the exact sign test over its queries can find. */
export interface PreferencePlan {
  /** Two-sided. */
  readonly level: number;
  /** Share of queries that prefer neither ranker, in [0, 1). */
  readonly ties: number;
}

/**
 * Power of the exact two-sided sign test (`interleaving/preference-test.ts`): P(X ≥ c) for X binomial(m, s), with m decided
 * queries, s the better ranker's share of them, and c the fewest wins with 2·P(X ≥ c | ½) ≤ 1 − level. A sawtooth in m,
 * because c is a whole number; the normal approximation promises up to a few percent more.
 *
 * @param queries in all, ties included
 * @param share   of the decided queries that one ranker wins, in [0, 1]
 */
export function preferencePower(queries: number, share: number, { level, ties }: PreferencePlan): number {
  return signTestPower(Math.floor(queries * decidedShare(ties) + 1e-9), betterShare(share), level);
}

/** Queries, ties included, from which on a share is found with at least that power, teeth of the saw included. */
export function queriesFor(share: number, power: number, { level, ties }: PreferencePlan): number {
  const better = betterShare(share);
  if (better === 0.5)
    throw complaint('usage', { where: 'power: share', expected: 'a share other than 0.5', received: '0.5' });
  const away = better - 0.5;
  const normal =
    normalQuantile(0.5 + level / 2) / 2 + Math.max(0, normalQuantile(power)) * Math.sqrt(better * (1 - better));
  // Well beyond the normal approximation and its teeth, then back until the power is first missed.
  let decided = Math.ceil(1.1 * (normal / away) ** 2 + 10 / away + 20);
  while (decided > 1 && signTestPower(decided - 1, better, level) >= power) decided--;
  return Math.ceil(decided / decidedShare(ties) - 1e-9);
}

/** The smallest share above ½ that is found with that power, to 10⁻⁹; null where even unanimous queries are too few. */
export function smallestShare(queries: number, power: number, { level, ties }: PreferencePlan): number | null {
  const decided = Math.floor(queries * decidedShare(ties) + 1e-9);
  if (signTestPower(decided, 1, level) < power) return null;
  let [low, high] = [0.5, 1];
  while (high - low > 1e-9) {
    const middle = (low + high) / 2;
    if (signTestPower(decided, middle, level) < power) low = middle;
    else high = middle;
  }
  return high;
}

function signTestPower(decided: number, share: number, level: number): number {
  const critical = criticalWins(decided, 1 - level);
  return critical > decided ? 0 : atLeast(critical, decided, share);
}

/** Fewest wins of n with 2·P(X ≥ wins) ≤ alpha under a fair coin; n + 1 where even all are not enough. */
function criticalWins(n: number, alpha: number): number {
  let [low, high] = [Math.floor(n / 2), n + 1];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (2 * atLeast(middle, n, 0.5) <= alpha) high = middle;
    else low = middle;
  }
  return high;
}

/** P(X ≥ k) of a binomial: the incomplete beta function I_p(k, n − k + 1). */
function atLeast(k: number, n: number, p: number): number {
  return k <= 0 || p >= 1 ? 1 : betaLower(p, k, n - k + 1);
}

function betterShare(share: number): number {
  if (share >= 0 && share <= 1) return Math.max(share, 1 - share);
  throw complaint('usage', { where: 'power: share', expected: 'a share in [0, 1]', received: `${share}` });
}

function decidedShare(ties: number): number {
  if (ties >= 0 && ties < 1) return 1 - ties;
  throw complaint('usage', { where: 'power: ties', expected: 'a share in [0, 1)', received: `${ties}` });
}
