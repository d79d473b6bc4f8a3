import { repair, type Grid } from './cdf.js';
import type { ModelledReturns } from './conditional.js';

/**
 * What is known of n units (sessions, or single decisions) whose returns are to be distributed as under the policy.
 */
export interface ReturnTerms {
  readonly grid: Grid;
  /** [n] the point of each logged return. */
  readonly bin: Int32Array;
  /** [n] product of the unit's ratios. */
  readonly weight: Float64Array;
  readonly model?: ModelledReturns;
}

/** An estimator of the distribution function of the return. */
export interface CdfEstimator {
  readonly name: string;
  /** One sentence: when to believe it. */
  readonly assumption: string;
  readonly needsGuesses: boolean;
  readonly weights: 'cumulative' | 'single';
  /**
   * Writes the estimate over units drawn `counts` times each, before any repair, to out [K].
   */
  estimate(terms: ReturnTerms, counts: Uint8Array, out: Float64Array): void;
}

/** Adds every unit's weight at the point of its return; returns the sum of the weights. */
function addWeights({ bin, weight }: ReturnTerms, counts: Uint8Array, out: Float64Array): number {
  let total = 0;
  for (let i = 0; i < bin.length; i++) {
    const w = counts[i] * weight[i];
    out[bin[i]] += w;
    total += w;
  }
  return total;
}

/** Adds scale·counts·rows of a matrix [n, K], each row also times its weight where there are weights. */
function addRows(
  matrix: Float64Array,
  counts: Uint8Array,
  out: Float64Array,
  scale: number,
  weight?: Float64Array,
): void {
  const K = out.length;
  for (let i = 0; i < counts.length; i++) {
    const share = scale * counts[i] * (weight === undefined ? 1 : weight[i]);
    if (share === 0) continue;
    for (let k = 0, at = i * K; k < K; k++, at++) out[k] += share * matrix[at];
  }
}

/** Masses at the points become probabilities of not exceeding them, divided by `total`. */
function accumulate(out: Float64Array, total: number): void {
  let sum = 0;
  for (let k = 0; k < out.length; k++) {
    sum += out[k];
    out[k] = total === 0 ? 0 : sum / total;
  }
}

/** Importance sampling: F(g) = mean of w·1{G ≤ g} (Huang et al. 2021; Chandak et al. 2021). */
const cdIs: CdfEstimator = {
  name: 'Weighted distribution',
  assumption:
    'Propensities are right and cover every action of the policy; mass that the weights do not place counts as the largest return.',
  needsGuesses: false,
  weights: 'cumulative',
  estimate(terms, counts, out) {
    out.fill(0);
    addWeights(terms, counts, out);
    accumulate(out, terms.bin.length);
  },
};

/** Self-normalised: F(g) = Σ w·1{G ≤ g} / Σ w. A distribution function as it is. */
const cdSn: CdfEstimator = {
  name: 'Self-normalised weighted distribution',
  assumption: 'Propensities are right up to a factor; in the limit of many units.',
  needsGuesses: false,
  weights: 'cumulative',
  estimate(terms, counts, out) {
    out.fill(0);
    accumulate(out, addWeights(terms, counts, out));
  },
};

/** Direct method: F(g) = mean of Σ_a π(a) P(G ≤ g | a) by the model (see `modelReturns`). */
const cdDm: CdfEstimator = {
  name: 'Modelled distribution',
  assumption: 'The guesses and the errors around them are right; its intervals leave the model’s bias out.',
  needsGuesses: true,
  weights: 'single',
  estimate({ bin, model }, counts, out) {
    out.fill(0);
    if (model !== undefined) addRows(model.direct, counts, out, 1);
    accumulate(out, bin.length);
  },
};

/**
 * Doubly robust (Huang et al. 2021): F(g) = mean of Σ_a π(a) P(G ≤ g | a) + w·(1{G ≤ g} − P(G ≤ g | a_0)). For sessions
 * the model speaks of the whole return given the first action, and w is the session's product.
 */
const cdDr: CdfEstimator = {
  name: 'Doubly robust distribution',
  assumption: 'Propensities are right, or the model of the returns is.',
  needsGuesses: true,
  weights: 'cumulative',
  estimate(terms, counts, out) {
    out.fill(0);
    addWeights(terms, counts, out);
    if (terms.model !== undefined) {
      addRows(terms.model.taken, counts, out, -1, terms.weight);
      addRows(terms.model.direct, counts, out, 1);
    }
    accumulate(out, terms.bin.length);
  },
};

/** The table of estimators; its keys are the names used on the command line and in reports. */
export const cdfEstimators: Readonly<Record<CdfKey, CdfEstimator>> = { cdIs, cdSn, cdDm, cdDr };

export type CdfKey = 'cdIs' | 'cdSn' | 'cdDm' | 'cdDr';

/** [K] the repaired distribution function over every unit once. */
export function estimateCdf(estimator: CdfEstimator, terms: ReturnTerms): Float64Array {
  const out = new Float64Array(terms.grid.point.length);
  estimator.estimate(terms, new Uint8Array(terms.bin.length).fill(1), out);
  return repair(out);
}
