import type { Quality } from '../../../reward-models/contract.js';

/**
 * How well a learned simulator's people answer as the logged ones did, on sessions that no fit saw: asked before anything
 * is trained in it. Plain numbers, part of a report; an AUC of rows of one class is NaN, nothing else may be.
 */
export interface RealismReport {
  /** What was judged, e.g. "learned simulator". */
  readonly simulator: string;
  readonly log: string;
  readonly sessions: number;
  /** Items shown in the held-out sessions. */
  readonly rows: number;
  readonly verdict: RealismVerdict;
  /** What speaks against the simulator, in sentences with their numbers; empty when fit for training. */
  readonly reasons: readonly string[];
  readonly gate: { readonly exit: ExitGate };
  /** One per outcome, the main one first, then "exit". */
  readonly heads: readonly HeadCalibration[];
  readonly slices: readonly SliceTable[];
  readonly directions: readonly Direction[];
  readonly distances: readonly Distance[];
  readonly ranking: readonly RankingAgreement[];
  readonly thresholds: RealismThresholds;
}

/**
 * Fit for training: nothing speaks against it. Usable with care: the reasons say where it is wrong. Refused: it is wrong
 * about what ends sessions, or orders the logged policies against the log, so that a policy trained in it learns from a
 * world that is not this one.
 */
export type RealismVerdict = 'fit for training' | 'usable with care' | 'refused';

/** Whether sessions end in the model when and where they do in the log. */
export interface ExitGate {
  readonly passed: boolean;
  /** The numbers it passed with, or those it failed by. */
  readonly why: string;
  /** Held-out rows of which it is known whether the session ended. */
  readonly rows: number;
  readonly exits: number;
  /** Of y ~ σ(intercept + slope · logit p): 0 and 1 for a calibrated model. Null where the predictions do not vary. */
  readonly intercept: Coefficient | null;
  readonly slope: Coefficient | null;
  readonly checks: readonly GateCheck[];
}

export interface GateCheck {
  readonly name: string;
  readonly passed: boolean;
  /** What was found and what was wanted, in one sentence. */
  readonly found: string;
}

/** 95 %, clustered by session. */
export interface Coefficient {
  readonly value: number;
  readonly interval: readonly [number, number];
}

/** One head's numbers at their word. `quality.lossOfConstant` is that of the held-out mean, which no model knew. */
export interface HeadCalibration {
  readonly head: string;
  readonly quality: Quality;
  readonly meanPredicted: number;
  readonly meanObserved: number;
  /** Of the observed mean: 95 %, clustered by session. */
  readonly interval: readonly [number, number];
  /** The calibration error that a perfect model stays below in 95 % of such logs, by chance alone. */
  readonly errorByChance: number;
  readonly ok: boolean;
}

export interface SliceTable {
  readonly head: string;
  /** What the rows are sliced by, e.g. "steps so far". */
  readonly by: string;
  readonly rows: readonly Slice[];
}

export interface Slice {
  readonly slice: string;
  readonly rows: number;
  readonly sessions: number;
  readonly predicted: number;
  readonly observed: number;
  /** Of the observed mean, clustered by session; 95 % for all slices of the report together (Bonferroni). */
  readonly interval: readonly [number, number];
  /** Outside the tolerance and outside the interval. */
  readonly flagged: boolean;
}

/** Whether a head rises or falls from the first to the last slice as it does in the log. */
export interface Direction {
  readonly head: string;
  readonly by: string;
  readonly from: string;
  readonly to: string;
  readonly observed: number;
  /** 99 %, clustered by session. */
  readonly interval: readonly [number, number];
  readonly predicted: number;
  /** Spearman's, of predicted and observed over the slices; null where either does not vary. */
  readonly rankCorrelation: number | null;
  /** null: the log does not tell the two slices apart. */
  readonly agrees: boolean | null;
}

/** How far the simulated sessions of a policy are from the logged ones of the same policy. */
export interface Distance {
  readonly policy: string;
  /** A quantity per session, e.g. "items". */
  readonly quantity: string;
  readonly logged: { readonly sessions: number; readonly mean: number };
  readonly simulated: { readonly sessions: number; readonly mean: number };
  /** Kolmogorov and Smirnov's: the largest distance of the two distribution functions. */
  readonly ks: number;
  /** What two parts of one population stay below by chance; 95 % for all distances of a report together. */
  readonly ksByChance: number;
  /** Wasserstein's: the mean distance by which sessions would have to move, in the quantity's unit. */
  readonly wasserstein: number;
  readonly wassersteinByChance: number;
  readonly ok: boolean;
}

/** Whether the simulator orders the logged policies as the log does, by one metric. */
export interface RankingAgreement {
  /** Mean per session, e.g. "watch10s per session". */
  readonly metric: string;
  readonly policies: readonly { readonly policy: string; readonly logged: MeanOf; readonly simulated: MeanOf }[];
  readonly pairs: readonly PolicyPair[];
  /** (pairs ordered alike − differently) ÷ pairs that the log tells apart, as Kendall's τ; null when it tells none. */
  readonly agreement: number | null;
}

export interface MeanOf {
  readonly sessions: number;
  readonly mean: number;
  /** 95 %; null of a single session. */
  readonly interval: readonly [number, number] | null;
}

/** `policy` minus `against`, sessions taken as independent; Welch's 95 %. */
export interface PolicyPair {
  readonly policy: string;
  readonly against: string;
  readonly logged: { readonly difference: number; readonly interval: readonly [number, number] };
  readonly simulated: { readonly difference: number; readonly interval: readonly [number, number] };
  readonly order: 'alike' | 'differently' | 'not told by the log' | 'not told by the simulator';
}

/** Where "close enough" ends. Every default is *invented*: what is close enough depends on what is trained. */
export interface RealismThresholds {
  /** The interval of the exit's calibration slope must lie inside. */
  readonly slope: readonly [number, number];
  /** Log-odds predictions of a smaller standard deviation than this do not vary, and have no slope. */
  readonly flat: number;
  /** Largest |mean predicted ÷ mean observed − 1|, unless the prediction is inside the interval. */
  readonly mean: number;
  /** Largest calibration error as a probability and as a share of the observed mean: the smaller one holds. */
  readonly calibrationError: number;
  readonly calibrationShare: number;
  /** Largest |predicted − observed| of a slice as a probability and as a share: the smaller one holds. */
  readonly slice: number;
  readonly sliceShare: number;
  /** Largest Kolmogorov–Smirnov distance. */
  readonly ks: number;
  /** Largest Wasserstein distance as a share of the logged mean. */
  readonly wasserstein: number;
}

/** *Invented.* */
export const REALISM_THRESHOLDS: RealismThresholds = {
  slope: [0.5, 2],
  flat: 0.05,
  mean: 0.1,
  calibrationError: 0.03,
  calibrationShare: 0.2,
  slice: 0.05,
  sliceShare: 0.2,
  ks: 0.1,
  wasserstein: 0.15,
};
