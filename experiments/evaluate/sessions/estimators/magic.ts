import { simplexQuadratic } from '../../../../core/stats/simplex-quadratic.js';
import { influenceOf, valueOf } from '../../summarise.js';
import { bootstrapSessions, type SessionEstimator, type SessionPart } from '../forms.js';
import type { SessionTerms } from '../sessions.js';
import { firstValues, normalisedSteps } from './doubly-robust.js';

/** Judgements of the blend. */
const BLEND = {
  /** Partial returns are blended at no more than this many steps, the first and the last among them. */
  mostReturns: 40,
  /** Resamples of the interval around the last partial return, and its level. */
  replicates: 200,
  level: 0.5,
};

/** How the partial returns were blended. */
export interface Blend {
  /** [J] the j-th return weighs the first steps[j] steps and leaves the rest to the model: 0 is DM, H is snDr. */
  readonly steps: readonly number[];
  /** [J] the value of each. */
  readonly returns: Float64Array;
  /** [J, J] covariance of the returns. */
  readonly covariance: Float64Array;
  /** [J] estimated bias of each. */
  readonly bias: Float64Array;
  /** [J] weights on the simplex: the best under covariance + bias·bias'. */
  readonly weights: Float64Array;
}

/**
 * MAGIC (Thomas and Brunskill 2016): a blend of partial importance-sampling returns
 *
 *     g^(j) = V(s_0) + Σ_{t < j} γ^t w_t·(r_t + γ V(s_{t+1}) − Q(s_t, a_t)),   each step's weights divided by their mean,
 *
 * from the model alone (j = 0) to `snDr` (j = H), with the weights x on the simplex that make the estimated squared error
 * x'(Ω + b b')x smallest. b_j is how far g^(j) lies outside a percentile bootstrap interval of g^(H); the weights come
 * from an exact solver (`simplexQuadratic`), where ReAgent's gradient loop never leaves the uniform blend.
 * Ω is the delta method's covariance of the returns, moving normalisers included (the paper holds them still).
 *
 * The interval takes x as given, and does not know the bias of the model's share.
 */
export const magic: SessionEstimator = {
  name: 'MAGIC',
  assumption: 'Propensities are right, or the fitted Q is; takes from each what the log can tell apart.',
  weights: 'cumulative',
  needs: ['guesses', 'policy'],
  perSession(terms, seed) {
    const { first, steps } = partsOf(terms);
    const { steps: cuts, weights } = blendOf(first, steps, seed);
    // Step t is part of every return that weighs more than t steps.
    const parts = steps.map(({ numerator, denominator }, t): SessionPart => {
      const share = cuts.reduce((sum, cut, j) => sum + (cut > t ? weights[j] : 0), 0);
      return { numerator: numerator.map((value) => share * value), ...(denominator && { denominator }) };
    });
    return { parts: [first, ...parts] };
  },
};

/** How `magic` blends on these sessions. */
export function magicBlend(terms: SessionTerms, seed: number): Blend {
  const { first, steps } = partsOf(terms);
  return blendOf(first, steps, seed);
}

function partsOf(terms: SessionTerms): { first: SessionPart; steps: SessionPart[] } {
  return { first: { numerator: firstValues(terms, 'magic') }, steps: normalisedSteps(terms, 'magic') };
}

function blendOf(first: SessionPart, parts: readonly SessionPart[], seed: number): Blend {
  const steps = cutsOf(parts.length);
  const n = first.numerator.length;
  const returns = new Float64Array(steps.length);
  const influences: Float64Array[] = [];
  let value = valueOf(first);
  const influence = influenceOf(first);
  for (let t = 0, j = 0; t <= parts.length; t++) {
    if (steps[j] === t) {
      returns[j++] = value;
      influences.push(influence.slice());
    }
    if (t === parts.length) break;
    value += valueOf(parts[t]);
    const moved = influenceOf(parts[t]);
    for (let s = 0; s < n; s++) influence[s] += moved[s];
  }
  const covariance = covarianceOf(influences);
  const [[low, high]] = bootstrapSessions([{ parts: [first, ...parts] }], { ...BLEND, seed });
  const bias = returns.map((g) => (g > high ? g - high : g < low ? g - low : 0));
  const error = covariance.map((entry, at) => entry + bias[Math.floor(at / steps.length)] * bias[at % steps.length]);
  return { steps, returns, covariance, bias, weights: simplexQuadratic(error, steps.length) };
}

/** Every step count from 0 to H, or evenly spaced ones in long sessions. */
function cutsOf(longest: number): number[] {
  const last = Math.min(longest, BLEND.mostReturns - 1);
  return Array.from({ length: last + 1 }, (_, j) => Math.round((j * longest) / Math.max(1, last)));
}

/** [J, J] of means whose sessions have these influences. */
function covarianceOf(influences: readonly Float64Array[]): Float64Array {
  const J = influences.length;
  const n = influences[0].length;
  const out = new Float64Array(J * J);
  for (let i = 0; i < J; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let s = 0; s < n; s++) sum += influences[i][s] * influences[j][s];
      out[i * J + j] = out[j * J + i] = sum / Math.max(1, n - 1) / n;
    }
  }
  return out;
}
