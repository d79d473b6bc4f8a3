import { complaint } from '../../core/check.js';
import { moments } from '../../core/stats/moments.js';
import { studentQuantile } from '../../core/stats/student.js';
import { modelTerms, type Estimator } from './estimators/form.js';
import type { Terms } from './rounds.js';

/** How the setting of an estimator is chosen from the log itself. */
export const TUNING_METHODS = ['slope', 'mse'] as const;
export type TuningMethod = (typeof TUNING_METHODS)[number];

/** Chance that a bound or half-width of the tuning fails. */
const DELTA = 0.05;

export interface TuningOptions {
  readonly method: TuningMethod;
  /** Settings to choose from; by default the estimator's own. */
  readonly candidates?: readonly number[];
}

/**
 * The setting of an estimator that trades bias for variance (a clip, a threshold, a shrinkage), chosen without a truth:
 * - slope: Lepski's principle, see `slopeChoice`;
 * - mse: the smallest variance/N + (upper bound of the bias)², see `biasOf`. The bound hardly shrinks with the log while
 *   the rewards are bounded by 1 and the weights are not, so it prefers the least biased candidates in short logs.
 *
 * @throws usage when the estimator has no such setting
 */
export function tuneSetting(estimator: Estimator, terms: Terms, { method, candidates }: TuningOptions): number {
  const tuned = estimator.setting?.tuned;
  if (tuned === undefined) {
    throw complaint('usage', {
      where: `tuning of ${estimator.name}`,
      expected: 'an estimator whose setting trades bias for variance',
      received: 'one without',
      try: 'Tune clippedIps, sgIps, clippedDr, switchDr, dros or sgDr.',
    });
  }
  const settings = candidates ?? tuned.candidates;
  const rounds = (setting: number): Float64Array => estimator.perRound(terms, setting).numerator;
  if (method === 'slope') return settings[slopeChoice(settings.map((setting) => sized(rounds(setting))))];
  const scores = settings.map((setting) => {
    const kept = tuned.kept(terms.weight, setting);
    return meanSquaredError(rounds(setting), biasOf(terms, kept, estimator.needsGuesses).bound);
  });
  return settings[scores.indexOf(Math.min(...scores))];
}

/** An estimate and the half-width of its interval. */
export interface Sized {
  readonly value: number;
  readonly halfWidth: number;
}

/** Mean and Student's half-width, one-sided at 95 %, of per-round values. */
export function sized(rounds: Float64Array): Sized {
  const { n, mean, variance } = moments(rounds);
  return { value: mean, halfWidth: studentQuantile(1 - DELTA, n - 1) * Math.sqrt(variance / n) };
}

/** The constant of SLOPE. */
const SLOPE = Math.sqrt(6) - 1;

/**
 * SLOPE (Su, Srinath and Krishnamurthy 2020): walks from the widest candidate, which is the least biased, to narrower
 * ones for as long as each agrees with all before it,
 *
 *     |v_i − v_j| ≤ h_i + (√6 − 1)·h_j   for all j before i,
 *
 * and takes the last that does. Its error is within a constant of the best candidate's where variance falls as bias grows.
 *
 * @returns the index of the choice
 */
export function slopeChoice(candidates: readonly Sized[]): number {
  const order = candidates.map((_, i) => i).sort((a, b) => candidates[b].halfWidth - candidates[a].halfWidth);
  let last = order[0];
  for (let i = 1; i < order.length; i++) {
    const { value, halfWidth } = candidates[order[i]];
    const agrees = (j: number): boolean =>
      Math.abs(value - candidates[j].value) <= halfWidth + SLOPE * candidates[j].halfWidth;
    if (!order.slice(0, i).every(agrees)) break;
    last = order[i];
  }
  return last;
}

/**
 * Bias of keeping less than the weight w:
 * - direct: |mean((w − kept)·e)|, e = r, or r − q(x, a) where a model takes up what was given up;
 * - bound: direct + c·(√(2·mean(w²)·ln(2/δ)/N) + 2·max(w)·ln(2/δ)/(3N)), which the bias exceeds with a chance of at most
 *   δ = 5 % (Bernstein; Su et al. 2020) for |e| ≤ c. c is 1, or the largest |r| where that is above 1.
 */
export function biasOf(
  terms: Terms,
  kept: Float64Array,
  modelled: boolean,
): { readonly direct: number; readonly bound: number } {
  const { weight, reward } = terms;
  const guess = modelled ? modelTerms(terms, 'tuning').guess : undefined;
  const n = weight.length;
  let lost = 0;
  let squares = 0;
  let largest = 0;
  let scale = 1;
  for (let i = 0; i < n; i++) {
    lost += (weight[i] - kept[i]) * (guess === undefined ? reward[i] : reward[i] - guess[i]);
    squares += weight[i] * weight[i];
    if (weight[i] > largest) largest = weight[i];
    const size = Math.abs(reward[i]);
    if (size > scale) scale = size;
  }
  const direct = Math.abs(lost / n);
  const chance = Math.log(2 / DELTA);
  const slack = Math.sqrt((2 * (squares / n) * chance) / n) + (2 * largest * chance) / (3 * n);
  return { direct, bound: direct + scale * slack };
}

/** Estimated mean squared error: variance (divisor N) / N + bias². */
export function meanSquaredError(rounds: Float64Array, bias: number): number {
  const { n, variance } = moments(rounds);
  return (variance * (n - 1)) / n / n + bias * bias;
}
