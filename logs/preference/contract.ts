/**
 * What people preferred. A context (a prompt, a request, a test of headlines) has candidates; a response is W of them in
 * order: one, or a slate. Responses are places among the context's candidates, so that a million pairs are a few columns.
 */

/** Comparisons: people preferred row i of `chosen` to row i of `rejected`. n pairs of width W. */
export interface PreferencePairs {
  readonly count: number;
  readonly width: number;
  /** [n] */
  readonly context: Int32Array;
  /** [n, W] */
  readonly chosen: Int32Array;
  readonly rejected: Int32Array;
  /** [n] probability with which this pair was put up for comparison, in (0, 1]; NaN when not known. */
  readonly propensity: Float64Array;
}

/** Responses that were called good or bad by themselves. */
export interface LabelledResponses {
  readonly count: number;
  readonly width: number;
  /** [n] */
  readonly context: Int32Array;
  /** [n, W] */
  readonly response: Int32Array;
  /** [n] 1 good, 0 bad. */
  readonly good: Uint8Array;
  /** [n] probability with which this response was shown; NaN when not known. */
  readonly propensity: Float64Array;
}

/** What contexts can be answered with. */
export interface ResponseSets {
  readonly contexts: number;
  /** [C] candidates of each context. */
  readonly sizes: Int32Array;
  /** The words of a candidate, where responses are texts. */
  readonly text?: (context: number, candidate: number) => string;
}

/** A comparison as it comes in, before anybody looked at it. */
export interface RawPair {
  /** Where it stands, for complaints: a line of a file, or its number from 1. */
  readonly line: number;
  readonly context: number;
  readonly first: readonly number[];
  readonly second: readonly number[];
  /** Which one was preferred: 1 or 2; anything else is no winner. */
  readonly winner: number;
  readonly propensity?: number;
  /** Why it could not even be read. */
  readonly problem?: string;
}
