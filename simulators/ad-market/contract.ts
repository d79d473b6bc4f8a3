/**
 * What an ad market and those who ask it say to each other, in columns of n requests. Letters: M numeric and C
 * categorical features of a request, N candidate ads, K slots, G = 3 weights. Everything of a request follows from the
 * market's seed and its number, so that any request can be made again, alone or in another batch, with the same luck.
 */

/** The ranker's predictions per candidate, in this order. `action` is the event that advertisers pay for. */
export const HEADS = ['action', 'click', 'longClick', 'hide'] as const;
/** Heads whose weight is a decision: utility = pAction·bid + w₁·pClick + w₂·pLongClick − w₃·pHide. */
export const WEIGHTED = ['click', 'longClick', 'hide'] as const;

/** What is known of a request before its candidates are ranked; what a log and a policy may see. */
export interface RequestContext {
  readonly count: number;
  /** [n] number of the request. */
  readonly request: Float64Array;
  /** [n] */
  readonly user: Int32Array;
  /** [n] days since the market began; hours are a feature. */
  readonly day: Int32Array;
  /** [n, M] */
  readonly numeric: Float32Array;
  /** [n, C] codes */
  readonly categorical: Int32Array;
}

/** Requests with their candidates. `truth` is for the market and for judges alone. */
export interface Requests extends RequestContext {
  /** [n, N] */
  readonly ad: Int32Array;
  /** [n, N] */
  readonly bid: Float32Array;
  /** [n, N, 4] what the ranker predicts, in the order of `HEADS`. */
  readonly predicted: Float32Array;
  /** [n, N, 4] true probabilities at the first slot. */
  readonly truth: Float32Array;
}

/** What can follow a request, summed over its slots; the objectives of the env, and outcomes of the log. */
export const OUTCOMES = ['revenue', 'click', 'longClick', 'hide'] as const;

/** What followed n requests. */
export interface Served {
  /** [n, 4] realised, in the order of `OUTCOMES`: what a log may hold. */
  readonly realised: Float32Array;
  /** [n, 4] the same in expectation over what users do, given what was shown: for judges alone. */
  readonly expected: Float32Array;
  /** [n] the auction's own expectation of the payment, Σ slots position · pAction · price with the ranker's pAction. */
  readonly ecpm: Float32Array;
  /** [n, K] candidates shown, best first; −1 where the reserve price or budgets left a slot empty. */
  readonly shown: Int32Array;
  /** [n] days until the conversion of a long click is known; NaN where there is none. */
  readonly conversionDays: Float32Array;
}
