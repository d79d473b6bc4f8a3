import { accelerationOf, bcaInterval } from '../../../core/stats/bootstrap-intervals.js';
import { influenceOf } from '../summarise.js';
import type { Found, IntervalMethod } from './method.js';

/**
 * Bias-corrected and accelerated bootstrap (Efron 1987). The acceleration comes from the influences, of ratios with
 * their moving normaliser.
 */
export const bca: IntervalMethod = {
  name: 'BCa',
  promise: 'The bootstrap corrected for bias and for a spread that grows with the value; second-order right.',
  resamples: true,
  find: (estimates, { level }, replicates) => {
    const replicated = replicates();
    return estimates.map(({ form, value }, i): Found => {
      const found = bcaInterval(replicated[i], value, accelerationOf(influenceOf(form)), level);
      return found === undefined
        ? { refused: 'all replicates lie on one side of the estimate' }
        : { interval: [found.low, found.high] };
    });
  },
};
