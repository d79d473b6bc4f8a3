import { normalDensity, normalLower, normalQuantile, normalUpper } from '../../../core/stats/normal.js';

/** A normal belief about an effect before the data, on the scale of that effect. */
export interface EffectPrior {
  readonly mean: number;
  readonly deviation: number;
}

/** What to believe of an effect after the data. */
export interface EffectBelief {
  readonly mean: number;
  readonly deviation: number;
  /** Probability that the arm is better. */
  readonly chanceToWin: number;
  /** What choosing the arm loses on average where it is worse: E max(0, −effect). */
  readonly risk: number;
  /** The same of keeping the control: E max(0, effect). */
  readonly riskOfControl: number;
  /** Central credible interval. */
  readonly interval: readonly [number, number];
}

/**
 * What to believe of an effect: normal around the estimate, or with a prior the precision-weighted mean of both.
 *
 *     chance to win Φ(μ/s)      risk s φ(μ/s) − μ Φ(−μ/s)      risk of the control s φ(μ/s) + μ Φ(μ/s)
 */
export function posteriorEffect(
  effect: number,
  standardError: number,
  prior?: EffectPrior,
  level = 0.95,
): EffectBelief {
  const data = 1 / standardError ** 2;
  const before = prior === undefined ? 0 : 1 / prior.deviation ** 2;
  const s = 1 / Math.sqrt(data + before);
  const mean = (data * effect + before * (prior?.mean ?? 0)) / (data + before);
  const z = mean / s;
  const half = normalQuantile(0.5 + level / 2) * s;
  return {
    mean,
    deviation: s,
    chanceToWin: normalLower(z),
    risk: expectedExcess(-mean, s),
    riskOfControl: expectedExcess(mean, s),
    interval: [mean - half, mean + half],
  };
}

/** E max(0, X) of a normal X. */
function expectedExcess(mean: number, deviation: number): number {
  const z = mean / deviation;
  return Math.max(0, deviation * normalDensity(z) + mean * normalUpper(-z));
}

/**
 * A prior said of relative effects on the scale of differences, or the other way round: both numbers times |control|, or
 * divided by it. (GrowthBook has this step, but it compares the wrong thing and never runs: there a prior means the same
 * number on both scales.)
 */
export function rescaledPrior(
  prior: EffectPrior & { readonly scale: 'relative' | 'absolute' },
  to: 'relative' | 'absolute',
  control: number,
): EffectPrior {
  const factor = prior.scale === to ? 1 : to === 'absolute' ? Math.abs(control) : 1 / Math.abs(control);
  return { mean: prior.mean * factor, deviation: prior.deviation * factor };
}
