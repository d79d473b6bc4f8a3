import { bernsteinMargin } from '../../../core/stats/mean-bounds.js';
import { moments } from '../../../core/stats/moments.js';
import { eachAlone, type IntervalMethod } from './method.js';
import { rangeOf } from './ranges.js';

/** Empirical Bernstein (Maurer and Pontil 2009) on the rounds: like Hoeffding, but the variance is the sample's. */
export const bernstein: IntervalMethod = {
  name: 'empirical Bernstein',
  promise: 'Holds at every sample size if the given bounds do; narrower than Hoeffding in large logs.',
  resamples: false,
  find: eachAlone((estimated, { level, bounds }) => {
    const range = rangeOf(estimated, bounds);
    if ('refused' in range) return range;
    const { numerator } = estimated.form;
    const { mean, variance, n } = moments(numerator);
    const half = bernsteinMargin(variance, range.high - range.low, n, (1 - level) / 2);
    return { interval: [mean - half, mean + half] };
  }),
};
