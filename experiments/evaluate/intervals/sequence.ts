import { bettingLower } from '../../../core/stats/betting.js';
import { eachAlone, type Found, type IntervalMethod } from './method.js';
import { ASK_REWARDS, brokenBound, rangeOf } from './ranges.js';

/**
 * Off-policy confidence sequence (Karampatziakis, Mineiro and Ramdas 2021) by betting: valid at every time at once, so a
 * log may be judged again each day and the test ended when one likes. For IPS it needs the reward range and no bound on
 * the weights: with rewards scaled to [0, 1], w·r is never negative and has the mean V, w·(1 − r) is never negative and
 * has the mean 1 − V, and both lower ends come from `bettingLower`. Other means of rounds are bounded from both ends of
 * their range.
 *
 * The lower end never exceeds the upper one: where it would, no value at all fits the log, its propensities are wrong,
 * and that is said instead. (VW's sequence returns crossed ends without a word.)
 */
export const sequence: IntervalMethod = {
  name: 'confidence sequence',
  promise: 'Holds at every time at once, so the log may be looked at while it grows; the price is some width.',
  resamples: false,
  find: eachAlone((estimated, { level, bounds = {} }) => {
    const miss = (1 - level) / 2;
    const { estimator, terms, form } = estimated;
    if (estimator === 'ips') {
      if (bounds.rewardRange === undefined) return { refused: ASK_REWARDS };
      const broken = brokenBound(terms, bounds, false);
      if (broken !== undefined) return { refused: broken };
      const [low, high] = bounds.rewardRange;
      const { reward, weight } = terms;
      const gained = weight.map((w, i) => (w * (reward[i] - low)) / (high - low));
      const missed = weight.map((w, i) => (w * (high - reward[i])) / (high - low));
      return between(low, high, bettingLower(gained, 1, miss), bettingLower(missed, 1, miss));
    }
    const range = rangeOf(estimated, bounds);
    if ('refused' in range) return range;
    const { low, high } = range;
    const above = form.numerator.map((x) => (x - low) / (high - low));
    const below = form.numerator.map((x) => (high - x) / (high - low));
    return between(low, high, bettingLower(above, 1, miss), bettingLower(below, 1, miss));
  }),
};

/** The interval that leaves so large a share of the range out at each end. */
function between(low: number, high: number, fromLow: number, fromHigh: number): Found {
  if (fromLow + fromHigh > 1) return { refused: 'no value fits all rounds: the propensities or the bounds are wrong' };
  return { interval: [low + (high - low) * fromLow, high - (high - low) * fromHigh] };
}
