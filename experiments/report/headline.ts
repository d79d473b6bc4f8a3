import type { Estimate, PolicySection, ReportDocument } from '../contract.js';

/**
 * The estimator that stands for a policy where there is room for one number: the one of the comparisons when they all
 * use the same, else doubly robust when there are guesses, else SNIPS, else the first that every policy has.
 */
export function headlineEstimator({ policies, comparisons }: ReportDocument): string | undefined {
  const everywhere = (key: string | undefined): key is string =>
    key !== undefined && policies.every(({ estimates }) => Object.hasOwn(estimates, key));
  const compared = new Set(comparisons.map(({ estimator }) => estimator));
  const candidates = [compared.size === 1 ? [...compared][0] : undefined, 'dr', 'snips'];
  return [...candidates, ...policies.slice(0, 1).flatMap(({ estimates }) => Object.keys(estimates))].find(everywhere);
}

/** A policy's estimate by a key that may be absent. */
export function estimateBy({ estimates }: PolicySection, key: string | undefined): Estimate | undefined {
  return key !== undefined && Object.hasOwn(estimates, key) ? estimates[key] : undefined;
}

/** Why a policy's numbers are refused. */
export function reasonsOf({ verdict, reasons }: PolicySection): readonly string[] {
  if (verdict !== 'unsupported') return [];
  return reasons.length > 0 ? reasons : ['The log cannot carry it.'];
}
