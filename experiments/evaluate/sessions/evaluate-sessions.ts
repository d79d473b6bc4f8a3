import { GymError, expectNumber, suggestion } from '../../../core/check.js';
import type { Estimate, Verdict } from '../../contract.js';
import { tellBadRows, type BadRows } from '../bad-rounds.js';
import { deltaInterval, standardErrorOf } from '../summarise.js';
import { badSessions } from './bad-sessions.js';
import { diagnoseSessions, type SessionDiagnostics } from './diagnostics.js';
import { sessionEstimators, type SessionEstimatorKey } from './estimators/index.js';
import { MARGINALS } from './estimators/marginal.js';
import {
  bootstrapSessions,
  sessionInfluence,
  sessionValue,
  type SessionEstimator,
  type SessionForm,
  type SessionNeed,
} from './forms.js';
import { sessionTerms, type LoggedSessions, type SessionTarget, type SessionTerms } from './sessions.js';
import { judgeDecisions, judgeProducts, type Judgement } from './verdict.js';

export interface SessionOptions {
  readonly estimators: readonly SessionEstimatorKey[];
  /** γ in [0, 1]. */
  readonly discount: number;
  /** Two-sided level of the intervals. */
  readonly level: number;
  /** Replicates of the bootstrap over sessions; 0 for none. */
  readonly replicates: number;
  /** Which interval comes first; with 'delta' (unless said otherwise) the bootstrap stands beside it. */
  readonly interval?: 'delta' | 'bootstrap';
  readonly seed: number;
  /** Give numbers although the verdict is "unsupported". */
  readonly force?: boolean;
}

/** What the log says about one policy. */
export interface SessionEvaluation {
  readonly estimates: Readonly<Record<string, Estimate>>;
  /** Where decisions cannot be used, only how many there are and which are bad. */
  readonly diagnostics: Partial<SessionDiagnostics> & Pick<SessionDiagnostics, 'rounds' | 'offendingRows'>;
  /** The worst of the estimators'; each that is not carried is refused on its own. */
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
}

const KEYS: readonly string[] = Object.keys(sessionEstimators);
const isKey = (name: string): name is SessionEstimatorKey => KEYS.includes(name);
const isMarginal = (name: string): name is keyof typeof MARGINALS => Object.hasOwn(MARGINALS, name);
const ofKey = (key: SessionEstimatorKey): SessionEstimator => sessionEstimators[key];

/** What sessions and target offer to estimators. */
export function offered(sessions: LoggedSessions, target: SessionTarget, guesses: boolean): Set<SessionNeed> {
  const has: readonly (readonly [SessionNeed, boolean])[] = [
    ['guesses', guesses],
    ['state', sessions.state !== undefined],
    ['features', sessions.features !== undefined],
    ['policy', target.all !== undefined],
  ];
  return new Set(has.flatMap(([need, there]) => (there ? [need] : [])));
}

/** All estimators that what is offered allows. */
export function possibleEstimators(offer: ReadonlySet<SessionNeed>): SessionEstimatorKey[] {
  return KEYS.filter(isKey).filter((key) => ofKey(key).needs.every((need) => offer.has(need)));
}

/** How a need is met, for messages. */
const REMEDY: Readonly<Record<SessionNeed, string>> = {
  guesses: 'guesses of Q: --guess, or --state or --features with --policy to fit them',
  state: 'a state column: --state',
  features: 'feature columns: --features',
  policy: 'the policy’s probability of every action: --policy',
};

/** Reads "tis,snDr"; each must be possible with what is offered. */
export function parseSessionEstimators(list: string, offer: ReadonlySet<SessionNeed>): SessionEstimatorKey[] {
  return list.split(',').map((text) => {
    const key = text.trim();
    if (!isKey(key)) throw new GymError('usage', `No estimator of sessions called '${key}'. ${suggestion(key, KEYS)}`);
    const missing = ofKey(key).needs.find((need) => !offer.has(need));
    if (missing !== undefined) throw new GymError('usage', `${key}: expected ${REMEDY[missing]}; received none.`);
    return key;
  });
}

/**
 * Judges a policy on logged sessions: estimates of the value of a session with intervals, how well the log covers it step
 * by step, and a verdict. An estimator whose weights the log cannot carry is refused (null) unless forced: those that
 * weigh with products of ratios fall together, marginal ones each on its own. Decisions that cannot be used refuse all.
 */
export function evaluateSessions(
  sessions: LoggedSessions,
  target: SessionTarget,
  guesses: Float64Array | undefined,
  options: SessionOptions,
): SessionEvaluation {
  expectNumber('evaluate sessions: discount', options.discount, 0, 1);
  const bad = badSessions(sessions, target, guesses);
  const rounds = sessions.action.length;
  if (bad.count > 0) return refuseSessions(options.estimators, { rounds, ...whyRefused(bad) });
  const terms = sessionTerms(sessions, target, options.discount, guesses);
  const overflow = terms.weight.findIndex((weight) => !Number.isFinite(weight));
  if (overflow >= 0)
    return refuseSessions(options.estimators, { rounds, ...overflowed(sessions.rows?.[overflow] ?? overflow) });
  const diagnostics = diagnoseSessions(terms, options.estimators.filter(isMarginal));
  const judged = options.estimators.map((key) => judgeFor(key, terms, diagnostics));
  const { estimates, doubts } = conclude(terms, judged, options);
  return { estimates, diagnostics, ...overall(options.estimators, judged, doubts) };
}

/** What could be read of a log that cannot be used. */
export interface UnusableSessions {
  readonly rounds: number;
  readonly offendingRows: readonly number[];
  readonly reasons: readonly string[];
}

/** The answer where decisions, or the whole file, cannot be used: every number refused, forced or not. */
export function refuseSessions(
  keys: readonly SessionEstimatorKey[],
  { rounds, offendingRows, reasons }: UnusableSessions,
): SessionEvaluation {
  return {
    estimates: Object.fromEntries(keys.map((key) => [key, refusal(reasons.slice(0, 1))])),
    diagnostics: { rounds, offendingRows },
    verdict: 'unsupported',
    reasons,
  };
}

/** Bad rows as reasons to refuse. */
export function whyRefused(bad: BadRows): Omit<UnusableSessions, 'rounds'> {
  return { offendingRows: bad.first.map(({ row }) => row), reasons: tellBadRows(bad) };
}

function overflowed(row: number): Omit<UnusableSessions, 'rounds'> {
  return {
    offendingRows: [row],
    reasons: [`Row ${row}: the product of the ratios of its session is too large for a number.`],
  };
}

function judgeFor(key: SessionEstimatorKey, terms: SessionTerms, diagnostics: SessionDiagnostics): Judgement {
  const { weights } = ofKey(key);
  if (weights === 'cumulative') return judgeProducts(terms, diagnostics);
  const [name, what] = weights === 'single' ? ['single', 'the ratios'] : [key, `the weights of ${key}`];
  return judgeDecisions(terms, diagnostics, diagnostics.decisions[name], what);
}

/** What the carried estimators say. */
interface Conclusion {
  readonly estimates: SessionEvaluation['estimates'];
  /** Reasons to doubt, because estimators contradict each other. */
  readonly doubts: readonly string[];
}

function conclude(terms: SessionTerms, judged: readonly Judgement[], options: SessionOptions): Conclusion {
  const { estimators, level, replicates, interval, seed, force } = options;
  const carried = (i: number): boolean => force === true || judged[i].verdict !== 'unsupported';
  const forms = estimators.map((key, i) => (carried(i) ? ofKey(key).perSession(terms, seed) : undefined));
  const known = forms.filter((form) => form !== undefined);
  const resampled = replicates > 0 ? bootstrapSessions(known, { replicates, level, seed }) : [];
  const percent = `${Number((100 * level).toPrecision(4))}%`;
  const summary = (form: SessionForm): Estimate => {
    const value = sessionValue(form);
    if (!Number.isFinite(value)) return refusal(['Every weight of a step is 0.']);
    const normalised = form.parts.some(({ denominator }) => denominator !== undefined);
    const standardError = standardErrorOf(sessionInfluence(form), normalised);
    const drawn = resampled.at(known.indexOf(form));
    if (interval === 'bootstrap' && drawn !== undefined)
      return { value, standardError, interval: drawn, method: `bootstrap ${percent} (${replicates})` };
    return {
      value,
      standardError,
      interval: deltaInterval(value, standardError, level),
      method: `delta ${percent}`,
      ...(drawn === undefined ? {} : { bootstrap: drawn }),
    };
  };
  const entries = forms.map((form, i) => ({ key: estimators[i], form, judgement: judged[i] }));
  return {
    estimates: Object.fromEntries(
      entries.map(({ key, form, judgement }) => [key, form === undefined ? refusal(judgement.reasons) : summary(form)]),
    ),
    doubts: contradictions(
      entries.flatMap(({ key, form, judgement }) =>
        form === undefined || judgement.verdict === 'unsupported' ? [] : [{ key, form }],
      ),
    ),
  };
}

/** How many standard errors of their difference two estimators may be apart. */
const FAR = 4;

/**
 * Estimators that lean on a model or a state against one that leans on propensities alone: where they are further apart
 * than their paired difference explains, the model, the states or the propensities are wrong.
 */
function contradictions(
  carried: readonly { readonly key: SessionEstimatorKey; readonly form: SessionForm }[],
): string[] {
  const free = (['snDr', 'dr', 'snPdis', 'pdis', 'snTis', 'tis'] as const)
    .map((key) => carried.find((other) => other.key === key))
    .find((entry) => entry !== undefined);
  if (free === undefined) return [];
  const against = sessionInfluence(free.form);
  return carried.flatMap(({ key, form }) => {
    if (ofKey(key).weights === 'cumulative') return [];
    const apart = sessionValue(form) - sessionValue(free.form);
    const error = standardErrorOf(
      sessionInfluence(form).map((influence, s) => influence - against[s]),
      false,
    );
    if (!(Math.abs(apart) > FAR * error) || Math.abs(apart) < 1e-9 * Math.abs(sessionValue(form))) return [];
    return [
      `${key} is ${(Math.abs(apart) / error).toPrecision(2)} standard errors of their difference from ${free.key}: its model or its states are wrong, or the propensities are.`,
    ];
  });
}

/** The worst verdict, every reason for it once, and which estimators are still carried. */
function overall(
  keys: readonly SessionEstimatorKey[],
  judged: readonly Judgement[],
  doubts: readonly string[],
): Pick<SessionEvaluation, 'verdict' | 'reasons'> {
  const order: readonly Verdict[] = ['unsupported', 'weak', 'supported'];
  const worst = order.find((word) => judged.some((judgement) => judgement.verdict === word)) ?? 'supported';
  const verdict = worst === 'supported' && doubts.length > 0 ? 'weak' : worst;
  const own = judged.flatMap((judgement) => (judgement.verdict === verdict ? judgement.reasons : []));
  const reasons = [...new Set([...own, ...doubts])];
  const standing = keys.filter((_, i) => judged[i].verdict !== 'unsupported');
  if (verdict !== 'unsupported' || standing.length === 0) return { verdict, reasons };
  const fallen = keys.filter((_, i) => judged[i].verdict === 'unsupported');
  return {
    verdict,
    reasons: [...reasons, `Refused: ${fallen.join(', ')}. Their own weights carry: ${standing.join(', ')}.`],
  };
}

function refusal(reasons: readonly string[]): Estimate {
  return { value: null, standardError: null, interval: null, method: `refused: ${reasons.join(' ')}` };
}
