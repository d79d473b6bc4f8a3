import { moments } from '../../../core/stats/moments.js';
import type { Verdict } from '../../contract.js';
import { LIMITS } from '../verdict.js';
import { nameOf, stepWeights, type LoggedSessions, type SessionTerms } from './sessions.js';
import type { DecisionWeights, SessionDiagnostics } from './diagnostics.js';

/** Where sessions stop carrying a number, beyond the limits for single decisions. */
const SESSION_LIMITS = {
  /** Fewer effective sessions than this, and than this share of all, say nothing: the rest have no weight. */
  effectiveSessions: 10,
  effectiveShare: 0.2,
  /** Weights fitted by a line may be negative for this share of their sum. */
  negativeShare: 0.05,
} as const;

export interface Judgement {
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
}

const percent = (share: number): string => `${(100 * share).toPrecision(2)} %`;
const count = (size: number): string => (size < 10 ? size.toFixed(1) : String(Math.round(size)));

function verdictOf(fatal: readonly string[], weak: readonly string[]): Judgement {
  if (fatal.length > 0) return { verdict: 'unsupported', reasons: fatal };
  return { verdict: weak.length > 0 ? 'weak' : 'supported', reasons: weak };
}

/** "Session 'x' (rows 12 to 19)", or "Row 12" of single decisions. */
function where(sessions: LoggedSessions, session: number): string {
  const { offsets, rows } = sessions;
  const [from, to] = [offsets[session], offsets[session + 1] - 1];
  const row = (i: number): number => rows?.[i] ?? i;
  if (areRounds(sessions)) return `Row ${row(from)}`;
  return `Session ${nameOf(sessions, session)} (${from === to ? `row ${row(from)}` : `rows ${row(from)} to ${row(to)}`})`;
}

/** Whether every session is a single decision without a name: then it is spoken of as one. */
function areRounds({ offsets, names }: LoggedSessions): boolean {
  return names === undefined && offsets.every((offset, s) => offset === s);
}

/** Whether the products of the sessions' ratios can carry a number. */
export function judgeProducts(terms: SessionTerms, diagnostics: SessionDiagnostics): Judgement {
  const { sessions } = terms;
  const { sessions: S, effectiveSampleSize, meanWeight, maxWeight, maxWeightShare, longest } = diagnostics;
  const whole = stepWeights(terms, terms.longest);
  const heaviest = where(sessions, whole.indexOf(maxWeight));
  const share = effectiveSampleSize / S;
  const [unit, units] = areRounds(sessions) ? ['round', 'rounds'] : ['session', 'sessions'];
  const effective = `${count(effectiveSampleSize)} of ${S} ${units} (${percent(share)})`;
  if (S < 2) return verdictOf([`${S} ${unit}: an interval needs at least 2.`], []);
  if (maxWeight === 0) {
    const gone = diagnostics.horizon.find(({ meanWeight: mean }) => mean === 0)?.step ?? 0;
    return verdictOf(
      [`The policy never does what any ${unit} did: every weight is 0 by step ${gone}, the first being step 0.`],
      [],
    );
  }
  const meanError = Math.sqrt(moments(whole).variance / S);
  const fatal: string[] = [];
  const weak: string[] = [];
  const long = longest > 1 ? ` Sessions of up to ${longest} decisions multiply that many ratios.` : '';
  const collapsed =
    (effectiveSampleSize < LIMITS.effectiveRounds && share < LIMITS.effectiveShare) ||
    (effectiveSampleSize < SESSION_LIMITS.effectiveSessions && share < SESSION_LIMITS.effectiveShare);
  if (maxWeightShare > LIMITS.maxShare)
    fatal.push(
      `${heaviest} holds ${percent(maxWeightShare)} of all weight: ${maxWeight.toPrecision(4)}. The effective sample size is ${effective}.${long}`,
    );
  else if (collapsed)
    fatal.push(
      `The effective sample size is ${effective}. ${heaviest} has the largest weight, ${maxWeight.toPrecision(4)}.${long}`,
    );
  const rewarded = rewardedSessions(sessions, whole);
  if (rewarded === 0)
    fatal.push(
      `No ${unit} that the policy could have caused has a reward: an interval around 0 would claim certainty.`,
    );
  if (meanWeight < LIMITS.meanWeight && Math.abs(meanWeight - 1) > LIMITS.meanWeightErrors * meanError)
    fatal.push(
      `The mean weight of the ${units} is ${meanWeight.toPrecision(3)} instead of 1: the log does not contain most of what the policy does, or too few ${units} to meet it.${long}`,
    );
  if (
    effectiveSampleSize < LIMITS.effectiveRounds ||
    (share < LIMITS.weakEffectiveShare && effectiveSampleSize < LIMITS.weakEffectiveRounds)
  )
    weak.push(`The effective sample size is ${effective}.`);
  if (maxWeightShare > LIMITS.weakMaxShare)
    weak.push(`${heaviest} alone holds ${percent(maxWeightShare)} of all weight.`);
  if (Math.abs(meanWeight - 1) > LIMITS.meanWeightErrors * meanError)
    weak.push(
      `The mean weight of the ${units} is ${meanWeight.toPrecision(3)}, more than ${LIMITS.meanWeightErrors} standard errors from 1: the propensities may be wrong, or the log lacks some of what the policy does.`,
    );
  if (rewarded < LIMITS.weakRewardedRounds)
    weak.push(`Only ${rewarded} ${units} that the policy could have caused have a reward.`);
  return verdictOf(fatal, weak);
}

/**
 * Whether weights of single decisions can: marginal weights, or the ratios, which tell where a model had data.
 *
 * @param what the weights are called in the reasons
 */
export function judgeDecisions(
  terms: SessionTerms,
  { rounds, sessions: S, meanRatio }: SessionDiagnostics,
  weights: DecisionWeights,
  what: string,
): Judgement {
  const { effectiveSampleSize, maxSessionShare, heaviest, negativeShare } = weights;
  const share = effectiveSampleSize / rounds;
  const effective = `${count(effectiveSampleSize)} of ${rounds} decisions (${percent(share)})`;
  const ratioError = Math.sqrt(moments(terms.ratio).variance / rounds);
  const fatal: string[] = [];
  const weak: string[] = [];
  if (S < 2) fatal.push(`${S} session(s): an interval needs at least 2.`);
  else if (effectiveSampleSize === 0) fatal.push(`The policy never does what was logged: every one of ${what} is 0.`);
  else if (maxSessionShare > LIMITS.maxShare)
    fatal.push(`${where(terms.sessions, heaviest)} holds ${percent(maxSessionShare)} of ${what}.`);
  else if (effectiveSampleSize < LIMITS.effectiveRounds && share < LIMITS.effectiveShare)
    fatal.push(`The effective sample size of ${what} is ${effective}.`);
  const off = Math.abs(meanRatio - 1) > LIMITS.meanWeightErrors * ratioError && Math.abs(meanRatio - 1) > 1e-6;
  if (meanRatio < LIMITS.meanWeight && off)
    fatal.push(
      `The mean ratio of single decisions is ${meanRatio.toPrecision(3)} instead of 1: the log does not contain most of what the policy does.`,
    );
  if (!terms.sessions.reward.some((reward) => reward !== 0))
    fatal.push('No decision has a reward: an interval around 0 would claim certainty.');
  if (effectiveSampleSize < LIMITS.effectiveRounds) weak.push(`The effective sample size of ${what} is ${effective}.`);
  if (maxSessionShare > LIMITS.weakMaxShare)
    weak.push(`${where(terms.sessions, heaviest)} holds ${percent(maxSessionShare)} of ${what}.`);
  if (off)
    weak.push(
      `The mean ratio of single decisions is ${meanRatio.toPrecision(3)}, more than ${LIMITS.meanWeightErrors} standard errors from 1: the propensities may be wrong, or the log lacks some of what the policy does.`,
    );
  if (negativeShare > SESSION_LIMITS.negativeShare)
    weak.push(`${percent(negativeShare)} of ${what} are negative: they are not linear in these features.`);
  return verdictOf(fatal, weak);
}

/** Sessions of positive weight that earned anything. */
function rewardedSessions({ offsets, reward }: LoggedSessions, whole: Float64Array): number {
  let found = 0;
  for (let s = 0; s < whole.length; s++) {
    if (whole[s] === 0) continue;
    let i = offsets[s];
    while (i < offsets[s + 1] && reward[i] === 0) i++;
    if (i < offsets[s + 1]) found++;
  }
  return found;
}
