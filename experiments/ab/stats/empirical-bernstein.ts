import {
  boundedLooks,
  emptySequence,
  placeLook,
  PlugIn,
  type BoundedOptions,
  type BoundedSequence,
} from './bounded-data.js';

/** The largest bet; the paper's choice, must be below 1. */
const LARGEST_BET = 0.5;

/**
 * The empirical-Bernstein confidence sequence of a bounded mean with predictable bets (Waudby-Smith and Ramdas 2024,
 * theorem 2). For values in [0, 1], with μ̂ and σ̂² known before each value (`PlugIn`) and α = 1 − level:
 *
 *     λ_t = min(√(2 ln(2/α)/(σ̂²_{t−1} t ln(t + 1))), ½)    v_t = (x_t − μ̂_{t−1})²    ψ(λ) = −ln(1 − λ) − λ
 *     Σ λ x / Σ λ  ±  (ln(2/α) + Σ v ψ(λ)) / Σ λ
 *
 * Holds for any values with one conditional mean: no normality, no least number. The order of the values matters.
 * Computed in one pass; before the first value the interval is the range.
 */
export function empiricalBernstein(values: Float64Array, options: BoundedOptions): BoundedSequence {
  const looks = boundedLooks('empirical Bernstein', values, options);
  const { least, most, level } = options;
  const range = most - least;
  const log = Math.LN2 - Math.log1p(-level);
  const out = emptySequence(looks.length);
  const seen = new PlugIn();
  let [bets, won, cost, at] = [0, 0, log, 0];
  looks.forEach((look, k) => {
    for (; at < look; at++) {
      const x = (values[at] - least) / range;
      const bet = Math.min(LARGEST_BET, seen.bet(log));
      bets += bet;
      won += bet * x;
      cost += (x - seen.mean) ** 2 * (-Math.log1p(-bet) - bet);
      seen.add(x);
    }
    const [centre, half] = bets === 0 ? [0.5, Infinity] : [won / bets, cost / bets];
    placeLook(out, k, [least + range * (centre - half), least + range * (centre + half)], options);
  });
  return out;
}
