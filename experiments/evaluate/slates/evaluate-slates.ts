import { suggestion, GymError } from '../../../core/check.js';
import type { Diagnostics, Estimate, Verdict } from '../../contract.js';
import { tellBadRows, type BadRows } from '../bad-rounds.js';
import { diagnose } from '../diagnostics.js';
import { deltaInterval } from '../summarise.js';
import { judge } from '../verdict.js';
import { slateEstimators, slateWeights, type SlateEstimator, type SlateEstimatorKey } from './estimators.js';
import { slateBootstrap, slateError, slateValue } from './form.js';
import { slateTerms, type LoggedSlates, type SlateTerms } from './slates.js';

export interface SlateOptions {
  readonly estimators: readonly SlateEstimatorKey[];
  /** Two-sided level of the intervals. */
  readonly level: number;
  /** Replicates of the bootstrap over slates; 0 for none. */
  readonly replicates: number;
  /** Which interval comes first; with 'delta' the bootstrap stands beside it. */
  readonly interval?: 'delta' | 'bootstrap';
  readonly seed: number;
  /** Print numbers although the verdict is "unsupported". */
  readonly force?: boolean;
}

/** What the log says about a slate policy. Diagnostics are of the weights of the first estimator. */
export interface SlateEvaluation {
  readonly estimates: Readonly<Record<string, Estimate>>;
  readonly diagnostics: Diagnostics;
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
}

const KEYS: readonly string[] = Object.keys(slateEstimators);
const isKey = (name: string): name is SlateEstimatorKey => KEYS.includes(name);

/** Reads "sips,iips". */
export function parseSlateEstimators(list: string): SlateEstimatorKey[] {
  return list.split(',').map((text) => {
    const key = text.trim();
    if (isKey(key)) return key;
    throw new GymError('usage', `No slate estimator called '${key}'. ${suggestion(key, KEYS)}`);
  });
}

/** All estimators that these slates have the columns for. */
export function possibleSlateEstimators({ slot, cascade, whole, model, placement }: LoggedSlates): SlateEstimatorKey[] {
  const has = {
    slot: slot !== undefined,
    additive: slot !== undefined,
    cascade: cascade !== undefined || slot !== undefined,
    whole: whole !== undefined || slot !== undefined,
    placement: placement !== undefined,
  };
  return KEYS.flatMap((key) =>
    isKey(key) && has[slateEstimators[key].weights] && (key !== 'cascadeDr' || model !== undefined) ? [key] : [],
  );
}

/**
 * The mean reward of a slate under the judged policy. Estimators lean on different weights, so each is judged by its own:
 * one may be refused where another is supported. The verdict over all is "unsupported" when every estimator is refused,
 * "weak" when one is, or is weak.
 */
export function evaluateSlates(slates: LoggedSlates, options: SlateOptions): SlateEvaluation {
  const terms = slateTerms(slates);
  const judgements = new Map<SlateEstimator['weights'], Judgement>();
  const judged = options.estimators.map((key) => {
    const { weights } = slateEstimators[key];
    const known = judgements.get(weights) ?? judgeWeights(terms, weights);
    judgements.set(weights, known);
    return { key, ...known };
  });
  const estimates = Object.fromEntries(
    judged.map(({ key, verdict, reasons }): [string, Estimate] => [
      key,
      verdict === 'unsupported' && options.force !== true
        ? { value: null, standardError: null, interval: null, method: `refused: ${reasons.join(' ')}` }
        : estimate(key, terms, options),
    ]),
  );
  const alike = (verdict: Verdict): boolean => judged.every((one) => one.verdict === verdict);
  const grouped = [...judgements].flatMap(([weights, { reasons }]) => {
    const keys = judged.filter(({ key }) => slateEstimators[key].weights === weights).map(({ key }) => key);
    return reasons.map((reason) => `${keys.join(', ')}: ${reason}`);
  });
  return {
    estimates,
    diagnostics: judged[0].diagnostics,
    verdict: alike('unsupported') ? 'unsupported' : alike('supported') ? 'supported' : 'weak',
    reasons: grouped,
  };
}

/** The answer where rows, or the whole file, cannot be used: every number refused. */
export function refuseSlates(
  estimators: readonly SlateEstimatorKey[],
  bad: BadRows | { readonly reasons: readonly string[] },
): SlateEvaluation {
  const reasons = 'reasons' in bad ? bad.reasons : tellBadRows(bad);
  const refused = { value: null, standardError: null, interval: null, method: `refused: ${reasons[0]}` };
  return {
    estimates: Object.fromEntries(estimators.map((key) => [key, refused])),
    diagnostics: {
      rounds: 0,
      effectiveSampleSize: NaN,
      meanWeight: NaN,
      maxWeight: NaN,
      maxWeightShare: NaN,
      propensityFloor: NaN,
      offendingRows: 'first' in bad ? bad.first.map(({ row }) => row) : [],
    },
    verdict: 'unsupported',
    reasons,
  };
}

interface Judgement {
  readonly diagnostics: Diagnostics;
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
}

function judgeWeights(terms: SlateTerms, weights: SlateEstimator['weights']): Judgement {
  const { slates, rows } = terms;
  const weight = slateWeights(terms, weights);
  const reward = new Float64Array(slates.count);
  const propensity = new Float64Array(slates.count).fill(1);
  const serving = servingOf(slates, weights);
  for (let row = 0; row < slates.slate.length; row++) {
    const s = slates.slate[row];
    reward[s] += slates.reward[row];
    if (serving !== undefined && serving[row] < propensity[s]) propensity[s] = serving[row];
  }
  const log = { reward, propensity };
  const diagnostics = diagnose(log, { weight });
  const judged = judge(log, { weight }, diagnostics, { one: 'slate', many: 'slates' });
  const firstRow = (s: number): number =>
    rows.subarray(s * slates.slots, (s + 1) * slates.slots).find((r) => r >= 0) ?? s;
  return { ...judged, diagnostics: { ...diagnostics, offendingRows: diagnostics.offendingRows.map(firstRow) } };
}

function servingOf(slates: LoggedSlates, weights: SlateEstimator['weights']): Float64Array | undefined {
  if (weights === 'placement') return undefined;
  return (weights === 'additive' ? slates.slot : (slates[weights] ?? slates.slot))?.serving;
}

function estimate(key: SlateEstimatorKey, terms: SlateTerms, options: SlateOptions): Estimate {
  const { level, replicates, interval } = options;
  const form = slateEstimators[key].perSlate(terms);
  const value = slateValue(form);
  const standardError = slateError(form);
  const percent = `${Number((100 * level).toPrecision(4))}%`;
  const bootstrap = replicates > 0 ? slateBootstrap(form, options) : undefined;
  if (interval === 'bootstrap' && bootstrap !== undefined)
    return { value, standardError, interval: bootstrap, method: `bootstrap ${percent} (${replicates})` };
  return {
    value,
    standardError,
    interval: deltaInterval(value, standardError, level),
    method: `delta ${percent}`,
    ...(bootstrap === undefined ? {} : { bootstrap }),
  };
}
