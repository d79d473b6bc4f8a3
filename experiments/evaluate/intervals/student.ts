import { studentQuantile } from '../../../core/stats/student.js';
import { eachAlone, type IntervalMethod } from './method.js';

/**
 * value ± t · standard error with Student's t of N − 1 degrees of freedom at (1 + level)/2. (scope-rl takes the quantile
 * at `level` for its two-sided interval, so that its 95 % are 90 %.)
 */
export const student: IntervalMethod = {
  name: 'Student',
  promise: 'As delta, a little wider in small logs; exact for normal rounds.',
  resamples: false,
  find: eachAlone(({ form, value, standardError }, { level }) => {
    const n = form.numerator.length;
    if (n < 2) return { refused: 'an interval needs at least 2 rounds' };
    const half = studentQuantile(0.5 + level / 2, n - 1) * standardError;
    return { interval: [value - half, value + half] };
  }),
};
