import { normalInterval } from '../../../core/stats/intervals.js';
import { eachAlone, percent, type IntervalMethod } from './method.js';

/**
 * value ± z · standard error, with the normaliser of ratios moving (see `influenceOf`). An estimator that brings an
 * interval of its own (a likelihood's profile) has that instead.
 */
export const delta: IntervalMethod = {
  name: 'delta',
  promise: 'Right for many rounds, when no few of them carry the estimate.',
  resamples: false,
  find: eachAlone(({ value, standardError, own }, { level }) => {
    const found = own?.at(level);
    if (own !== undefined && found !== undefined) return { interval: found, method: `${own.method} ${percent(level)}` };
    const { low, high } = normalInterval(value, standardError, level);
    return { interval: [low, high] };
  }),
};
