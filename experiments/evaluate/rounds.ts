import { expectLength } from '../../core/check.js';

/** Logged decisions as every estimator takes them, documented here once. N = rounds, A = actions. */
export interface LoggedRounds {
  readonly actions: number;
  /** [N] index of the action taken, in [0, A). */
  readonly action: Int32Array;
  /** [N] in the log's reward unit. */
  readonly reward: Float64Array;
  /** [N] μ(a_n | x_n) of the policy that served it, in (0, 1]. */
  readonly propensity: Float64Array;
  /** [N, A] μ(a | x_n) of the whole serving policy, where it was logged. */
  readonly logging?: Float64Array;
  /** What the actions taken looked like, for estimators that weight by looks. */
  readonly embedding?: Embedding;
  /** Which of several policies served, for logs that were pooled. */
  readonly loggers?: Loggers;
  /** [N] an estimate of π(a_n | x_n) / μ(a_n | x_n) that does not come from the propensities. */
  readonly ratio?: Float64Array;
  /** [N, features] of the contexts, for estimating that ratio. */
  readonly features?: Float64Array;
}

/** A discrete embedding of the actions, such as a category, drawn anew in each round where it is stochastic. */
export interface Embedding {
  /** E: embeddings are numbered 0 to E − 1. */
  readonly count: number;
  /** [N] of the action taken. */
  readonly code: Int32Array;
  /** [A, E] p(e | a), each row summing to 1; counted in the log where absent. */
  readonly given?: Float64Array;
}

/** Several serving policies that wrote one log. */
export interface Loggers {
  /** K: they are numbered 0 to K − 1. */
  readonly count: number;
  /** [N] the one that served. */
  readonly served: Int32Array;
  /** [N, K] μ_k(a_n | x_n) of each of them for the action taken; the pooled estimators need it. */
  readonly propensity?: Float64Array;
}

/** [N, A] π(a | x_n) of the policy that is judged; each row sums to 1. */
export type TargetProbabilities = Float64Array;
/** How far a row of target probabilities may be from summing to 1. */
export const POLICY_TOLERANCE = 1e-6;
/** [N, A] guesses q(x_n, a) of the reward, by a model that did not see round n. */
export type Guesses = Float32Array | Float64Array;

/** What the estimators are made of, one number per round; computed in one pass. */
export interface Terms {
  readonly reward: Float64Array;
  /** w_n = π(a_n | x_n) / μ(a_n | x_n). */
  readonly weight: Float64Array;
  /** Σ_a π(a | x_n) q(x_n, a); absent without guesses. */
  readonly direct?: Float64Array;
  /** q(x_n, a_n); absent without guesses. */
  readonly guess?: Float64Array;
  /** What they were computed from; absent where actions are amounts (see `continuousTerms`). */
  readonly decisions?: Decisions;
}

/** Logged decisions, the policy that is judged on them, and a model's guesses. */
export interface Decisions {
  readonly rounds: LoggedRounds;
  readonly target: TargetProbabilities;
  readonly guesses?: Guesses;
}

/** Importance weights, and with guesses the model's view of each round. */
export function termsOf(rounds: LoggedRounds, target: TargetProbabilities, guesses?: Guesses): Terms {
  const { actions, action, reward, propensity } = rounds;
  const n = action.length;
  expectLength('evaluate: target probabilities', target, { rounds: n, actions });
  if (guesses !== undefined) expectLength('evaluate: guesses', guesses, { rounds: n, actions });
  const weight = new Float64Array(n);
  for (let i = 0; i < n; i++) weight[i] = target[i * actions + action[i]] / propensity[i];
  if (guesses === undefined) return { reward, weight, decisions: { rounds, target } };
  const direct = new Float64Array(n);
  const guess = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const row = i * actions;
    let sum = 0;
    for (let a = 0; a < actions; a++) sum += target[row + a] * guesses[row + a];
    direct[i] = sum;
    guess[i] = guesses[row + action[i]];
  }
  return { reward, weight, direct, guess, decisions: { rounds, target, guesses } };
}
