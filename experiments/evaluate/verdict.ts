import { moments } from '../../core/stats/moments.js';
import type { Diagnostics, Verdict } from '../contract.js';
import type { LoggedRounds, Terms } from './rounds.js';

/** Where a log stops carrying a number. Judgements, in one place; the report prints those that applied. */
export const LIMITS = {
  /** One round may not hold more than this share of all weight. */
  maxShare: 0.5,
  /** Below this effective sample size and this share of the rounds, nothing is said. */
  effectiveRounds: 100,
  effectiveShare: 0.01,
  /** A mean weight this low says that the log does not contain what the policy does. */
  meanWeight: 0.5,
  /** Weak: */
  weakEffectiveShare: 0.1,
  weakEffectiveRounds: 1000,
  weakMaxShare: 0.05,
  weakRewardedRounds: 20,
  /** The mean weight should be 1 within this many standard errors. */
  meanWeightErrors: 5,
} as const;

const percent = (share: number): string => `${(100 * share).toPrecision(2)} %`;

/** What is judged, and what its reasons call it. */
type Judged = Pick<LoggedRounds, 'reward' | 'propensity'>;
export interface Nouns {
  readonly one: string;
  readonly many: string;
}
const ROUNDS: Nouns = { one: 'row', many: 'rounds' };

/** How far this log carries a number about this policy, with the reasons in sentences (rows are 0-based data rows). */
export function judge(
  rounds: Judged,
  terms: Pick<Terms, 'weight'>,
  diagnostics: Diagnostics,
  { one, many }: Nouns = ROUNDS,
): { verdict: Verdict; reasons: string[] } {
  const { rounds: n, effectiveSampleSize, meanWeight, maxWeight, maxWeightShare } = diagnostics;
  const reasons: string[] = [];
  const fatal: string[] = [];
  const effectiveShare = effectiveSampleSize / n;
  const heaviest = terms.weight.indexOf(maxWeight);
  const rewarded = n < 2 ? { rounds: 0, constant: true } : rewardsInReach(rounds, terms);
  const meanError = Math.sqrt(moments(terms.weight).variance / n);
  const effective = `${effectiveSampleSize < 10 ? effectiveSampleSize.toFixed(1) : Math.round(effectiveSampleSize)} of ${n} ${many} (${percent(effectiveShare)})`;
  const One = one.charAt(0).toUpperCase() + one.slice(1);

  if (n < 2) fatal.push(`${n} ${many}: an interval needs at least 2.`);
  else if (maxWeight === 0) fatal.push('The policy never does what was logged: every weight is 0.');
  else {
    if (maxWeightShare > LIMITS.maxShare) {
      fatal.push(
        `${One} ${heaviest} holds ${percent(maxWeightShare)} of all weight: its propensity is ${rounds.propensity[heaviest]}, its weight ${maxWeight.toPrecision(4)}. The effective sample size is ${effective}.`,
      );
    } else if (effectiveSampleSize < LIMITS.effectiveRounds && effectiveShare < LIMITS.effectiveShare) {
      fatal.push(
        `The effective sample size is ${effective}; ${one} ${heaviest} has the largest weight, ${maxWeight.toPrecision(4)}.`,
      );
    }
    if (rewarded.rounds === 0)
      fatal.push(
        'No round that the policy could have caused has a reward: an interval around 0 would claim certainty.',
      );
    if (meanWeight < LIMITS.meanWeight && Math.abs(meanWeight - 1) > LIMITS.meanWeightErrors * meanError) {
      fatal.push(
        `The mean weight is ${meanWeight.toPrecision(3)} instead of 1: the log does not contain most of what the policy does.`,
      );
    }
  }
  if (fatal.length > 0) return { verdict: 'unsupported', reasons: fatal };

  const few = effectiveShare < LIMITS.weakEffectiveShare && effectiveSampleSize < LIMITS.weakEffectiveRounds;
  if (few || effectiveSampleSize < LIMITS.effectiveRounds) reasons.push(`The effective sample size is ${effective}.`);
  if (maxWeightShare > LIMITS.weakMaxShare)
    reasons.push(`${One} ${heaviest} alone holds ${percent(maxWeightShare)} of all weight.`);
  if (Math.abs(meanWeight - 1) > LIMITS.meanWeightErrors * meanError) {
    reasons.push(
      `The mean weight is ${meanWeight.toPrecision(3)}, more than ${LIMITS.meanWeightErrors} standard errors from 1: the propensities may be wrong, or the log lacks some of what the policy does.`,
    );
  }
  if (rewarded.rounds < LIMITS.weakRewardedRounds)
    reasons.push(`Only ${rewarded.rounds} ${many} that the policy could have caused have a reward.`);
  if (rewarded.constant)
    reasons.push(
      `Every reward is ${rounds.reward[0]}: there is nothing to learn, no policy can look better than another.`,
    );
  return { verdict: reasons.length > 0 ? 'weak' : 'supported', reasons };
}

/** Rounds with a reward among those of positive weight, and whether all rewards are the same. */
function rewardsInReach(
  { reward }: Judged,
  { weight }: Pick<Terms, 'weight'>,
): { readonly rounds: number; readonly constant: boolean } {
  let rounds = 0;
  let constant = true;
  for (let i = 0; i < reward.length; i++) {
    if (weight[i] > 0 && reward[i] !== 0) rounds++;
    if (reward[i] !== reward[0]) constant = false;
  }
  return { rounds, constant };
}
