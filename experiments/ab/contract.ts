import type { Estimate, Verdict } from '../contract.js';

/**
 * The shapes of an A/B test. Data comes in as a `Trial`, whether a CSV was read (`ab analyze`) or a world was played
 * (`ab simulate`); what it says goes out as an `AbSection` of the report. Letters: U units, N observations, A arms.
 */

/** Who was given which arm, and what was seen of them. */
export interface Trial {
  readonly arms: readonly string[];
  /** What was randomised, in words: "user", "session", "cluster", "day". */
  readonly unit: string;
  /** [U] index of the arm. */
  readonly arm: Int32Array;
  /** [U] per name: known before the unit was given its arm, for CUPED and balance checks. NaN where nothing is known. */
  readonly covariates: Readonly<Record<string, Float64Array>>;
  readonly segments: readonly Segmentation[];
  /** [U] what was randomised together; absent when every unit was randomised on its own. */
  readonly cluster?: Int32Array;
  /** What was seen, in order of the day; a unit's rows are added up. */
  readonly observations: Observations;
}

/** A split of the units into named parts. */
export interface Segmentation {
  readonly name: string;
  readonly values: readonly string[];
  /** [U] index in `values`. */
  readonly code: Int32Array;
}

export interface Observations {
  /** [N] which unit. */
  readonly unit: Int32Array;
  /** [N] ascending; absent when there is no time. */
  readonly day?: Int32Array;
  /** [N] per column. */
  readonly columns: Readonly<Record<string, Float64Array>>;
}

/** A question asked of the observations. */
export interface Metric {
  readonly name: string;
  /**
   * mean: of a unit's sum. proportion: of units whose sum is above 0 (columns of 0 and 1). ratio: Σ numerator ÷ Σ
   * denominator. quantile: of the units' sums.
   */
  readonly kind: 'mean' | 'proportion' | 'ratio' | 'quantile';
  readonly column: string;
  /** Of a ratio. */
  readonly denominator?: string;
  /** Of a quantile, in (0, 1). */
  readonly quantile?: number;
  /** Known beforehand; adjusts the metric by CUPED. */
  readonly covariate?: string;
  /** Of a ratio whose covariate is a ratio too: what the covariate is divided by. */
  readonly covariateDenominator?: string;
  readonly role: 'primary' | 'secondary' | 'guardrail';
  readonly better: 'higher' | 'lower';
  /** Of a guardrail: the largest relative change for the worse that is tolerated, e.g. 0.01. */
  readonly margin?: number;
}

/** One A/B test: what was found, and whether it can be believed. */
export interface AbSection {
  readonly name: string;
  readonly unit: string;
  readonly control: string;
  readonly level: number;
  readonly arms: readonly { readonly name: string; readonly units: number; readonly planned: number }[];
  /** Does the split look like the planned one? p of Pearson's chi-square. */
  readonly sampleRatio: { readonly p: number; readonly alarm: boolean };
  readonly metrics: readonly AbMetric[];
  readonly looks: readonly LookSeries[];
  readonly segments: readonly SegmentEffects[];
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
  /** In words: what has to hold for these numbers to mean what they say. */
  readonly assumptions: readonly string[];
}

export interface AbMetric {
  readonly metric: Metric;
  /** Per arm, the value with its interval. */
  readonly values: readonly { readonly arm: string; readonly value: Estimate }[];
  /** Per arm that is not the control. */
  readonly effects: readonly Effect[];
}

/** One arm against the control. */
export interface Effect {
  readonly arm: string;
  readonly difference: Estimate;
  /** ÷ |control|. */
  readonly relative: Estimate;
  /** Two-sided, in (0, 1]; null where refused. */
  readonly pValue: number | null;
  /** Of the relative effect, which has an error of its own. */
  readonly relativePValue?: number;
  /** By permutation of the units, for few units or wild values. */
  readonly permutationPValue?: number;
  /** After the correction for several metrics and arms. */
  readonly adjustedPValue?: number;
  readonly cuped?: Cuped;
  /** Valid at every look, however often one looks. */
  readonly sequential?: { readonly difference: Estimate; readonly pValue: number };
  readonly bayes?: { readonly chanceToWin: number; readonly risk: number };
  /** Of a guardrail. */
  readonly guardrail?: 'kept' | 'broken' | 'unclear';
  /** The true difference, where a world knows it. */
  readonly truth?: number;
}

export interface Cuped {
  readonly covariate: string;
  readonly theta: number;
  readonly correlation: number;
  /** 1 − variance with ÷ variance without. */
  readonly varianceReduction: number;
  readonly difference: Estimate;
  /** ÷ |unadjusted control|; absent where that is not clearly different from 0. */
  readonly relative?: Estimate;
  readonly pValue: number;
  /** Health checks that failed, in words. */
  readonly warnings: readonly string[];
}

/** How the difference of one metric and arm moved as the days went by. */
export interface LookSeries {
  readonly metric: string;
  readonly arm: string;
  readonly looks: readonly {
    readonly day: number;
    readonly units: number;
    readonly difference: number;
    /** The interval of one planned look: wrong when one looks often. */
    readonly naive: readonly [number, number] | null;
    /** Null before there is enough to say anything. */
    readonly alwaysValid: readonly [number, number] | null;
  }[];
  /** The first day on which the sequential rule said so; null when it never did. */
  readonly stoppedOn: number | null;
}

export interface SegmentEffects {
  readonly metric: string;
  readonly arm: string;
  readonly by: string;
  readonly rows: readonly { readonly segment: string; readonly units: number; readonly difference: Estimate }[];
  /** p of the test that the effect is the same in every part (Cochran's Q). */
  readonly sameEffect: number | null;
  /** The parts put together again by their size (post-stratified); absent where a part was refused. */
  readonly together?: Estimate;
}
