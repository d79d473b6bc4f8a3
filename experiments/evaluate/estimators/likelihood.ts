import { normalQuantile } from '../../../core/stats/normal.js';
import type { Terms } from '../rounds.js';
import type { Estimator } from './form.js';
import { profileInterval } from './profile-likelihood.js';

/**
 * Empirical likelihood (Karampatziakis, Langford and Mineiro 2020): the weights have mean 1 whatever the policies are, so
 * give the rounds the most likely probabilities q_n with Σ q·w = 1 and take Σ q·w·r. In large logs the best linear control
 * variate, and like SNIPS it returns a constant reward exactly and stays inside the range of the rewards:
 *
 *     q_n = 1 / (N·(1 + β(w_n − 1))),   Σ_n (w_n − 1)/(1 + β(w_n − 1)) = 0.
 *
 * β keeps q ≥ 0 for every weight in [0, w_max]; the setting is w_max where larger weights than those seen are possible
 * (∞ gives SNIPS when the mean weight is below 1). Where a mean of 1 is out of reach with that, what is missing is filled
 * with the weighted mean reward; VW fills it with the middle of the range of the rewards.
 */
export const empiricalLikelihood: Estimator = {
  name: 'Empirical likelihood',
  assumption: 'As IPS; additionally uses that the weights have mean 1, which takes out variance.',
  needsGuesses: false,
  setting: { name: 'largest possible weight, where above those seen,', value: 0 },
  perRound: (terms, largest) => ({ numerator: linearised(terms, mostLikely(terms, largest)) }),
  interval: {
    method: 'profile likelihood',
    of: (terms, largest, level) =>
      profileInterval(terms, mostLikely(terms, largest), normalQuantile(0.5 + level / 2) ** 2),
  },
};

/**
 * Cressie-Read with power −2: as empirical likelihood, with the squared (Euclidean) distance from 1/N in place of the
 * likelihood, which has a closed form: the regression on the weights,
 *
 *     mean(w·r) − b·(mean(w) − 1),   b = Cov(w·r, w) / Var(w).
 *
 * q_n may be negative, so that it can leave the range of the rewards. Its profile interval, all v with
 * n·(v̂ − v)² ≤ z²·(Var(w·r) − b·Cov(w·r, w)), is the normal interval of these rounds.
 */
export const cressieRead: Estimator = {
  name: 'Cressie-Read (−2)',
  assumption: 'As IPS; additionally uses that the weights have mean 1, which takes out variance.',
  needsGuesses: false,
  perRound: (terms) => ({ numerator: regressed(terms) }),
};

/** w·r − b(w − 1), with rewards measured from the first of them, so that a constant comes back exactly. */
function regressed({ weight, reward }: Terms): Float64Array {
  const n = weight.length;
  const rounds = new Float64Array(n);
  const zero = n === 0 ? 0 : reward[0];
  let meanWeight = 0;
  let mean = 0;
  for (let i = 0; i < n; i++) {
    meanWeight += weight[i] / n;
    mean += (weight[i] * (reward[i] - zero)) / n;
  }
  let spread = 0;
  let shared = 0;
  for (let i = 0; i < n; i++) {
    const off = weight[i] - meanWeight;
    spread += off * off;
    shared += off * (weight[i] * (reward[i] - zero) - mean);
  }
  // Weights that are all alike say nothing of b; the ratio of means is what remains.
  const slope = spread > 0 ? shared / spread : meanWeight > 0 ? mean / meanWeight : 0;
  for (let i = 0; i < n; i++) rounds[i] = zero + weight[i] * (reward[i] - zero) - slope * (weight[i] - 1);
  return rounds;
}

/** The β of the likelihood and its value; inside: whether Σ q·w = 1 was reached. */
export interface MostLikely {
  readonly beta: number;
  readonly inside: boolean;
  readonly value: number;
}

const MOST_STEPS = 100;

function mostLikely({ weight, reward }: Terms, possible: number): MostLikely {
  let largest = possible;
  for (let i = 0; i < weight.length; i++) if (weight[i] > largest) largest = weight[i];
  const { beta, inside } = solveBeta(weight, largest > 1 ? -1 / (largest - 1) : 0);
  const zero = reward.length === 0 ? 0 : reward[0];
  let above = 0;
  let below = 0;
  for (let i = 0; i < weight.length; i++) {
    const share = weight[i] / (1 + beta * (weight[i] - 1));
    above += share * (reward[i] - zero);
    below += share;
  }
  return { beta, inside, value: zero + above / below };
}

/** The root of Σ (w − 1)/(1 + β(w − 1)), which falls in β, between `least` and 1: Newton's method kept in a bracket. */
function solveBeta(weight: Float64Array, least: number): { beta: number; inside: boolean } {
  let low = least;
  let high = 1;
  let beta = 0;
  for (let step = 0; step < MOST_STEPS; step++) {
    let sum = 0;
    let slope = 0;
    for (let i = 0; i < weight.length; i++) {
      const off = weight[i] - 1;
      const term = off / (1 + beta * off);
      sum += term;
      slope += term * term;
    }
    if (sum === 0) return { beta, inside: true };
    if (sum > 0) low = beta;
    else high = beta;
    const newton = beta + sum / slope;
    const next = newton > low && newton < high ? newton : 0.5 * (low + high);
    if (Math.abs(next - beta) <= 1e-15 * (1 + Math.abs(beta))) {
      beta = next;
      break;
    }
    beta = next;
  }
  return { beta, inside: beta - least > 1e-12 && 1 - beta > 1e-12 };
}

/**
 * The rounds whose mean is the value and whose deviations are its influence, β's own movement taken in:
 * v + κ·w·(r − v)/mean(κw) − b·κ(w − 1), κ = 1/(1 + β(w − 1)), b the regression of one estimating equation on the other.
 */
function linearised({ weight, reward }: Terms, { beta, inside, value }: MostLikely): Float64Array {
  const n = weight.length;
  const rounds = new Float64Array(n);
  let total = 0;
  let shared = 0;
  let spread = 0;
  for (let i = 0; i < n; i++) {
    const off = weight[i] - 1;
    const kept = 1 / (1 + beta * off);
    total += kept * weight[i];
    shared += kept * kept * weight[i] * (reward[i] - value) * off;
    spread += kept * kept * off * off;
  }
  const slope = inside && spread > 0 ? shared / spread : 0;
  for (let i = 0; i < n; i++) {
    const off = weight[i] - 1;
    const kept = 1 / (1 + beta * off);
    rounds[i] = value + (n / total) * kept * weight[i] * (reward[i] - value) - slope * kept * off;
  }
  return rounds;
}
