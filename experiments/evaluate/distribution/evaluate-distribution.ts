import { GymError, expectNumber, suggestion } from '../../../core/check.js';
import { bootstrapCounts, percentileInterval } from '../../../core/stats/bootstrap.js';
import { moments, quantileOfSorted } from '../../../core/stats/moments.js';
import type { Estimate, Verdict } from '../../contract.js';
import { badSessions } from '../sessions/bad-sessions.js';
import { diagnoseSessions, type SessionDiagnostics } from '../sessions/diagnostics.js';
import { whyRefused } from '../sessions/evaluate-sessions.js';
import { returnsOf, sessionTerms, stepWeights, type LoggedSessions, type SessionTarget } from '../sessions/sessions.js';
import { judgeDecisions, judgeProducts, type Judgement } from '../sessions/verdict.js';
import { cdfMean, cdfQuantile, cdfTailMean, cdfVariance, gridOf, repair, type Grid } from './cdf.js';
import { modelReturns } from './conditional.js';
import { cdfEstimators, type CdfKey, type ReturnTerms } from './estimators.js';
import { guaranteedBand, type GuaranteedBand } from './guaranteed-band.js';

export interface DistributionOptions {
  readonly estimators: readonly CdfKey[];
  /** γ in [0, 1]. */
  readonly discount: number;
  /** Share of the units in the lower tail of `cvar`, in (0, 1]. */
  readonly tail: number;
  /** Two-sided level of the intervals and of the band. */
  readonly level: number;
  /** Replicates of the bootstrap; at least 2. */
  readonly replicates: number;
  readonly seed: number;
  /** What no unit's weight can exceed, for a band that is guaranteed (see `guaranteedBand`). */
  readonly maxWeight?: number;
  /** Give numbers although the verdict is "unsupported". */
  readonly force?: boolean;
}

/** An estimated distribution function, for drawing: at most `MOST_DRAWN` points. */
export interface CdfCurve {
  readonly point: readonly number[];
  /** P(return ≤ point). */
  readonly probability: readonly number[];
  /** A band that holds the whole function at once, at the level. */
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** What the log says about the distribution of the return under one policy. */
export interface DistributionEvaluation {
  /** By estimator, then by name: mean, variance, cvar, q25, median, q75, interquartileRange. */
  readonly estimates: Readonly<Record<string, Readonly<Record<Functional, Estimate>>>>;
  /** By estimator that is not refused. */
  readonly cdf: Readonly<Record<string, CdfCurve>>;
  /** Around the true function, whatever the estimator; only where `maxWeight` is known. It needs no verdict. */
  readonly guaranteed?: GuaranteedBand;
  readonly diagnostics: Partial<SessionDiagnostics> & Pick<SessionDiagnostics, 'rounds' | 'offendingRows'>;
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
}

export const FUNCTIONALS = ['mean', 'variance', 'cvar', 'q25', 'median', 'q75', 'interquartileRange'] as const;
export type Functional = (typeof FUNCTIONALS)[number];

/** Most points of a grid; where a model has to fill them for every unit; and numbers in such a matrix. */
const MOST_POINTS = 4096;
const MOST_MODELLED = 128;
const MOST_NUMBERS = 2e7;
/** Points of a curve that is handed out. */
const MOST_DRAWN = 101;
/** Probability that a repair may move without a word. */
const MOST_REPAIRED = 0.02;
/** The tail of `cvar` should rest on so many effective units. */
const FEWEST_IN_TAIL = 10;

const KEYS: readonly string[] = Object.keys(cdfEstimators);
const isKey = (name: string): name is CdfKey => KEYS.includes(name);

/** All estimators that can be computed with or without guesses. */
export function possibleCdfEstimators(withGuesses: boolean): CdfKey[] {
  return KEYS.filter(isKey).filter((key) => withGuesses || !cdfEstimators[key].needsGuesses);
}

/** Reads "cdSn,cdDr". */
export function parseCdfEstimators(list: string, withGuesses: boolean): CdfKey[] {
  return list.split(',').map((text) => {
    const key = text.trim();
    if (!isKey(key))
      throw new GymError('usage', `No estimator of distributions called '${key}'. ${suggestion(key, KEYS)}`);
    if (cdfEstimators[key].needsGuesses && !withGuesses)
      throw new GymError(
        'usage',
        `${key}: expected guesses of the return: --guess, or --state or --features with --policy to fit them; received none.`,
      );
    return key;
  });
}

/**
 * The distribution of a session's return under another policy (a single decision is a session of one): its distribution
 * function with a simultaneous band, and mean, variance, tail and quantiles read off it, with percentile bootstrap
 * intervals. Every replicate draws whole sessions, estimates and repairs the function anew, and reads the numbers off.
 *
 * The band is the function ± the `level` quantile of the largest distance of a replicate from it, clipped to [0, 1]: the
 * bootstrap of Kolmogorov's distance, which knows the weights where the band of Dvoretzky, Kiefer and Wolfowitz does not.
 *
 * The mean here is that of a repaired distribution; for the plain one see `evaluateSessions`.
 *
 * @param guesses [N, A] of the return from each decision on, by a model that did not see its session; only those of first
 *   decisions are used
 */
export function evaluateDistribution(
  sessions: LoggedSessions,
  target: SessionTarget,
  guesses: Float64Array | undefined,
  options: DistributionOptions,
): DistributionEvaluation {
  expectNumber('evaluate distribution: discount', options.discount, 0, 1);
  expectNumber('evaluate distribution: tail', options.tail, 1e-6, 1);
  expectNumber('evaluate distribution: replicates', options.replicates, 2, 1e6);
  const bad = badSessions(sessions, target, guesses);
  if (bad.count > 0) return refuseDistribution(options, { rounds: sessions.action.length, ...whyRefused(bad) });
  const terms = sessionTerms(sessions, target, options.discount, guesses);
  const diagnostics = diagnoseSessions(terms, []);
  const judged = options.estimators.map((key): Judgement =>
    cdfEstimators[key].weights === 'cumulative'
      ? withTail(judgeProducts(terms, diagnostics), diagnostics, options.tail)
      : judgeDecisions(terms, diagnostics, diagnostics.decisions['single'], 'the ratios'),
  );
  const weight = stepWeights(terms, terms.longest);
  const returns = returnsOf(sessions, options.discount);
  const carried = options.estimators.filter((_, i) => options.force === true || judged[i].verdict !== 'unsupported');
  const usable = diagnostics.maxWeight > 0 && Number.isFinite(diagnostics.maxWeight);
  const results = new Map(
    (usable ? carried : []).map((key) => [
      key,
      distribution(key, { sessions, target, guesses, weight, returns }, options),
    ]),
  );
  return {
    estimates: Object.fromEntries(
      options.estimators.map((key, i) => [key, results.get(key)?.estimates ?? refused(judged[i].reasons, options)]),
    ),
    cdf: Object.fromEntries([...results].map(([key, { curve }]) => [key, curve])),
    ...(options.maxWeight === undefined
      ? {}
      : {
          guaranteed: guaranteedBand(
            // Every return a point of its own, so that points depend on nothing but the units that choose them.
            { ...gridOf(returns, returns.length), weight },
            {
              maxWeight: options.maxWeight,
              level: options.level,
            },
          ),
        }),
    diagnostics,
    ...overall(
      judged,
      [...results].flatMap(([key, { placed }]) => misplaced(key, placed)),
    ),
  };
}

/** The answer where decisions, or the whole file, cannot be used. */
export function refuseDistribution(
  options: Pick<DistributionOptions, 'estimators' | 'tail'>,
  {
    rounds,
    offendingRows,
    reasons,
  }: { readonly rounds: number; readonly offendingRows: readonly number[]; readonly reasons: readonly string[] },
): DistributionEvaluation {
  return {
    estimates: Object.fromEntries(options.estimators.map((key) => [key, refused(reasons.slice(0, 1), options)])),
    cdf: {},
    diagnostics: { rounds, offendingRows },
    verdict: 'unsupported',
    reasons,
  };
}

interface Units {
  readonly sessions: LoggedSessions;
  readonly target: SessionTarget;
  readonly guesses: Float64Array | undefined;
  readonly weight: Float64Array;
  readonly returns: Float64Array;
}

function distribution(
  key: CdfKey,
  units: Units,
  options: DistributionOptions,
): { readonly estimates: Record<Functional, Estimate>; readonly curve: CdfCurve; readonly placed: number } {
  const estimator = cdfEstimators[key];
  const terms = returnTerms(units, estimator.needsGuesses);
  const { grid } = terms;
  const n = terms.bin.length;
  const cdf = new Float64Array(grid.point.length);
  estimator.estimate(terms, new Uint8Array(n).fill(1), cdf);
  const placed = cdf[cdf.length - 1];
  repair(cdf);
  const replicated = FUNCTIONALS.map(() => new Float64Array(options.replicates));
  const apart = new Float64Array(options.replicates);
  const drawn = new Float64Array(grid.point.length);
  bootstrapCounts(n, options, (counts, r) => {
    estimator.estimate(terms, counts, drawn);
    repair(drawn);
    FUNCTIONALS.forEach((name, f) => (replicated[f][r] = read(name, grid, drawn, options.tail)));
    for (let k = 0; k < cdf.length; k++) apart[r] = Math.max(apart[r], Math.abs(drawn[k] - cdf[k]));
  });
  const percent = `${Number((100 * options.level).toPrecision(4))}%`;
  const estimate = (name: Functional, f: number): Estimate => {
    const standardError = Math.sqrt(moments(replicated[f]).variance);
    const { low, high } = percentileInterval(replicated[f], options.level);
    return {
      value: read(name, grid, cdf, options.tail),
      standardError,
      interval: [low, high],
      method: `bootstrap ${percent} (${options.replicates})`,
      ...(name === 'cvar' ? { setting: options.tail } : {}),
    };
  };
  const half = quantileOfSorted(apart.sort(), options.level);
  return { estimates: byFunctional(estimate), curve: curveOf(grid, cdf, half), placed };
}

function returnTerms({ sessions, target, guesses, weight, returns }: Units, modelled: boolean): ReturnTerms {
  const { offsets, actions, action } = sessions;
  const n = returns.length;
  const most = modelled ? Math.max(16, Math.min(MOST_MODELLED, Math.floor(MOST_NUMBERS / (n * actions)))) : MOST_POINTS;
  const { grid, bin } = gridOf(returns, most);
  if (!modelled || guesses === undefined || target.all === undefined) return { grid, bin, weight };
  const first = (matrix: Float64Array): Float64Array => {
    const out = new Float64Array(n * actions);
    for (let s = 0; s < n; s++) out.set(matrix.subarray(offsets[s] * actions, (offsets[s] + 1) * actions), s * actions);
    return out;
  };
  const guessed = {
    actions,
    action: Int32Array.from({ length: n }, (_, s) => action[offsets[s]]),
    guess: first(guesses),
    policy: first(target.all),
  };
  return { grid, bin, weight, model: modelReturns(guessed, returns, weight, grid) };
}

/** A number read off a distribution function. */
function read(name: Functional, grid: Grid, cdf: Float64Array, tail: number): number {
  switch (name) {
    case 'mean':
      return cdfMean(grid, cdf);
    case 'variance':
      return cdfVariance(grid, cdf);
    case 'cvar':
      return cdfTailMean(grid, cdf, tail);
    case 'q25':
      return cdfQuantile(grid, cdf, 0.25);
    case 'median':
      return cdfQuantile(grid, cdf, 0.5);
    case 'q75':
      return cdfQuantile(grid, cdf, 0.75);
    case 'interquartileRange':
      return cdfQuantile(grid, cdf, 0.75) - cdfQuantile(grid, cdf, 0.25);
  }
}

function byFunctional(of: (name: Functional, index: number) => Estimate): Record<Functional, Estimate> {
  const [mean, variance, cvar, q25, median, q75, interquartileRange] = FUNCTIONALS.map(of);
  return { mean, variance, cvar, q25, median, q75, interquartileRange };
}

function refused(
  reasons: readonly string[],
  { tail }: Pick<DistributionOptions, 'tail'>,
): Record<Functional, Estimate> {
  const method = `refused: ${reasons.join(' ')}`;
  return byFunctional((name) => ({
    value: null,
    standardError: null,
    interval: null,
    method,
    ...(name === 'cvar' ? { setting: tail } : {}),
  }));
}

function curveOf({ point }: Grid, cdf: Float64Array, half: number): CdfCurve {
  const K = point.length;
  const told = Math.min(K, MOST_DRAWN);
  const places = Array.from({ length: told }, (_, i) => Math.round((i * (K - 1)) / Math.max(1, told - 1)));
  return {
    point: places.map((k) => point[k]),
    probability: places.map((k) => cdf[k]),
    low: places.map((k) => Math.max(0, cdf[k] - half)),
    high: places.map((k) => Math.min(1, cdf[k] + half)),
  };
}

/** Weak where the tail rests on few units. */
function withTail(judgement: Judgement, { effectiveSampleSize }: SessionDiagnostics, tail: number): Judgement {
  const inTail = tail * effectiveSampleSize;
  if (judgement.verdict === 'unsupported' || inTail >= FEWEST_IN_TAIL) return judgement;
  const reason = `The worst ${(100 * tail).toPrecision(3)} % rest on ${inTail.toPrecision(2)} effective units: cvar is an anecdote.`;
  return { verdict: 'weak', reasons: [...judgement.reasons, reason] };
}

/** What a repair had to move, where that is much. */
function misplaced(key: CdfKey, placed: number): string[] {
  if (Math.abs(placed - 1) <= MOST_REPAIRED) return [];
  const share = `${(100 * placed).toPrecision(3)} %`;
  return placed < 1
    ? [`${key} places only ${share} of the probability; the rest counts as the largest return. Prefer cdSn.`]
    : [`${key} places ${share} of the probability; what is beyond 100 % is cut from the largest returns. Prefer cdSn.`];
}

function overall(
  judged: readonly Judgement[],
  doubts: readonly string[],
): Pick<DistributionEvaluation, 'verdict' | 'reasons'> {
  const order: readonly Verdict[] = ['unsupported', 'weak', 'supported'];
  const worst = order.find((word) => judged.some((judgement) => judgement.verdict === word)) ?? 'supported';
  const verdict = worst === 'supported' && doubts.length > 0 ? 'weak' : worst;
  const own = judged.flatMap((judgement) => (judgement.verdict === verdict ? judgement.reasons : []));
  return { verdict, reasons: [...new Set([...own, ...doubts])] };
}
