import { complaint, expectLength, expectNumber } from '../../core/check.js';
import type { PreferencePairs } from '../../logs/preference/contract.js';

export interface BradleyTerrySettings {
  /** Ridge penalty on the weights, per pair. */
  readonly ridge: number;
  /** Newton steps at most. */
  readonly steps: number;
}

export const bradleyTerryDefaults: BradleyTerrySettings = { ridge: 1e-3, steps: 50 };

/** A linear reward r(x, y) = w · φ(x, y) fitted to comparisons. */
export interface BradleyTerry {
  /** [F] */
  readonly weights: Float64Array;
  /** Mean −ln P(label) over the pairs, without the penalty. */
  readonly loss: number;
  /** Share of the pairs whose chosen response scores higher. */
  readonly accuracy: number;
  /** Rewards of rows of features [n, F]. */
  readonly score: (features: ArrayLike<number>) => Float64Array;
}

/**
 * Fits the reward of the Bradley–Terry model (Bradley and Terry 1952), P(w beats l) = σ(r_w − r_l), linear in features:
 * logistic regression on differences, by gradient steps scaled with the diagonal of the curvature.
 *
 * @param chosen, rejected [n, F] features of the two responses of every pair
 */
export function fitBradleyTerry(
  chosen: ArrayLike<number>,
  rejected: ArrayLike<number>,
  width: number,
  { ridge, steps }: BradleyTerrySettings = bradleyTerryDefaults,
): BradleyTerry {
  const n = chosen.length / width;
  if (!Number.isInteger(n) || n === 0) {
    throw complaint('shape', {
      where: 'Bradley–Terry',
      expected: `rows of ${width} features, at least one`,
      received: `${chosen.length} numbers`,
    });
  }
  expectLength('Bradley–Terry: rejected', rejected, { pairs: n, features: width });
  expectNumber('Bradley–Terry: ridge', ridge, 1e-9, 1e9);
  const weights = new Float64Array(width);
  const difference = Float64Array.from(chosen, (value, i) => value - rejected[i]);
  const curvature = new Float64Array(width);
  for (let i = 0; i < n * width; i++)
    curvature[i % width] += (0.25 * Math.abs(difference[i]) * rowSum(difference, i, width)) / n;
  for (let step = 0; step < steps * 20; step++) {
    const gradient = weights.map((weight) => ridge * weight);
    for (let row = 0; row < n; row++) {
      const pull = 1 / (1 + Math.exp(marginOf(weights, difference, row)));
      for (let f = 0; f < width; f++) gradient[f] -= (pull * difference[row * width + f]) / n;
    }
    for (let f = 0; f < width; f++) weights[f] -= gradient[f] / (curvature[f] + ridge);
  }
  let [loss, right] = [0, 0];
  for (let row = 0; row < n; row++) {
    const margin = marginOf(weights, difference, row);
    loss += (margin > 0 ? Math.log1p(Math.exp(-margin)) : -margin + Math.log1p(Math.exp(margin))) / n;
    right += (margin > 0 ? 1 : margin === 0 ? 0.5 : 0) / n;
  }
  return {
    ...{ weights, loss, accuracy: right },
    score: (features) =>
      Float64Array.from({ length: features.length / width }, (_, row) => marginOf(weights, features, row)),
  };
}

/** Σ_f |d_f| of the row of place i: |d_i| Σ|d_f| bounds the curvature along every weight at once. */
function rowSum(difference: Float64Array, i: number, width: number): number {
  const from = i - (i % width);
  let sum = 0;
  for (let f = from; f < from + width; f++) sum += Math.abs(difference[f]);
  return sum;
}

function marginOf(weights: Float64Array, rows: ArrayLike<number>, row: number): number {
  let sum = 0;
  for (let f = 0; f < weights.length; f++) sum += weights[f] * rows[row * weights.length + f];
  return sum;
}

/**
 * The reward that a policy learned by DPO believes in, β ln π_θ(y|x)/π_ref(y|x), up to a constant per context (Rafailov
 * et al. 2023).
 */
export function implicitReward(policy: ArrayLike<number>, reference: ArrayLike<number>, beta: number): Float64Array {
  expectLength('implicit reward: reference', reference, { responses: policy.length });
  return Float64Array.from(policy, (own, i) => beta * (own - reference[i]));
}

/** Share of pairs whose chosen response has the higher reward, ties counting half. @param reward of (context, place) */
export function rewardAccuracy(
  pairs: PreferencePairs,
  reward: (context: number, response: Int32Array) => number,
): number {
  let right = 0;
  for (let i = 0; i < pairs.count; i++) {
    const side = (column: Int32Array): Int32Array => column.subarray(i * pairs.width, (i + 1) * pairs.width);
    const gap = reward(pairs.context[i], side(pairs.chosen)) - reward(pairs.context[i], side(pairs.rejected));
    right += gap > 0 ? 1 : gap === 0 ? 0.5 : 0;
  }
  return right / pairs.count;
}
