import { complaint } from '../../../core/check.js';
import { bettingLower } from '../../../core/stats/betting.js';
import {
  boundedLooks,
  emptySequence,
  placeLook,
  PlugIn,
  type BoundedOptions,
  type BoundedSequence,
} from './bounded-data.js';
import { neverZero } from './welch.js';

/** No bet may risk more than this share of the capital, so that it never reaches 0. */
const LARGEST_RISK = 0.5;

/**
 * The betting confidence sequence of a bounded mean, by the hedged capital (Waudby-Smith and Ramdas 2024, theorem 3, § 4.4).
 * Against every possible mean m two gamblers bet that values lie above or below:
 *
 *     K⁺_t(m) = Π (1 + min(λ_i, 1/(2m))(x_i − m))      K⁻_t(m) = Π (1 − min(λ_i, 1/(2(1 − m)))(x_i − m))
 *     keep m while max(K⁺, K⁻)/2 < 1/α,                 λ_i as in `empiricalBernstein`, not cut at ½
 *
 * K⁺ falls and K⁻ rises with m, so that the limits are roots, found by halving (`bettingLower`, once from each end); confseq
 * walks over a grid instead and returns its points. Capital is kept as a logarithm. Time: a hundred passes over the values
 * per look, so name the looks.
 */
export function bettingSequence(values: Float64Array, options: BoundedOptions): BoundedSequence {
  const looks = boundedLooks('betting', values, options);
  const { least, most, level } = options;
  const range = most - least;
  const x = values.map((value) => (value - least) / range);
  const mirrored = values.map((value) => (most - value) / range);
  const miss = (1 - level) / 2;
  const out = emptySequence(looks.length);
  looks.forEach((look, k) => {
    const low = bettingLower(x.subarray(0, look), 1, miss);
    // Betting below m is betting above 1 − m on the mirrored values.
    const high = 1 - bettingLower(mirrored.subarray(0, look), 1, miss);
    placeLook(out, k, [least + range * low, least + range * high], options);
  });
  return out;
}

/**
 * The always-valid p-value of "the mean is m": 1 over the largest hedged capital there was so far, K = (K⁺ + K⁻)/2, after
 * each look. In (0, 1], never rising.
 *
 * The mean of both capitals is itself a martingale and never below half their maximum, so that p ≤ α at the latest when
 * the interval leaves m out.
 *
 * @param mean strictly between `least` and `most`
 */
export function bettingPValues(values: Float64Array, mean: number, options: BoundedOptions): Float64Array {
  const looks = boundedLooks('betting', values, options);
  const { least, most } = options;
  const m = (mean - least) / (most - least);
  if (!(m > 0 && m < 1))
    throw complaint('usage', {
      where: 'betting: mean',
      expected: `a number between ${least} and ${most}`,
      received: `${mean}`,
    });
  const { x, bets } = gamble(values, options);
  const p = new Float64Array(looks.length);
  let [above, below, best, at] = [0, 0, 0, 0];
  looks.forEach((look, k) => {
    for (; at < look; at++) {
      above += Math.log1p(Math.min(bets[at], LARGEST_RISK / m) * (x[at] - m));
      below += Math.log1p(-Math.min(bets[at], LARGEST_RISK / (1 - m)) * (x[at] - m));
      best = Math.max(best, Math.max(above, below) + Math.log1p(Math.exp(-Math.abs(above - below))) - Math.LN2);
    }
    p[k] = neverZero(Math.exp(-best));
  });
  return p;
}

/** Values on [0, 1] and the bet of each, known before it. */
function gamble(values: Float64Array, options: BoundedOptions): { x: Float64Array; bets: Float64Array } {
  const { least, most, level } = options;
  const log = Math.LN2 - Math.log1p(-level);
  const x = values.map((value) => (value - least) / (most - least));
  const bets = new Float64Array(x.length);
  const seen = new PlugIn();
  for (let i = 0; i < x.length; i++) {
    bets[i] = seen.bet(log);
    seen.add(x[i]);
  }
  return { x, bets };
}
