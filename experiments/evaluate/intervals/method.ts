import type { PerRound } from '../estimators/form.js';
import type { Terms } from '../rounds.js';

/** One estimate on the log, with everything an interval may be made of. */
export interface Estimated {
  /** Its estimator, and the setting where it has one. */
  readonly estimator: string;
  readonly setting: number | undefined;
  readonly terms: Terms;
  readonly form: PerRound;
  readonly value: number;
  readonly standardError: number;
  readonly own?: OwnInterval;
}

/** An interval that comes with an estimator, at the level asked for. */
export interface OwnInterval {
  readonly method: string;
  readonly at: (level: number) => readonly [number, number] | undefined;
}

/** What is known before looking at the log. Methods that hold at every sample size need it. */
export interface Bounds {
  /** Smallest and largest reward that can occur. */
  readonly rewardRange?: readonly [low: number, high: number];
  /** Largest weight π/μ that can occur, for example 1 ÷ the smallest propensity that the serving policy uses. */
  readonly weightMax?: number;
}

export interface IntervalOptions {
  /** Two-sided; each end misses with at most (1 − level)/2, so that it is a one-sided bound at that level too. */
  readonly level: number;
  /** Of the bootstrap. */
  readonly replicates: number;
  readonly seed: number;
  readonly bounds?: Bounds;
}

/** Two ends, or a sentence that says why this method has none for this estimate. */
export type Found =
  { readonly interval: readonly [number, number]; readonly method?: string } | { readonly refused: string };

/** Values of every estimate on resampled logs, sorted; made once however many methods want them. */
export type Replicates = () => readonly Float64Array[];

/** A way to make an interval. */
export interface IntervalMethod {
  /** As it is written beside the interval. */
  readonly name: string;
  /** What it promises, in one sentence. */
  readonly promise: string;
  /** Whether it draws the rounds again. */
  readonly resamples: boolean;
  /** One answer per estimate. */
  find(estimates: readonly Estimated[], options: IntervalOptions, replicates: Replicates): Found[];
}

/** A method that looks at one estimate at a time and draws nothing. */
export function eachAlone(find: (estimated: Estimated, options: IntervalOptions) => Found): IntervalMethod['find'] {
  return (estimates, options) => estimates.map((estimated) => find(estimated, options));
}

/** "95%" */
export const percent = (level: number): string => `${Number((100 * level).toPrecision(4))}%`;
