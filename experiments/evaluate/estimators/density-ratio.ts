import { expectLength } from '../../../core/check.js';
import type { LoggedRounds, TargetProbabilities } from '../rounds.js';

/** Cross-fitting: round n is in fold n mod FOLDS, and no round is judged by a classifier that saw it. */
const FOLDS = 3;
/** Ridge on the slopes of standardised features, and half a round of either kind for every action, in rounds. */
const RIDGE = 1;
const HALF = 0.5;
const MOST_STEPS = 50;
const SETTLED = 1e-10;

/**
 * Estimates ρ_n = π(a_n|x_n) / μ(a_n|x_n) without propensities, by a classifier that tells what the target would do from
 * what was logged (Sondhi, Arbour and Dimmery 2020): with p the chance that (x, a) comes from the target, ρ = p / (1 − p).
 *
 * The classifier is a logistic regression of the features in interaction with the action, which falls apart into one per
 * action: its rounds are every x_n with weight π(a|x_n) against the x_n where a was logged, and the odds are ρ themselves.
 * Without features the ratio of an action is Σ_n π(a|x_n) / n_a. Newton's method; cross-fitted.
 *
 * @returns [N]
 */
export function densityRatios(rounds: LoggedRounds, target: TargetProbabilities): Float64Array {
  const { actions, action } = rounds;
  const n = action.length;
  expectLength('density ratios: target probabilities', target, { rounds: n, actions });
  const contexts = standardised(rounds.features ?? new Float64Array(0), n);
  const ratio = new Float64Array(n);
  for (let fold = 0; fold < FOLDS; fold++) {
    for (let a = 0; a < actions; a++) {
      const slopes = fitAction({ rounds, target, contexts }, a, fold);
      for (let i = fold; i < n; i += FOLDS) if (action[i] === a) ratio[i] = Math.exp(logOdds(contexts, i, slopes));
    }
  }
  return ratio;
}

/** [N, P] with a first column of ones. */
interface Contexts {
  readonly values: Float64Array;
  readonly columns: number;
}

function standardised(features: Float64Array, n: number): Contexts {
  const D = n === 0 ? 0 : features.length / n;
  expectLength('density ratios: features', features, { rounds: n, features: Math.floor(D) });
  const P = D + 1;
  const values = new Float64Array(n * P);
  for (let i = 0; i < n; i++) values[i * P] = 1;
  for (let d = 0; d < D; d++) {
    let mean = 0;
    for (let i = 0; i < n; i++) mean += features[i * D + d] / n;
    let squares = 0;
    for (let i = 0; i < n; i++) squares += (features[i * D + d] - mean) ** 2 / n;
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let i = 0; i < n; i++) values[i * P + 1 + d] = (features[i * D + d] - mean) * scale;
  }
  return { values, columns: P };
}

function logOdds({ values, columns }: Contexts, row: number, slopes: Float64Array): number {
  let sum = 0;
  for (let p = 0; p < columns; p++) sum += values[row * columns + p] * slopes[p];
  return sum;
}

interface Question {
  readonly rounds: LoggedRounds;
  readonly target: TargetProbabilities;
  readonly contexts: Contexts;
}

/** [P] coefficients of the log odds that an x with this action comes from the target, from all folds but one. */
function fitAction({ rounds, target, contexts }: Question, a: number, without: number): Float64Array {
  const { columns: P, values } = contexts;
  const { actions, action } = rounds;
  const slopes = new Float64Array(P);
  const gradient = new Float64Array(P);
  const curvature = new Float64Array(P * P);
  for (let step = 0; step < MOST_STEPS; step++) {
    prior(slopes, gradient, curvature);
    for (let i = 0; i < action.length; i++) {
      if (i % FOLDS === without) continue;
      const wanted = target[i * actions + a];
      const total = wanted + (action[i] === a ? 1 : 0);
      if (total === 0) continue;
      const chance = 1 / (1 + Math.exp(-logOdds(contexts, i, slopes)));
      const rest = wanted - total * chance;
      const spread = total * chance * (1 - chance);
      const row = i * P;
      for (let p = 0; p < P; p++) {
        gradient[p] += rest * values[row + p];
        const scaled = spread * values[row + p];
        for (let q = 0; q <= p; q++) curvature[p * P + q] += scaled * values[row + q];
      }
    }
    const gain = newtonStep(curvature, gradient);
    // Damped far from the optimum, where a whole step can overshoot.
    const length = gain > 0.0625 ? 1 / (1 + Math.sqrt(gain)) : 1;
    for (let p = 0; p < P; p++) slopes[p] += length * gradient[p];
    if (!(gain > SETTLED)) break;
  }
  return slopes;
}

/** Starts gradient and curvature with what is believed before any round: ridge, and half a round of either kind at x = 0. */
function prior(slopes: Float64Array, gradient: Float64Array, curvature: Float64Array): void {
  const P = slopes.length;
  const chance = 1 / (1 + Math.exp(-slopes[0]));
  curvature.fill(0);
  gradient[0] = HALF - 2 * HALF * chance;
  curvature[0] = 2 * HALF * chance * (1 - chance);
  for (let p = 1; p < P; p++) {
    gradient[p] = -RIDGE * slopes[p];
    curvature[p * P + p] = RIDGE;
  }
}

/**
 * Solves curvature · step = gradient by Cholesky's decomposition (lower triangle, in place), leaving the step in gradient.
 *
 * @returns gradient · step, the squared Newton decrement
 */
function newtonStep(curvature: Float64Array, gradient: Float64Array): number {
  const P = gradient.length;
  let gain = 0;
  for (let p = 0; p < P; p++) {
    for (let q = 0; q <= p; q++) {
      let sum = curvature[p * P + q];
      for (let k = 0; k < q; k++) sum -= curvature[p * P + k] * curvature[q * P + k];
      curvature[p * P + q] = p === q ? Math.sqrt(Math.max(sum, Number.MIN_VALUE)) : sum / curvature[q * P + q];
    }
    for (let k = 0; k < p; k++) gradient[p] -= curvature[p * P + k] * gradient[k];
    gradient[p] /= curvature[p * P + p];
    gain += gradient[p] * gradient[p];
  }
  for (let p = P - 1; p >= 0; p--) {
    for (let k = p + 1; k < P; k++) gradient[p] -= curvature[k * P + p] * gradient[k];
    gradient[p] /= curvature[p * P + p];
  }
  return gain;
}
