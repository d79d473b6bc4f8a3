import { complaint, expectLength } from '../../../core/check.js';
import { moments } from '../../../core/stats/moments.js';
import type { Terms } from '../rounds.js';
import { sized, slopeChoice } from '../tuning.js';
import { kernels, type KernelKey } from './kernels.js';
import { dr } from './model-based.js';
import { ips } from './weighting.js';

/** Logged decisions whose action is an amount: a bid, a price, a dose. N = rounds. */
export interface ContinuousRounds {
  /** [N] the amount chosen by the policy that served. */
  readonly amount: Float64Array;
  /** [N] */
  readonly reward: Float64Array;
  /** [N] density of that amount under the policy that served, above 0, per unit of the amount. */
  readonly density: Float64Array;
  /** [N] the amount that the judged policy would have chosen. */
  readonly target: Float64Array;
  /** A model's guess of the reward, by a model that did not see the round. */
  readonly model?: {
    /** [N] at the target's amount. */
    readonly atTarget: Float64Array;
    /** [N] at the logged amount; by default that at the target's. */
    readonly atLogged?: Float64Array;
  };
}

export interface Smoothing {
  readonly kernel: KernelKey;
  /** h > 0, in units of the amount. */
  readonly bandwidth: number;
  /** Smallest and largest amount that can be served; kernels are cut there and made to sum to 1 again. */
  readonly range?: readonly [number, number];
}

/**
 * Terms of a policy over amounts (Kallus and Zhou 2018): nobody ever chose exactly the target's amount, so rounds count by
 * how near they came,
 *
 *     w_n = K((t_n − a_n) / h) / (h·f(a_n|x_n)).
 *
 * With these weights the estimators are those of actions: `ips`, `snips`, `dm`, `dr`, `sndr` and all that only need weights.
 * The bias grows with h², the variance with 1/(N·h). Near the ends of the range the kernel is divided by the share of it
 * that lies inside. Where the model has a guess at the logged amount the residual is taken there; obp takes it at the
 * target's amount, which adds the model's slope to the bias.
 */
export function continuousTerms(rounds: ContinuousRounds, { kernel, bandwidth: h, range }: Smoothing): Terms {
  const { amount, reward, density, target, model } = rounds;
  const n = amount.length;
  for (const column of [reward, density, target]) expectLength('evaluate continuous: columns', column, { rounds: n });
  if (!(h > 0 && Number.isFinite(h))) {
    throw complaint('usage', { where: 'bandwidth', expected: 'a number above 0', received: String(h) });
  }
  const { density: at, below } = kernels[kernel];
  const weight = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const inside = range === undefined ? 1 : below((range[1] - target[i]) / h) - below((range[0] - target[i]) / h);
    weight[i] = inside > 0 ? at((target[i] - amount[i]) / h) / (h * density[i] * inside) : 0;
  }
  if (model === undefined) return { reward, weight };
  expectLength('evaluate continuous: guesses', model.atTarget, { rounds: n });
  const guess = model.atLogged ?? model.atTarget;
  expectLength('evaluate continuous: guesses at the logged amount', guess, { rounds: n });
  return { reward, weight, direct: model.atTarget, guess };
}

/** Bandwidths tried, in standard deviations of the logged amounts. */
const WIDTHS = Array.from({ length: 13 }, (_, i) => 2 ** (1 - i / 2));

/**
 * A bandwidth by SLOPE (Su, Srinath and Krishnamurthy 2020) on DR where there are guesses, else on IPS: from the narrowest,
 * which is the least biased, to wider ones for as long as the estimates agree. Bandwidths from 2 down to 1/32 standard
 * deviations of the logged amounts, in steps of √2.
 */
export function chooseBandwidth(rounds: ContinuousRounds, smoothing: Omit<Smoothing, 'bandwidth'>): number {
  const spread = Math.sqrt(moments(rounds.amount).variance);
  if (!(spread > 0)) {
    throw complaint('data', {
      where: 'bandwidth',
      expected: 'amounts that differ',
      received: `${rounds.amount.length} amounts that do not`,
      try: 'Give a bandwidth (--bandwidth).',
    });
  }
  const candidates = WIDTHS.map((width) => width * spread);
  const estimator = rounds.model === undefined ? ips : dr;
  const sizes = candidates.map((bandwidth) =>
    sized(estimator.perRound(continuousTerms(rounds, { ...smoothing, bandwidth }), NaN).numerator),
  );
  return candidates[slopeChoice(sizes)];
}
