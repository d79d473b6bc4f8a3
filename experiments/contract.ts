import type { Quality, ModelCard } from '../reward-models/contract.js';
import type { AbSection } from './ab/contract.js';
import type { Agreement, DesignTable, PowerTable } from './ab/simulate/contract.js';
import type { RealismReport } from './feed-session/realism/contract.js';
import type { LogSizeTable, WeightTable } from './ad-utility/contract.js';
import type { LiftTable } from './lifts/contract.js';

/**
 * What an experiment ends in: one document, saved as report.json and drawn as report.html from it alone.
 * It holds no wall-clock times and no paths, so that the same seed gives the same bytes.
 */
export interface ReportDocument {
  readonly format: 'recsys-gym/report';
  readonly version: 1;
  readonly id: string;
  /** One sentence a reader can disagree with. */
  readonly question: string;
  readonly answer: Answer;
  readonly provenance: Provenance;
  readonly data?: DataSection;
  readonly models: readonly ModelSection[];
  readonly policies: readonly PolicySection[];
  readonly comparisons: readonly Comparison[];
  readonly curves: readonly Curve[];
  readonly segments: readonly SegmentTable[];
  readonly rollouts: readonly RolloutSection[];
  /** A/B tests: of recorded data, or played in a world. */
  readonly abTests?: readonly AbSection[];
  /** Policies tried in a simulator or world, all for the same users with the same luck. */
  readonly lifts?: readonly LiftTable[];
  /** Weights that learned policies choose, by bucket of the users. */
  readonly weightTables?: readonly WeightTable[];
  /** How large a log must be to judge policies. */
  readonly logSizes?: readonly LogSizeTable[];
  readonly designs?: readonly DesignTable[];
  readonly power?: readonly PowerTable[];
  readonly agreements?: readonly Agreement[];
  /** Learned simulators, judged against the log before anything was trained in them. */
  readonly realism?: readonly RealismReport[];
}

/** How far the data carries an answer. */
export type Verdict = 'supported' | 'weak' | 'unsupported';

export interface Answer {
  readonly verdict: Verdict;
  /** The answer in one sentence, with its numbers. */
  readonly sentence: string;
  readonly reasons: readonly string[];
}

export interface Provenance {
  readonly configHash: string;
  readonly codeVersion: string;
  readonly dataHash?: string;
  readonly seeds: readonly number[];
  readonly backend: string;
  /** The resolved config without its paths. */
  readonly config: unknown;
  /** The command that repeats the run. */
  readonly repeat: string;
}

export interface DataSection {
  readonly source: string;
  readonly rows: number;
  readonly actions: number;
  readonly rewardFormula: string;
  readonly rewardRate: Estimate;
  /** Absent where the log has none. */
  readonly propensity?: { readonly min: number; readonly mean: number; readonly max: number };
  /** What whoever imported the log says that everybody must know who uses it. */
  readonly warnings?: readonly string[];
  readonly splits: readonly { readonly name: string; readonly rows: number; readonly purpose: string }[];
}

/** A fitted model and what it is used for here. */
export interface ModelSection {
  readonly role: string;
  readonly card: ModelCard;
  /** Quality per head on rows of the evaluation half, which no fit saw. */
  readonly heldOut?: readonly Quality[];
}

/** One number and how sure we are of it. `value` is null where the data cannot carry it (refused). */
export interface Estimate {
  readonly value: number | null;
  readonly standardError: number | null;
  /** Two-sided, at the level the document's config names (95 % unless stated). */
  readonly interval: readonly [number, number] | null;
  /** How the interval was made, e.g. "delta 95%", "bootstrap 95% (2000)", "Wilson 95%". */
  readonly method: string;
  /** The estimator's setting where it has one: clip, threshold or shrinkage. */
  readonly setting?: number;
  /** A second interval by another method, shown beside the first. */
  readonly bootstrap?: readonly [number, number];
  /** Further intervals that were asked for; null where the method has none, with the reason in its words. */
  readonly others?: readonly { readonly interval: readonly [number, number] | null; readonly method: string }[];
}

/** How well a log covers a target policy. */
export interface Diagnostics {
  readonly rounds: number;
  /** Kish: (Σw)² / Σw². */
  readonly effectiveSampleSize: number;
  readonly meanWeight: number;
  readonly maxWeight: number;
  /** Largest weight ÷ sum of weights. */
  readonly maxWeightShare: number;
  /** Smallest logged propensity. */
  readonly propensityFloor: number;
  /** 0-based data rows that make the log unusable or carry most of the weight. */
  readonly offendingRows: readonly number[];
}

/** One target policy, judged on the log. */
export interface PolicySection {
  readonly id: string;
  /** What it is, in words. */
  readonly summary: string;
  /** By estimator key: ips, clippedIps, snips, dm, dr, sndr, switchDr, dros. */
  readonly estimates: Readonly<Record<string, Estimate>>;
  readonly diagnostics: Diagnostics;
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
  /** Histogram of importance weights on a log scale: counts[i] weights in [edges[i], edges[i+1]). */
  readonly weights: { readonly edges: readonly number[]; readonly counts: readonly number[] };
  /** The true value, where a generated world knows it. */
  readonly truth?: number;
}

/** Two policies on the same rounds: the interval is of the paired difference, not of two separate values. */
export interface Comparison {
  readonly policy: string;
  readonly against: string;
  readonly estimator: string;
  readonly difference: Estimate;
  /** difference ÷ value of `against`; null when that is 0 or refused. */
  readonly relative: number | null;
  readonly verdict: Verdict;
  readonly truth?: number;
}

/** A learning curve or any other line; several curves of one `chart` are drawn together. */
export interface Curve {
  readonly chart: string;
  readonly name: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly points: readonly (readonly [number, number])[];
}

/** A table of one number per segment: per position, per user segment. */
export interface SegmentTable {
  readonly by: string;
  readonly columns: readonly string[];
  readonly rows: readonly { readonly segment: string; readonly rounds: number; readonly values: readonly Estimate[] }[];
}

/** Episodes played in an env. */
export interface RolloutSection {
  readonly policy: string;
  readonly env: string;
  readonly perSeed: readonly {
    readonly seed: number;
    readonly episodes: number;
    readonly meanReturn: number;
    readonly standardError: number;
    readonly meanLength: number;
  }[];
  /** Mean over all episodes of all seeds; the interval is over seeds when there are at least 3, else over episodes. */
  readonly overall: Estimate;
}
