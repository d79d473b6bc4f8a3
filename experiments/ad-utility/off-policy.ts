import { complaint } from '../../core/check.js';
import { moments } from '../../core/stats/moments.js';
import { factorsOf } from '../../logs/ad-utility/weight-grid.js';
import type { Log } from '../../logs/record.js';
import type { PolicySection } from '../contract.js';
import { evaluateTerms, parseRequests } from '../evaluate/evaluate.js';
import type { Terms } from '../evaluate/rounds.js';
import type { LogSizeTable } from './contract.js';
import { LinearGuesses } from './linear-guesses.js';
import { rowsNeeded, uniformRowsNeeded, WITHIN } from './log-size.js';
import type { Tuner } from './policies.js';

/** What is computed of every policy. The hit rate of a deterministic policy on a uniform log is SNIPS. */
const ESTIMATORS = 'ips,snips,dm,dr';
const METHODS = ['snips', 'ips', 'dr'] as const;

/** A log that judges, with its reward and a model's guesses. */
export interface HeldOut {
  readonly log: Log;
  /** [N] */
  readonly reward: Float64Array;
  /** Guesses of every row by the model that did not see it: writes [A]. */
  readonly guess: (n: number, out: Float64Array) => void;
}

/** Fits guesses on either half of the rows, for the other one. */
export function heldOutOf(log: Log, reward: Float64Array): HeldOut {
  const factors = factorsOf(log.actions);
  if (factors === undefined) {
    throw complaint('data', { where: `log '${log.name}'`, expected: 'a grid of weights', received: 'other actions' });
  }
  const half = (odd: number): Int32Array =>
    Int32Array.from({ length: Math.floor((log.rows + 1 - odd) / 2) }, (_, i) => 2 * i + odd);
  const models = [1, 0].map((odd) => new LinearGuesses(log, factors, half(odd), reward));
  return {
    log,
    reward,
    guess: (n, out) => {
      models[n % 2].write(n, out);
    },
  };
}

/** Rows of a log looked at together. */
const BLOCK = 4096;

/** [N] joint action of a policy in every row of a log. */
export function actionsOn(log: Log, act: NonNullable<Tuner['act']>): Int32Array {
  const { rows, numeric, categorical, schema } = log;
  const M = schema.numericNames.length;
  const C = schema.categoricalNames.length;
  const out = new Int32Array(rows);
  for (let from = 0; from < rows; from += BLOCK) {
    const to = Math.min(rows, from + BLOCK);
    const context = {
      count: to - from,
      numeric: numeric.subarray(from * M, to * M),
      categorical: categorical.subarray(from * C, to * C),
    };
    act(context, out.subarray(from, to));
  }
  return out;
}

/** What estimators are made of for a policy that takes one action per context. @param chosen [N] its actions */
export function termsOfActions({ log, reward, guess }: HeldOut, chosen: Int32Array): Terms {
  const { rows, action, propensity } = log;
  const q = new Float64Array(log.actions.values.length);
  const terms = {
    reward,
    weight: new Float64Array(rows),
    direct: new Float64Array(rows),
    guess: new Float64Array(rows),
  };
  for (let n = 0; n < rows; n++) {
    guess(n, q);
    terms.weight[n] = chosen[n] === action[n] ? 1 / propensity[n] : 0;
    terms.direct[n] = q[chosen[n]];
    terms.guess[n] = q[action[n]];
  }
  return terms;
}

/** A policy judged on a log that it was not learned from. */
export interface OffPolicy {
  readonly section: PolicySection;
  readonly size: LogSizeTable;
  readonly terms: Terms;
}

/** @param truth the reward per request, as the log counts it, had the policy decided */
export function judgeOffPolicy(
  heldOut: HeldOut,
  { name, summary, act }: Pick<Tuner, 'name' | 'summary'> & Required<Pick<Tuner, 'act'>>,
  { level, truth }: { readonly level: number; readonly truth?: number | undefined },
): OffPolicy {
  const { log, reward } = heldOut;
  const terms = termsOfActions(heldOut, actionsOn(log, act));
  const requests = parseRequests(ESTIMATORS);
  const evaluation = evaluateTerms(
    terms,
    { reward, propensity: log.propensity },
    { requests, level, replicates: 0, seed: 1 },
  );
  const section = { id: name, summary, ...evaluation, ...(truth === undefined ? {} : { truth }) };
  return { section, terms, size: sizeOf(log, reward, terms, section, level) };
}

/** How large this log would have to be. */
function sizeOf(
  { rows, actions }: Log,
  reward: Float64Array,
  { weight }: Terms,
  { id, estimates }: PolicySection,
  level: number,
): LogSizeTable {
  const own = reward.filter((_, n) => weight[n] > 0);
  const { mean, variance } = own.length < 2 ? { mean: 0, variance: 0 } : moments(own);
  const variation = mean === 0 ? null : Math.sqrt(variance) / Math.abs(mean);
  const A = actions.values.length;
  return {
    ...{ policy: id, within: WITHIN, level, rows, hits: own.length, variation },
    needed: [
      {
        method: 'hits of a uniform log',
        rows: variation === null ? null : uniformRowsNeeded(variation, A, WITHIN, level),
      },
      ...METHODS.map((method) => ({ method, rows: rowsNeeded(rows, estimates[method], WITHIN, level) })),
    ],
  };
}

/** [N] by how much every row moves a doubly robust estimate: direct + w·(r − q(x, a)); its mean is the estimate. */
export function doublyRobustRows({ reward, weight, direct, guess }: Terms): Float64Array {
  return reward.map((r, n) => (direct?.[n] ?? 0) + weight[n] * (r - (guess?.[n] ?? 0)));
}
