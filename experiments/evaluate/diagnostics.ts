import type { Diagnostics } from '../contract.js';
import type { LoggedRounds, Terms } from './rounds.js';

/** How many rows a report names at most. */
const MAX_NAMED = 10;

/** What the weights say about how well the log covers the target policy. */
export function diagnose(rounds: LoggedRounds, { weight }: Terms): Diagnostics {
  const n = weight.length;
  let total = 0;
  let squares = 0;
  let maxWeight = 0;
  let floor = Infinity;
  for (let i = 0; i < n; i++) {
    total += weight[i];
    squares += weight[i] * weight[i];
    if (weight[i] > maxWeight) maxWeight = weight[i];
    if (rounds.propensity[i] < floor) floor = rounds.propensity[i];
  }
  return {
    rounds: n,
    effectiveSampleSize: squares === 0 ? 0 : (total * total) / squares,
    meanWeight: n === 0 ? NaN : total / n,
    maxWeight,
    maxWeightShare: total === 0 ? 0 : maxWeight / total,
    propensityFloor: floor,
    offendingRows: heavyRows(weight, total),
  };
}

/** Rows that each hold more than a tenth of all weight, heaviest first. */
function heavyRows(weight: Float64Array, total: number): number[] {
  const rows: number[] = [];
  // In a log of fewer than 100 rounds one round may well hold a tenth of the weight; there only half counts.
  const limit = weight.length < 100 ? 0.5 : 0.1;
  for (let i = 0; i < weight.length; i++) if (weight[i] > limit * total) rows.push(i);
  return rows.sort((a, b) => weight[b] - weight[a]).slice(0, MAX_NAMED);
}

/** Histogram of the positive weights in factors of 2, with a first bin [0, smallest edge) for those that are 0. */
export function weightHistogram(weight: Float64Array): { edges: number[]; counts: number[] } {
  const exponents = Array.from(weight, (w) => (w > 0 ? Math.max(-10, Math.min(30, Math.floor(Math.log2(w)))) : NaN));
  const seen = exponents.filter((e) => !Number.isNaN(e));
  const low = seen.reduce((a, b) => Math.min(a, b), 0);
  const high = seen.reduce((a, b) => Math.max(a, b), 0);
  const edges = [0, ...Array.from({ length: high - low + 2 }, (_, i) => 2 ** (low + i))];
  const counts = new Array<number>(edges.length - 1).fill(0);
  for (const exponent of exponents) counts[Number.isNaN(exponent) ? 0 : exponent - low + 1]++;
  return { edges, counts };
}
