import type { Diagnostics, PolicySection } from '../contract.js';
import type { LoggedRounds, Terms } from './rounds.js';
import { LIMITS } from './verdict.js';

/** How many rows a report names at most. */
const MAX_NAMED = 10;

/** What the weights say about how well the log covers the target policy. */
export function diagnose(rounds: Pick<LoggedRounds, 'propensity'>, { weight }: Pick<Terms, 'weight'>): Diagnostics {
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
  const effectiveSampleSize = squares === 0 ? 0 : (total * total) / squares;
  const maxWeightShare = total === 0 ? 0 : maxWeight / total;
  return {
    rounds: n,
    effectiveSampleSize,
    meanWeight: n === 0 ? NaN : total / n,
    maxWeight,
    maxWeightShare,
    propensityFloor: floor,
    offendingRows: heavyRows(weight, total, effectiveSampleSize),
  };
}

/**
 * Rows that each hold so large a share of all weight that the verdict speaks of it, heaviest first. In a short log every
 * round holds a large share; there only the heaviest is named.
 */
function heavyRows(weight: Float64Array, total: number, effective: number): number[] {
  const n = weight.length;
  const limit = Math.max(LIMITS.weakMaxShare, 10 / n) * total;
  const rows: number[] = [];
  let heaviest = 0;
  for (let i = 0; i < n; i++) {
    if (weight[i] > limit) rows.push(i);
    if (weight[i] > weight[heaviest]) heaviest = i;
  }
  if (rows.length > 0) return rows.sort((a, b) => weight[b] - weight[a]).slice(0, MAX_NAMED);
  const collapsed = effective < LIMITS.effectiveRounds && effective < LIMITS.effectiveShare * n;
  return total > 0 && n > 1 && (weight[heaviest] > LIMITS.weakMaxShare * total || collapsed) ? [heaviest] : [];
}

/** Smallest and largest power of 2 that gets a bin of its own. */
const LOWEST = -10;
/** Where the sign and exponent of a stored number lie: processors that write the low word first, all that Node runs on. */
const HIGH_WORD = 1;
const HIGHEST = 30;

/** Histogram of the weights in factors of 2, with a first bin [0, smallest edge) for those that are 0. */
export function weightHistogram(weight: Float64Array): PolicySection['weights'] {
  const bins = new Float64Array(HIGHEST - LOWEST + 1);
  const number = new Float64Array(1);
  const bits = new Uint32Array(number.buffer);
  let zeros = 0;
  let low = 0;
  let high = 0;
  for (let i = 0; i < weight.length; i++) {
    if (!(weight[i] > 0)) {
      zeros++;
      continue;
    }
    // ⌊log₂ w⌋ is the exponent of the number as it is stored; of those too small for one it is below every edge.
    number[0] = weight[i];
    const exponent = Math.max(LOWEST, Math.min(HIGHEST, ((bits[HIGH_WORD] >>> 20) & 0x7ff) - 1023));
    bins[exponent - LOWEST]++;
    if (exponent < low) low = exponent;
    if (exponent > high) high = exponent;
  }
  return {
    edges: [0, ...Array.from({ length: high - low + 2 }, (_, i) => 2 ** (low + i))],
    counts: [zeros, ...bins.subarray(low - LOWEST, high - LOWEST + 1)],
  };
}
