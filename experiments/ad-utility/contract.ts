/** What tuned weights look like over the users, and how large a log must be to judge them; parts of the report. */

/** Mean weights that a policy chooses, by bucket of the users. G groups of weights. */
export interface WeightTable {
  readonly policy: string;
  /** What users were put in order by, in words. */
  readonly by: string;
  /** [G] */
  readonly groups: readonly string[];
  /** [G] the weights served today. */
  readonly production: readonly number[];
  readonly seeds: readonly number[];
  /** Lowest first; every bucket has as many requests, up to one user's. */
  readonly buckets: readonly {
    readonly name: string;
    readonly requests: number;
    /** Mean of what users were put in order by. */
    readonly level: number;
    /** [G] over the requests; over the seeds where there are several. */
    readonly weights: readonly number[];
  }[];
  /** [seeds][G] Spearman's rank correlation of bucket and mean weight; null where a weight does not vary. */
  readonly rankCorrelation: readonly (readonly (number | null)[])[];
}

/** How many rows of the same log would estimate a policy's reward so closely. */
export interface LogSizeTable {
  readonly policy: string;
  /** Half-width of the interval, relative to the value: 0.02. */
  readonly within: number;
  readonly level: number;
  /** Rows there were, and those whose action was the policy's. */
  readonly rows: number;
  readonly hits: number;
  /** Standard deviation ÷ mean of the reward of those. */
  readonly variation: number | null;
  readonly needed: readonly { readonly method: string; readonly rows: number | null }[];
}
