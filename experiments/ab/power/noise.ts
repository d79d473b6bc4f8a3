import { complaint } from '../../../core/check.js';

/**
 * How much one unit says of an effect: with n_C and n_T units an estimate of the effect has the squared standard error
 * v_C/n_C + v_T/n_T.
 */
export interface Noise {
  /** [control, treatment] per unit, when the effect is this large. */
  variances(effect: number): readonly [number, number];
  /** Effects lie strictly inside; a proportion of 0.1 cannot rise by more than 0.9. */
  readonly range: readonly [number, number];
}

const ANY = [-Infinity, Infinity] as const;

/** A mean, effect as a difference. @param sd of a unit, in both arms */
export function meanNoise(sd: number): Noise {
  above('sd', sd, 0);
  return { variances: () => [sd * sd, sd * sd], range: ANY };
}

/**
 * A relative effect δ = (m_B − m_A)/|m_A|, whose control is as uncertain as the treatment: by the delta method
 * v_C (1 + δ)²/m², v_T/m². Needs more units than the same effect as a difference when it is a rise, fewer when a fall.
 */
export function liftNoise({ sd, baseline }: { readonly sd: number; readonly baseline: number }): Noise {
  above('sd', sd, 0);
  above('|baseline|', Math.abs(baseline), 0);
  const v = (sd / baseline) ** 2;
  return { variances: (effect) => [v * (1 + Math.sign(baseline) * effect) ** 2, v], range: ANY };
}

/**
 * A proportion, effect as a difference: v_C = p(1 − p), v_T the same at p + effect. For a test of non-inferiority give
 * `sameVariance`: the treatment then has the control's, as if it were no worse.
 */
export function proportionNoise(baseline: number, sameVariance = false): Noise {
  if (!(baseline > 0 && baseline < 1)) throw wrong('a baseline proportion in (0, 1)', baseline);
  const v = (p: number): number => p * (1 - p);
  return {
    variances: (effect) => [v(baseline), v(sameVariance ? baseline : baseline + effect)],
    range: sameVariance ? ANY : [-baseline, 1 - baseline],
  };
}

/** A ratio R = Σ M/Σ D by the delta method: (v_M − 2R c + R² v_D)/d², with c = correlation · sd_M · sd_D. */
export function ratioNoise(ratio: {
  readonly baseline: number;
  readonly numeratorSd: number;
  readonly denominatorMean: number;
  readonly denominatorSd: number;
  readonly correlation: number;
}): Noise {
  const { baseline, numeratorSd, denominatorMean, denominatorSd, correlation } = ratio;
  above('the numerator’s sd', numeratorSd, 0);
  above('the denominator’s mean', denominatorMean, 0);
  within('correlation', correlation, [-1, 1]);
  const spread = numeratorSd ** 2 - 2 * baseline * correlation * numeratorSd * denominatorSd;
  const v = (spread + (baseline * denominatorSd) ** 2) / denominatorMean ** 2;
  return { variances: () => [v, v], range: ANY };
}

/** A quantile: p(1 − p)/f². @param density f of the units' values at the quantile */
export function quantileNoise({ quantile, density }: { readonly quantile: number; readonly density: number }): Noise {
  if (!(quantile > 0 && quantile < 1)) throw wrong('a quantile in (0, 1)', quantile);
  above('density', density, 0);
  const v = (quantile * (1 - quantile)) / density ** 2;
  return { variances: () => [v, v], range: ANY };
}

/**
 * A switchback test; its units are windows. The mean of the ℓ = window − carryOver periods that are kept, with a
 * correlation of ρ^k between periods k apart, varies by
 *
 *     sd²/ℓ · (1 + 2 Σ_{k<ℓ} (1 − k/ℓ) ρ^k)
 *
 * Periods after windows that were not switched are kept too in truth, so this errs on the side of caution.
 *
 * @param sd of one period
 */
export function switchbackNoise(design: {
  readonly sd: number;
  readonly window: number;
  readonly carryOver: number;
  readonly autocorrelation: number;
}): Noise {
  const { sd, window, carryOver, autocorrelation } = design;
  above('sd', sd, 0);
  const kept = window - carryOver;
  if (!(Number.isInteger(kept) && carryOver >= 0 && kept > 0))
    throw wrong('a window of more periods than the carry-over', window);
  within('autocorrelation', autocorrelation, [-1, 1]);
  let sum = 1;
  for (let k = 1; k < kept; k++) sum += 2 * (1 - k / kept) * autocorrelation ** k;
  const v = (sd * sd * sum) / kept;
  return { variances: () => [v, v], range: ANY };
}

/** The same after CUPED: times 1 − ρ². @param correlation of the metric with what was known before */
export function withCuped(noise: Noise, correlation: number): Noise {
  within('correlation', correlation, [-1, 1]);
  return times(noise, 1 - correlation * correlation);
}

/** The same when whole clusters are randomised: times the design effect. Units remain units. */
export function withClusters(noise: Noise, clusters: Parameters<typeof designEffect>[0]): Noise {
  return times(noise, designEffect(clusters));
}

/**
 * How many times as many units clusters need (Kish 1965; with unequal sizes Eldridge, Ashby and Kerry 2006):
 * 1 + ((1 + cv²) m − 1) ICC.
 *
 * @param size m, mean units per cluster
 * @param icc  intra-cluster correlation
 * @param cv   coefficient of variation of the sizes, 0 when all are alike
 */
export function designEffect({
  size,
  icc,
  cv = 0,
}: {
  readonly size: number;
  readonly icc: number;
  readonly cv?: number;
}): number {
  above('cluster size', size, 1, true);
  within('intra-cluster correlation', icc, [0, 1]);
  return 1 + ((1 + cv * cv) * size - 1) * icc;
}

function times(noise: Noise, factor: number): Noise {
  return {
    variances: (effect) => {
      const [control, arm] = noise.variances(effect);
      return [control * factor, arm * factor];
    },
    range: noise.range,
  };
}

function above(what: string, value: number, least: number, orEqual = false): void {
  if ((value > least || (orEqual && value === least)) && value < Infinity) return;
  throw wrong(`${what} ${orEqual ? 'of at least' : 'above'} ${least}`, value);
}

function within(what: string, value: number, [low, high]: readonly [number, number]): void {
  if (value >= low && value <= high) return;
  throw wrong(`${what} from ${low} to ${high}`, value);
}

function wrong(expected: string, received: number): Error {
  return complaint('usage', { where: 'power', expected, received: `${received}` });
}
