import { expectLength } from '../../../core/check.js';
import type { Loggers, Terms } from '../rounds.js';
import { decisionsOf, needed, type Estimator, type PerRound } from './form.js';
import { corrected } from './model-based.js';
import { weighted } from './weighting.js';

/**
 * Logs of several serving policies (Agarwal, Basu, Schnabel and Joachims 2017). The naive estimators are `ips` and `dr`
 * themselves: each round weighted by the propensity of the policy that served it. One logger makes all of these naive.
 */

/**
 * The balanced estimator: one weight against the mixture of all loggers, π(a|x) / Σ_k (n_k/N)·μ_k(a|x). Its variance is
 * never above that of naive IPS, because no round is weighted by the smallest of several propensities.
 */
export const pooledIps: Estimator = {
  name: 'Pooled IPS',
  assumption: 'As IPS, where the mixture of the serving policies covers the policy.',
  needsGuesses: false,
  needs: ['loggers'],
  perRound: (terms) => ({ numerator: weighted(terms, pooledWeights(terms, 'pooledIps')) }),
};

/** Doubly robust with the pooled weight. */
export const pooledDr: Estimator = {
  name: 'Pooled doubly robust',
  assumption: 'As doubly robust, where the mixture of the serving policies covers the policy.',
  needsGuesses: true,
  needs: ['loggers'],
  perRound: (terms) => ({ numerator: corrected(terms, 'pooledDr', pooledWeights(terms, 'pooledDr')) }),
};

/** The weighted estimator: IPS within each logger's rounds, and these weighted by 1 / variance. */
export const weightedIps: Estimator = {
  name: 'IPS weighted by logger',
  assumption: 'As IPS for every serving policy, all of them in the same kind of traffic.',
  needsGuesses: false,
  needs: ['loggers'],
  perRound: (terms) => byVariance(terms, weighted(terms, terms.weight), 'weightedIps'),
};

/** Doubly robust within each logger's rounds, and these weighted by 1 / variance. */
export const weightedDr: Estimator = {
  name: 'Doubly robust weighted by logger',
  assumption: 'As doubly robust for every serving policy, all of them in the same kind of traffic.',
  needsGuesses: true,
  needs: ['loggers'],
  perRound: (terms) => {
    return byVariance(terms, corrected(terms, 'weightedDr', terms.weight), 'weightedDr');
  },
};

function loggersOf(terms: Terms, who: string): Loggers {
  const { loggers } = decisionsOf(terms, who).rounds;
  const found = needed(loggers, who, 'which policy served each round', 'Name the column (--logger).');
  expectLength('evaluate: loggers', found.served, { rounds: terms.reward.length });
  return found;
}

/** How many rounds each logger served. */
function roundsOf({ count, served }: Loggers): Float64Array {
  const rounds = new Float64Array(count);
  for (let i = 0; i < served.length; i++) rounds[served[i]]++;
  return rounds;
}

/** [N] π(a_n|x_n) / Σ_k (n_k/N)·μ_k(a_n|x_n). */
function pooledWeights(terms: Terms, who: string): Float64Array {
  const loggers = loggersOf(terms, who);
  const { rounds, target } = decisionsOf(terms, who);
  const { count: K } = loggers;
  if (K === 1) return terms.weight;
  const each = needed(
    loggers.propensity,
    who,
    "every logger's propensity of the action taken",
    'Name one column per logger (--logger-propensities).',
  );
  const n = terms.reward.length;
  expectLength("evaluate: loggers' propensities", each, { rounds: n, loggers: K });
  const share = roundsOf(loggers).map((served) => served / n);
  const weight = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let mixture = 0;
    for (let k = 0; k < K; k++) mixture += share[k] * each[i * K + k];
    weight[i] = target[i * rounds.actions + rounds.action[i]] / mixture;
  }
  return weight;
}

/**
 * Σ_k (n_k/V_k)·mean_k / Σ_k n_k/V_k as a ratio over rounds: Σ value/V_k / Σ 1/V_k, V_k the variance of the logger's
 * rounds. A logger whose rounds are all alike (no reward yet, say) would take all the weight as certainty; it gets the
 * variance of all rounds instead, where obp divides by 0.
 */
function byVariance(terms: Terms, value: Float64Array, who: string): PerRound {
  const loggers = loggersOf(terms, who);
  const precision = precisions(loggers, value);
  const { served } = loggers;
  const numerator = new Float64Array(value.length);
  const denominator = new Float64Array(value.length);
  for (let i = 0; i < value.length; i++) {
    denominator[i] = precision[served[i]];
    numerator[i] = denominator[i] * value[i];
  }
  return { numerator, denominator };
}

/** [K] 1 / variance of each logger's values (divisor n_k − 1); Welford, all loggers in one pass. */
function precisions({ count, served }: Loggers, value: Float64Array): Float64Array {
  const rounds = new Float64Array(count + 1);
  const mean = new Float64Array(count + 1);
  const squares = new Float64Array(count + 1);
  const add = (group: number, x: number): void => {
    const step = x - mean[group];
    mean[group] += step / ++rounds[group];
    squares[group] += step * (x - mean[group]);
  };
  for (let i = 0; i < value.length; i++) {
    add(served[i], value[i]);
    add(count, value[i]);
  }
  const overall = squares[count] > 0 ? squares[count] / (rounds[count] - 1) : 1;
  return Float64Array.from({ length: count }, (_, k) => (squares[k] > 0 ? (rounds[k] - 1) / squares[k] : 1 / overall));
}
