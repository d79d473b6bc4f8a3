import { complaint, expectNumber } from '../../core/check.js';
import { logSpaced, type WeightGroup } from '../../logs/ad-utility/weight-grid.js';
import { WEIGHTED } from '../../simulators/ad-market/contract.js';
import type { AdMarket } from '../../simulators/ad-market/market.js';

/** Sums of the predictions' sizes over the candidates of some requests: what contributions are made of. */
export interface UtilityParts {
  /** Σ |pAction · bid| and, per weighted prediction, Σ p. */
  readonly revenue: number;
  readonly predictions: readonly number[];
}

/** The parts of the utility over the candidates of these requests. @param requests [n] numbers */
export function utilityParts(market: AdMarket, requests: Float64Array): UtilityParts {
  const rows = market.requests(requests.length);
  market.fill(requests, rows);
  const predictions = WEIGHTED.map(() => 0);
  let revenue = 0;
  for (let at = 0; at < rows.count * market.settings.candidates; at++) {
    revenue += rows.predicted[at * 4] * rows.bid[at];
    for (let h = 0; h < predictions.length; h++) predictions[h] += rows.predicted[at * 4 + 1 + h];
  }
  return { revenue, predictions };
}

/**
 * Share of the utility that one prediction makes at a weight, the others at theirs (PRL-PUTS):
 *
 *     c_i = ‖w_i h_i‖ ÷ Σ_j ‖w_j h_j‖, the revenue part with weight 1
 *
 * @param weights of all groups
 * @param group whose weight is replaced by `weight`
 */
export function contribution(parts: UtilityParts, weights: readonly number[], group: number, weight: number): number {
  const own = Math.abs(weight) * parts.predictions[group];
  let rest = parts.revenue;
  parts.predictions.forEach((size, g) => {
    if (g !== group) rest += Math.abs(weights[g]) * size;
  });
  return own + rest === 0 ? 0 : own / (own + rest);
}

/** The weight at which a prediction makes this share of the utility, the others at theirs; the curve read backwards. */
export function weightAt(parts: UtilityParts, weights: readonly number[], group: number, share: number): number {
  expectNumber('contribution: share', share, 0, 0.999);
  const size = parts.predictions[group];
  if (!(size > 0)) {
    throw complaint('data', {
      where: `contribution of group ${group}`,
      expected: 'predictions above 0 for some candidate',
      received: 'only zeros',
    });
  }
  let rest = parts.revenue;
  parts.predictions.forEach((other, g) => {
    if (g !== group) rest += Math.abs(weights[g]) * other;
  });
  return (share * rest) / ((1 - share) * size);
}

/**
 * A grid whose levels move each prediction's share of the utility from `from` to `to`, log-spaced, the weights in
 * production inside: ranges as PRL-PUTS picks them, by looking at contribution curves.
 *
 * @param production weights of click, long click and hide, each above 0
 * @param count levels per group
 */
export function groupsByContribution(
  parts: UtilityParts,
  production: readonly number[],
  { count, from, to }: { readonly count: number; readonly from: number; readonly to: number },
): WeightGroup[] {
  return WEIGHTED.map((name, g) => {
    const served = production[g];
    const low = Math.min(served, weightAt(parts, production, g, from));
    const high = Math.max(served, weightAt(parts, production, g, to));
    return { name, levels: logSpaced(low, high, count, served), production: served };
  });
}
