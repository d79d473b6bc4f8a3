import { GymError, suggestion } from '../../core/check.js';
import type { Comparison, Estimate, PolicySection } from '../contract.js';
import { badRounds, tellBadRows, type BadRows } from './bad-rounds.js';
import { diagnose, weightHistogram } from './diagnostics.js';
import { estimators, USUAL_ESTIMATORS, type EstimatorKey } from './estimators/index.js';
import type { Estimator, PerRound } from './estimators/form.js';
import {
  checkedTerms,
  termsOf,
  type Guesses,
  type LoggedRounds,
  type TargetProbabilities,
  type Terms,
} from './rounds.js';
import {
  findIntervals,
  percent,
  type Bounds,
  type Estimated,
  type IntervalKey,
  type Labelled,
} from './intervals/index.js';
import { summariseRows } from './row-sums.js';
import { deltaInterval, influenceOf, standardErrorOf, summaryOf, valueOf } from './summarise.js';
import { tuneSetting, type TuningOptions } from './tuning.js';
import { judge } from './verdict.js';

/** An estimator to compute, with its setting: "dr", or "clippedIps=2" for a setting of its own. */
export interface Request {
  /** The name it gets in the result. */
  readonly key: string;
  readonly estimator: EstimatorKey;
  readonly setting?: number;
}

export interface EvaluateOptions {
  readonly requests: readonly Request[];
  /** Two-sided level of the intervals. */
  readonly level: number;
  /** Replicates of the bootstrap intervals; 0 for none. */
  readonly replicates: number;
  /**
   * How intervals are made; the first leads, the others stand beside it. Without bootstrap among them, and with
   * replicates, a bootstrap interval stands beside as well. Default: delta.
   */
  readonly interval?: IntervalKey | readonly IntervalKey[];
  /** What is known of rewards and weights beforehand, for methods that hold at every sample size. */
  readonly bounds?: Bounds;
  readonly seed: number;
  /** Print numbers although the verdict is "unsupported". */
  readonly force?: boolean;
  /** How settings that the requests leave open are chosen; by default they are the estimators' own. */
  readonly tune?: TuningOptions;
}

/** What the log says about one policy. */
export type Evaluation = Pick<PolicySection, 'estimates' | 'diagnostics' | 'verdict' | 'reasons' | 'weights'>;

const KEYS: readonly string[] = Object.keys(estimators);
const isKey = (name: string): name is EstimatorKey => KEYS.includes(name);

/** The usual estimators, with or without those that need guesses, at their default settings. */
export function defaultRequests(withGuesses: boolean, settings: Partial<Record<EstimatorKey, number>> = {}): Request[] {
  return KEYS.filter((key) => USUAL_ESTIMATORS.includes(key)).flatMap((key) =>
    isKey(key) && (withGuesses || !estimators[key].needsGuesses)
      ? [{ key, estimator: key, ...(settings[key] === undefined ? {} : { setting: settings[key] }) }]
      : [],
  );
}

/** Reads "ips,clippedIps=2,dros=100". */
export function parseRequests(list: string, settings: Partial<Record<EstimatorKey, number>> = {}): Request[] {
  return list.split(',').map((text) => {
    const key = text.trim();
    const cut = key.indexOf('=');
    const name = cut < 0 ? key : key.slice(0, cut);
    if (!isKey(name)) throw new GymError('usage', `No estimator called '${name}'. ${suggestion(name, KEYS)}`);
    if (cut < 0) return { key, estimator: name, ...(settings[name] === undefined ? {} : { setting: settings[name] }) };
    const estimator: Estimator = estimators[name];
    const setting = Number(key.slice(cut + 1));
    const most = estimator.setting?.most ?? Infinity;
    if (estimator.setting === undefined || !(setting >= 0 && setting <= most) || cut === key.length - 1) {
      const range = most === Infinity ? 'of at least 0' : `from 0 to ${most}`;
      const expected = estimator.setting === undefined ? 'no setting' : `${estimator.setting.name} ${range}`;
      throw new GymError('usage', `--estimators ${key}: expected ${expected}, received '${key.slice(cut + 1)}'.`);
    }
    return { key, estimator: name, setting };
  });
}

/** The setting an estimator runs with; nothing for those without one. */
function settingOf({ estimator, setting }: Request): number | undefined {
  const { setting: own }: Estimator = estimators[estimator];
  return own === undefined ? undefined : (setting ?? own.value);
}

/** The request with a setting chosen from the log, where it leaves one open that can be. */
function tuned(request: Request, terms: Terms, tune: TuningOptions | undefined): Request {
  const estimator: Estimator = estimators[request.estimator];
  if (tune === undefined || request.setting !== undefined || estimator.setting?.tuned === undefined) return request;
  return { ...request, setting: tuneSetting(estimator, terms, tune) };
}

function formOf(request: Request, terms: Terms): PerRound {
  return estimators[request.estimator].perRound(terms, settingOf(request) ?? NaN);
}

/** Values and standard errors of the requests; those that go row by row in one walk over the log. */
function estimatesOf(requests: readonly Request[], terms: Terms): Estimated[] {
  const settings = requests.map((request) => settingOf(request));
  const rows = requests.flatMap(({ estimator: key }, i) => {
    const estimator: Estimator = estimators[key];
    return estimator.rowWise === true ? [{ i, estimator, setting: settings[i] ?? NaN }] : [];
  });
  const summaries = new Map(summariseRows(terms, rows).map((summary, r) => [rows[r].i, summary]));
  return requests.map((request, i) => {
    let made: PerRound | undefined;
    const form = (): PerRound => (made ??= estimators[request.estimator].perRound(terms, settings[i] ?? NaN));
    const { interval }: Estimator = estimators[request.estimator];
    return {
      ...{ estimator: request.estimator, setting: settings[i], terms },
      ...(summaries.get(i) ?? summaryOf(form())),
      get form() {
        return form();
      },
      ...(interval === undefined
        ? {}
        : { own: { ...interval, at: (level: number) => interval.of(terms, settings[i] ?? NaN, level) } }),
    };
  });
}

/**
 * Judges a policy on logged rounds: estimates with intervals, how well the log covers it, and a verdict. Where the
 * verdict is "unsupported" the numbers are refused (null) unless forced; where rounds cannot be used at all (see
 * `badRounds`) force does not help.
 */
export function evaluatePolicy(
  rounds: LoggedRounds,
  target: TargetProbabilities,
  guesses: Guesses | undefined,
  options: EvaluateOptions,
): Evaluation {
  const { terms, sound } = checkedTerms(rounds, target, guesses);
  if (!sound) {
    const bad = badRounds(rounds, target, guesses);
    if (bad.count > 0) return refuse(options.requests, badRowsOf(bad, rounds, rounds.action.length));
  }
  return evaluateTerms(terms, rounds, options);
}

/** As `evaluatePolicy`, from terms that were computed elsewhere, such as those of amounts (`continuousTerms`). */
export function evaluateTerms(
  terms: Terms,
  log: Pick<LoggedRounds, 'reward' | 'propensity'>,
  options: EvaluateOptions,
): Evaluation {
  const diagnostics = diagnose(log, terms);
  const { verdict, reasons } = judge(log, terms, diagnostics);
  const refused = verdict === 'unsupported' && options.force !== true;
  const requests = options.requests.map((request) => tuned(request, terms, options.tune));
  const estimated = estimatesOf(requests, terms);
  const found = refused ? [] : findIntervals(estimated, methodsOf(options), options);
  const estimates = Object.fromEntries(
    requests.map((request, i): [string, Estimate] => [
      request.key,
      refused ? refusal(reasons, estimated[i].setting) : summary(estimated[i], found[i], options),
    ]),
  );
  return { estimates, diagnostics, verdict, reasons, weights: weightHistogram(terms.weight) };
}

/** What could be read of a log that cannot be used. */
interface Unusable {
  readonly rows: number;
  /** Of the rows that could be read. */
  readonly propensity: Float64Array;
  readonly offendingRows: readonly number[];
  readonly reasons: readonly string[];
}

/** The answer where rows, or the whole file, cannot be used: every number refused, for these reasons. */
export function refuse(
  requests: readonly Request[],
  { rows, propensity: propensities, offendingRows, reasons }: Unusable,
): Evaluation {
  let floor = Infinity;
  for (const propensity of propensities) if (propensity < floor) floor = propensity;
  return {
    estimates: Object.fromEntries(
      requests.map((request): [string, Estimate] => [request.key, refusal(reasons.slice(0, 1), settingOf(request))]),
    ),
    diagnostics: {
      rounds: rows,
      effectiveSampleSize: NaN,
      meanWeight: NaN,
      maxWeight: NaN,
      maxWeightShare: NaN,
      propensityFloor: floor,
      offendingRows,
    },
    verdict: 'unsupported',
    reasons,
    weights: { edges: [], counts: [] },
  };
}

/** What to refuse when these rows are bad. */
export function badRowsOf(bad: BadRows, { propensity }: Pick<LoggedRounds, 'propensity'>, rows: number): Unusable {
  return { rows, propensity, offendingRows: bad.first.map(({ row }) => row), reasons: tellBadRows(bad) };
}

function refusal(reasons: readonly string[], setting: number | undefined): Estimate {
  return {
    value: null,
    standardError: null,
    interval: null,
    method: `refused: ${reasons.join(' ')}`,
    ...(setting === undefined ? {} : { setting }),
  };
}

/** The methods asked for, and the bootstrap where replicates were asked for without it. */
function methodsOf({ interval = 'delta', replicates }: EvaluateOptions): readonly IntervalKey[] {
  const asked = typeof interval === 'string' ? [interval] : interval;
  return replicates > 0 && !asked.includes('bootstrap') ? [...asked, 'bootstrap'] : asked;
}

function summary(
  { value, standardError, setting }: Estimated,
  found: readonly Labelled[],
  options: EvaluateOptions,
): Estimate {
  const methods = methodsOf(options);
  const told = found.map((one) =>
    'interval' in one
      ? { interval: one.interval, method: one.method }
      : { interval: null, method: `${one.method} refused: ${one.refused}` },
  );
  const at = methods.indexOf('bootstrap');
  const bootstrap = at > 0 ? told[at].interval : null;
  const others = told.filter((_, i) => i > 0 && i !== at);
  return {
    value,
    standardError,
    ...told[0],
    ...(setting === undefined ? {} : { setting }),
    ...(bootstrap === null ? {} : { bootstrap }),
    ...(others.length === 0 ? {} : { others }),
  };
}

/** One side of a comparison: a policy on the rounds, or null for the policy that served them. */
export interface Side {
  readonly id: string;
  readonly target: TargetProbabilities | null;
  readonly verdict: Comparison['verdict'];
}

/**
 * The difference of two policies on the same rounds. The interval is that of the paired difference (the influences are
 * subtracted round by round), so what moves both together cancels. The policy that served is its own logged reward.
 */
export function comparePolicies(
  rounds: LoggedRounds,
  guesses: Guesses | undefined,
  first: Side,
  second: Side,
  options: Pick<EvaluateOptions, 'level' | 'tune'> & { readonly request: Request },
): Comparison {
  const { request, level, tune } = options;
  const sides = [first, second].map(({ target }): PerRound => {
    if (target === null) return { numerator: rounds.reward };
    const terms = termsOf(rounds, target, guesses);
    return formOf(tuned(request, terms, tune), terms);
  });
  const [own, other] = sides;
  const verdict =
    first.verdict === 'unsupported' || second.verdict === 'unsupported'
      ? 'unsupported'
      : first.verdict === 'weak' || second.verdict === 'weak'
        ? 'weak'
        : 'supported';
  const names = { policy: first.id, against: second.id, estimator: request.key, verdict } as const;
  if (verdict === 'unsupported') {
    return {
      ...names,
      difference: refusal(['one of the two policies is not supported by the log.'], undefined),
      relative: null,
    };
  }
  const value = valueOf(own) - valueOf(other);
  const against = influenceOf(other);
  const standardError = standardErrorOf(
    influenceOf(own).map((influence, i) => influence - against[i]),
    own.denominator !== undefined,
  );
  const difference = {
    value,
    standardError,
    interval: deltaInterval(value, standardError, level),
    method: `paired delta ${percent(level)}`,
  };
  const base = valueOf(other);
  return { ...names, difference, relative: base === 0 ? null : value / Math.abs(base) };
}
