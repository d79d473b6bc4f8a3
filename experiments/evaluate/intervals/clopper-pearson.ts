import { clopperPearson as binomial } from '../../../core/stats/mean-bounds.js';
import { eachAlone, type IntervalMethod } from './method.js';
import { rangeOf } from './ranges.js';

/**
 * Clopper and Pearson's interval on weighted successes, for rewards of 0 and 1: Σ w·r / W successes among N, scaled back
 * by W. Exact where all weights are W or 0; with smaller weights between, the rounds vary less than successes would, and
 * it errs on the wide side. (VW's estimators take the largest w·r of the sample for W; here W is given, or the clip.)
 */
export const clopperPearson: IntervalMethod = {
  name: 'Clopper-Pearson',
  promise: 'Binomial tails for rewards of 0 and 1, scaled by the largest weight; meant for rare rewards.',
  resamples: false,
  find: eachAlone((estimated, { level, bounds }) => {
    const { estimator, terms, value, form } = estimated;
    if (estimator !== 'ips' && estimator !== 'clippedIps')
      return { refused: 'only for sums of weighted rewards: ips, clippedIps' };
    const row = terms.reward.findIndex((reward) => reward !== 0 && reward !== 1);
    if (row >= 0) return { refused: `row ${row} has the reward ${terms.reward[row]}; only for rewards of 0 and 1` };
    const range = rangeOf(estimated, { ...bounds, rewardRange: [0, 1] });
    if ('refused' in range) return range;
    const n = form.numerator.length;
    const { low, high } = binomial((n * value) / range.high, n, level);
    return { interval: [range.high * low, range.high * high] };
  }),
};
