import { hoeffdingMargin } from '../../../core/stats/mean-bounds.js';
import { eachAlone, type IntervalMethod } from './method.js';
import { rangeOf } from './ranges.js';

/**
 * value ± width·√(ln(2/δ)/(2N)), δ = 1 − level (Hoeffding 1963; for off-policy estimates Thomas, Theocharous and
 * Ghavamzadeh 2015), where width is that of the range of the rounds. (scope-rl multiplies by N where this divides.)
 */
export const hoeffding: IntervalMethod = {
  name: 'Hoeffding',
  promise: 'Holds at every sample size if the given bounds do; wide. Ends may lie where no value can.',
  resamples: false,
  find: eachAlone((estimated, { level, bounds }) => {
    const range = rangeOf(estimated, bounds);
    if ('refused' in range) return range;
    const { value, form } = estimated;
    const half = hoeffdingMargin(range.high - range.low, form.numerator.length, (1 - level) / 2);
    return { interval: [value - half, value + half] };
  }),
};
