import { complaint } from '../../core/check.js';
import { twoSidedZ } from '../../core/stats/intervals.js';

/** The half-width, relative to the value, that log sizes are told for. */
export const WITHIN = 0.02;

/**
 * Rewards of the policy's own actions that estimate their mean within a share of it: the half-width of the interval is
 * z · sd ÷ √hits, so
 *
 *   hits = (z · variation ÷ within)²
 *
 * @param variation standard deviation ÷ mean of the reward, ≥ 0
 * @param within    relative half-width, > 0
 * @param level     two-sided level of the interval
 */
export function hitsNeeded(variation: number, within: number, level: number): number {
  if (!(variation >= 0 && Number.isFinite(variation))) {
    throw complaint('numeric', { where: 'hits needed', expected: 'a variation from 0', received: String(variation) });
  }
  if (!(within > 0)) {
    throw complaint('numeric', { where: 'hits needed', expected: 'a half-width above 0', received: String(within) });
  }
  return ((twoSidedZ(level) * variation) / within) ** 2;
}

/** The log that holds so many hits: a uniform log over A actions hits a deterministic policy in one row of A. */
export function uniformRowsNeeded(variation: number, actions: number, within: number, level: number): number {
  return hitsNeeded(variation, within, level) * actions;
}

/**
 * Rows that estimate a value within a share of it, by what this many rows did: standard errors fall with √rows, so
 *
 *   needed = rows · (z · standard error ÷ (within · |value|))²
 *
 * @returns null where the value is 0 or refused: there is nothing to be relative to
 */
export function rowsNeeded(
  rows: number,
  { value, standardError }: { readonly value: number | null; readonly standardError: number | null },
  within: number,
  level: number,
): number | null {
  if (value === null || standardError === null || value === 0) return null;
  return rows * hitsNeeded(standardError / Math.abs(value), within, level);
}
