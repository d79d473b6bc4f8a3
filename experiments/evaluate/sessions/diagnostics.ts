import type { Diagnostics } from '../../contract.js';
import { MARGINALS } from './estimators/marginal.js';
import { stepWeights, type LoggedSessions, type SessionTerms } from './sessions.js';

/** How many rows, sessions and steps a report names at most. */
const MOST_NAMED = 10;
const MOST_STEPS = 40;

/** The weights of one step over all sessions; those that are over keep their last. */
export interface StepDiagnostics {
  /** 0 is the first decision. */
  readonly step: number;
  /** Sessions that reach it. */
  readonly sessions: number;
  readonly effectiveSampleSize: number;
  readonly meanWeight: number;
  readonly maxWeightShare: number;
}

/** Weights of single decisions: their ratios, or an estimator's marginal weights. Units are decisions. */
export interface DecisionWeights {
  readonly effectiveSampleSize: number;
  /** Of the session that holds the most of them. */
  readonly maxSessionShare: number;
  readonly heaviest: number;
  /** Share of the absolute weight that is negative: only weights fitted by a line can be. */
  readonly negativeShare: number;
}

/** How well a log of sessions covers a policy; the single numbers are of whole sessions' weights. */
export interface SessionDiagnostics extends Diagnostics {
  readonly sessions: number;
  /** Decisions of the longest session, and of the mean one. */
  readonly longest: number;
  readonly meanLength: number;
  /** Names of the sessions that hold much of the weight, heaviest first. */
  readonly offendingSessions: readonly string[];
  /** All steps, or evenly spaced ones of long sessions. */
  readonly horizon: readonly StepDiagnostics[];
  /** Mean ratio of single decisions, 1 when propensities are right and cover the policy. */
  readonly meanRatio: number;
  /** By marginal estimator, and `single` of the ratios. */
  readonly decisions: Readonly<Record<string, DecisionWeights>>;
}

/** @param marginal the marginal estimators that were asked for */
export function diagnoseSessions(
  terms: SessionTerms,
  marginal: readonly (keyof typeof MARGINALS)[],
): SessionDiagnostics {
  const { sessions, longest, ratio } = terms;
  const S = sessions.offsets.length - 1;
  const n = ratio.length;
  const whole = stepWeights(terms, longest);
  const { total, largest, effective } = sumsOf(whole);
  const heavy = heavySessions(whole, total);
  const decisions = Object.fromEntries([
    ['single', decisionWeights(sessions, ratio)] as const,
    ...marginal.map((key) => [key, decisionWeights(sessions, MARGINALS[key](terms).weight)] as const),
  ]);
  return {
    rounds: n,
    sessions: S,
    longest,
    meanLength: n / S,
    effectiveSampleSize: effective,
    meanWeight: total / S,
    maxWeight: largest,
    maxWeightShare: total === 0 ? 0 : largest / total,
    propensityFloor: sessions.propensity.reduce((least, p) => Math.min(least, p), Infinity),
    offendingRows: heavy.map((s) => sessions.rows?.[sessions.offsets[s]] ?? sessions.offsets[s]),
    offendingSessions: heavy.map((s) => sessions.names?.[s] ?? String(s)),
    horizon: horizonOf(terms),
    meanRatio: ratio.reduce((sum, r) => sum + r, 0) / n,
    decisions,
  };
}

function sumsOf(weight: Float64Array): { total: number; largest: number; effective: number } {
  let total = 0;
  let squares = 0;
  let largest = 0;
  for (let i = 0; i < weight.length; i++) largest = Math.max(largest, Math.abs(weight[i]));
  // Scaled by the largest, so that squares neither overflow nor vanish.
  for (let i = 0; i < weight.length; i++) {
    const w = largest === 0 ? 0 : Math.abs(weight[i]) / largest;
    total += w;
    squares += w * w;
  }
  return { total: total * largest, largest, effective: squares === 0 ? 0 : (total * total) / squares };
}

/** Sessions that hold more than a twentieth of the weight, or at least the heaviest; none when all weigh the same. */
function heavySessions(weight: Float64Array, total: number): number[] {
  const heavy: number[] = [];
  let heaviest = 0;
  for (let s = 0; s < weight.length; s++) {
    if (weight[s] > Math.max(0.05, 10 / weight.length) * total) heavy.push(s);
    if (weight[s] > weight[heaviest]) heaviest = s;
  }
  if (heavy.length === 0 && weight[heaviest] > 0.05 * total && weight[heaviest] * weight.length > 2 * total)
    heavy.push(heaviest);
  return heavy.sort((a, b) => weight[b] - weight[a]).slice(0, MOST_NAMED);
}

function horizonOf(terms: SessionTerms): StepDiagnostics[] {
  const { sessions, longest } = terms;
  const { offsets } = sessions;
  const told = Math.min(longest, MOST_STEPS);
  return Array.from({ length: told }, (_, k) => {
    const step = Math.round((k * (longest - 1)) / Math.max(1, told - 1));
    const { total, largest, effective } = sumsOf(stepWeights(terms, step));
    let reach = 0;
    for (let s = 0; s + 1 < offsets.length; s++) if (offsets[s] + step < offsets[s + 1]) reach++;
    return {
      step,
      sessions: reach,
      effectiveSampleSize: effective,
      meanWeight: total / (offsets.length - 1),
      maxWeightShare: total === 0 ? 0 : largest / total,
    };
  });
}

function decisionWeights({ offsets }: LoggedSessions, weight: Float64Array): DecisionWeights {
  const { total, effective } = sumsOf(weight);
  let most = 0;
  let heaviest = 0;
  let negative = 0;
  for (let s = 0; s + 1 < offsets.length; s++) {
    let sum = 0;
    for (let i = offsets[s]; i < offsets[s + 1]; i++) {
      sum += Math.abs(weight[i]);
      if (weight[i] < 0) negative -= weight[i];
    }
    if (sum > most) [most, heaviest] = [sum, s];
  }
  return {
    effectiveSampleSize: effective,
    maxSessionShare: total === 0 ? 0 : most / total,
    heaviest,
    negativeShare: total === 0 ? 0 : negative / total,
  };
}
