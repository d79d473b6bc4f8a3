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
  return checkedTerms(rounds, target, guesses).terms;
}

/**
 * The terms, and whether every round can be used (`badRounds` says why one cannot). One pass over both matrices, because
 * reading them is what takes the time.
 */
export function checkedTerms(
  rounds: LoggedRounds,
  target: TargetProbabilities,
  guesses?: Guesses,
): { readonly terms: Terms; readonly sound: boolean } {
  const { actions, action, reward } = rounds;
  const n = action.length;
  expectLength('evaluate: target probabilities', target, { rounds: n, actions });
  if (guesses !== undefined) expectLength('evaluate: guesses', guesses, { rounds: n, actions });
  const weight = new Float64Array(n);
  const proper = columnsAreSound(rounds);
  if (guesses === undefined) {
    const sound = weigh(rounds, target, weight) && proper;
    return { terms: { reward, weight, decisions: { rounds, target } }, sound };
  }
  const direct = new Float64Array(n);
  const guess = new Float64Array(n);
  const sound = weighWithModel(rounds, target, guesses, { weight, direct, guess }) && proper;
  return { terms: { reward, weight, direct, guess, decisions: { rounds, target, guesses } }, sound };
}

function columnsAreSound({ actions, action, reward, propensity }: LoggedRounds): boolean {
  let sound = true;
  for (let i = 0; i < action.length; i++) {
    const fine = action[i] >= 0 && action[i] < actions && propensity[i] > 0 && propensity[i] <= 1;
    // A number minus itself is 0 unless it is infinite or NaN.
    if (!fine || reward[i] - reward[i] !== 0) sound = false;
  }
  return sound;
}

/** Fills the weights; false where a row of target probabilities is no distribution. */
function weigh(
  { actions, action, propensity }: LoggedRounds,
  target: TargetProbabilities,
  weight: Float64Array,
): boolean {
  let sound = true;
  let at = 0;
  for (let i = 0; i < weight.length; i++) {
    weight[i] = target[at + action[i]] / propensity[i];
    let total = 0;
    let least = 0;
    for (const end = at + actions; at < end; at++) {
      const p = target[at];
      total += p;
      if (p < least) least = p;
    }
    if (least < 0 || !(Math.abs(total - 1) <= POLICY_TOLERANCE)) sound = false;
  }
  return sound;
}

/** Fills weights and the model's view, two actions at a time so that an addition need not wait for the one before it. */
function weighWithModel(
  { actions, action, propensity }: LoggedRounds,
  target: TargetProbabilities,
  guesses: Guesses,
  { weight, direct, guess }: { weight: Float64Array; direct: Float64Array; guess: Float64Array },
): boolean {
  let sound = true;
  let at = 0;
  for (let i = 0; i < weight.length; i++) {
    const here = at + action[i];
    const end = at + actions;
    let even = 0;
    let odd = 0;
    let total = 0;
    let guessed = 0;
    let least = 0;
    for (; at + 1 < end; at += 2) {
      const p = target[at];
      const q = target[at + 1];
      const u = guesses[at];
      const v = guesses[at + 1];
      even += p * u;
      odd += q * v;
      total += p + q;
      guessed += u + v;
      if (p < least) least = p;
      if (q < least) least = q;
    }
    if (at < end) {
      const p = target[at];
      const u = guesses[at++];
      even += p * u;
      total += p;
      guessed += u;
      if (p < least) least = p;
    }
    direct[i] = even + odd;
    weight[i] = target[here] / propensity[i];
    guess[i] = guesses[here];
    if (least < 0 || !(Math.abs(total - 1) <= POLICY_TOLERANCE) || guessed - guessed !== 0) sound = false;
  }
  return sound;
}
