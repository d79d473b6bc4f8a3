import type tf from '@tensorflow/tfjs';
import type { Inputs, InputTensors } from '../../core/tensor/compiled-programs.js';
import type { ParameterSet } from '../../core/tensor/parameters.js';

/**
 * Learning from preferences: a policy π_θ(y|x) is fitted to comparisons of responses, close to a frozen reference π_ref,
 * with rewards R that designers add. A response is whatever a context is answered with: one of its candidates, a slate,
 * a sequence of tokens. Losses see log-probabilities alone, so the same ones serve all of these.
 */

/** n responses as tensors of shape [n]. */
export interface ResponseTerms {
  /** ln π_θ(y|x). */
  readonly policy: tf.Tensor;
  /** ln π_ref(y|x); numbers, no gradient. */
  readonly reference: tf.Tensor;
  /** R(x, y), the designer's reward. */
  readonly reward: tf.Tensor;
  /** 1 where the response was preferred or labelled good, else 0. */
  readonly good: tf.Tensor;
  /** V_ψ(x). */
  readonly value: tf.Tensor;
  /** KL(π_θ(·|x) ‖ π_ref(·|x)), exact or an estimate. */
  readonly divergence: tf.Tensor;
}

/** n comparisons: row i of `chosen` was preferred to row i of `rejected`. */
export interface PairTerms {
  readonly chosen: ResponseTerms;
  readonly rejected: ResponseTerms;
}

/** What the losses may be told; each says which of these it reads. */
export interface LossSettings {
  /** Strength of the pull to the reference, β; 0.01 to 1 is usual. */
  readonly beta: number;
  /** How much of the difference of rewards is the margin, α; 1 is the true optimum's. */
  readonly margin: number;
  /** A name of `pairForms`. */
  readonly form: string;
  /** Share of labels believed to be flipped, ε; below 0.5. */
  readonly smoothing: number;
  /** Weights of good and bad responses (KTO), λ_D and λ_U. */
  readonly desirable: number;
  readonly undesirable: number;
  /** Ratios beyond 1 ± clip earn nothing (offline PPO). */
  readonly clip: number;
  /** Weight of the auxiliary term (HPO), γ_aux; 0 leaves the base loss. */
  readonly auxiliary: number;
  /** Temperature of the advantages, λ: large ones weigh all responses alike. */
  readonly temperature: number;
  /** Expectile of the value function, τ in (0, 1): 0.5 is the mean, towards 1 the best response. */
  readonly expectile: number;
  /** Largest weight exp(A/λ). */
  readonly maxWeight: number;
  /** Weight of the value function's loss, c_v. */
  readonly valueWeight: number;
  /** Whether the auxiliary term reads every response or good ones alone. */
  readonly auxiliaryOn: string;
}

interface LossOf<Kind extends string, Terms> {
  /** 'pairs' needs comparisons; 'responses' takes labelled responses, and comparisons as two of them. */
  readonly kind: Kind;
  readonly summary: string;
  readonly paper: string;
  /** One loss per pair or response, [n]. The batch's loss is their mean. */
  each(terms: Terms, settings: LossSettings): tf.Tensor;
  /** What V regresses on by expectile regression; absent where no value is needed or `each` trains it. */
  readonly target?: (responses: ResponseTerms) => tf.Tensor;
  /** Weight of the advantage-weighted likelihood that is added; absent for none. */
  readonly auxiliary?: (settings: LossSettings) => number;
  /** The policy is told whether a response is good, and is asked for good ones when it serves. */
  readonly conditional?: boolean;
}

/** A loss of preference learning. */
export type PreferenceLoss = LossOf<'pairs', PairTerms> | LossOf<'responses', ResponseTerms>;

/** B contexts with S responses each: S = 2 for comparisons, 1 for labelled responses. */
export interface ResponseBatch {
  /** [B] */
  readonly context: Int32Array;
  /** S times [B, W] places among the context's candidates, or whatever the model calls a response. */
  readonly sides: readonly Int32Array[];
  /** S times [B]; read by conditional policies. */
  readonly good: readonly Float32Array[];
}

/** What a model says of the responses of a batch: [B] each, one per side where sides differ. */
export interface JudgedResponses {
  readonly policy: readonly tf.Tensor[];
  readonly reference: readonly tf.Tensor[];
  readonly value: tf.Tensor;
  readonly divergence: tf.Tensor;
}

/** A policy with parameters, its frozen reference, and a value head. */
export interface PreferenceModel {
  readonly parameters: ParameterSet;
  /** The numbers that `judge` needs of a batch. */
  encode(batch: ResponseBatch): Inputs;
  judge(inputs: InputTensors, sides: number): JudgedResponses;
}

/** What is learned from: n contexts with S labelled responses each, and the designer's reward of every one. */
export interface PreferenceData extends ResponseBatch {
  /** S times [n] */
  readonly reward: readonly Float32Array[];
}
