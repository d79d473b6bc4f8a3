import { categorical, exponential } from '../../../core/distributions.js';
import { KeyedDraws } from '../../../core/draws.js';
import { estimators, type EstimatorKey } from '../../evaluate/estimators/index.js';
import type { Estimator } from '../../evaluate/estimators/form.js';
import {
  findIntervals,
  type Estimated,
  type IntervalKey,
  type IntervalOptions,
} from '../../evaluate/intervals/index.js';
import { termsOf, type Terms } from '../../evaluate/rounds.js';
import { influenceOf, standardErrorOf, valueOf } from '../../evaluate/summarise.js';
import { LEVEL, Tally, type Covered } from './claims.js';

/** Contexts and actions of the world: four by four. */
const CONTEXTS = 4;
const ACTIONS = 4;
/** [C, A] P(action | context) of who served, never below 0.1, so that no weight is above 5. */
const SERVED = [0.4, 0.3, 0.2, 0.1, 0.1, 0.4, 0.3, 0.2, 0.2, 0.1, 0.4, 0.3, 0.3, 0.2, 0.1, 0.4];
/** [C, A] of who is judged. */
const JUDGED = [0.1, 0.2, 0.3, 0.4, 0.3, 0.3, 0.2, 0.2, 0.5, 0.2, 0.2, 0.1, 0.25, 0.25, 0.25, 0.25];
/** [C, A] mean of the reward (before it is cut off at 1, for amounts). */
const MEAN = [0.1, 0.2, 0.3, 0.4, 0.5, 0.1, 0.2, 0.3, 0.15, 0.35, 0.25, 0.45, 0.3, 0.1, 0.4, 0.2];
const WEIGHT_MAX = 5;

/** What a reward is: its draw, and its expectation given its mean parameter. */
const REWARDS = {
  clicks: {
    draw: (draws: KeyedDraws, mean: number): number => (draws.next() < mean ? 1 : 0),
    expectation: (mean: number): number => mean,
  },
  'skewed amounts': {
    draw: (draws: KeyedDraws, mean: number): number => Math.min(1, exponential(draws, mean)),
    expectation: (mean: number): number => mean * -Math.expm1(-1 / mean),
  },
} as const;
type RewardKind = keyof typeof REWARDS;
export const REWARD_KINDS = ['clicks', 'skewed amounts'] as const satisfies readonly RewardKind[];

/** Who is judged by which methods, and what those promise. */
const NOMINAL: readonly IntervalKey[] = ['delta', 'student', 'bootstrap', 'bca', 'studentised'];
const CONSERVATIVE: readonly IntervalKey[] = ['hoeffding', 'bernstein', 'clopper-pearson', 'sequence'];
const METHODS = [...NOMINAL, ...CONSERVATIVE];
const JUDGES = ['ips', 'snips', 'dr', 'sndr', 'cressieRead'] as const satisfies readonly EstimatorKey[];
/** Whose interval is its own: the profile of a likelihood. */
const PROFILED = 'empiricalLikelihood';

export interface LogsRequest {
  readonly reward: RewardKind;
  readonly rounds: number;
  readonly tests: number;
  readonly replicates: number;
  readonly seed: number;
  /** The serving policy judged by its own log: every weight is 1. */
  readonly same?: boolean;
}

/** Draws many logs of a world whose truth is known and counts which intervals hold it. */
export function coverageOfLogs(request: LogsRequest): Covered[] {
  const { reward, rounds, tests, replicates, seed, same = false } = request;
  const judged = same ? SERVED : JUDGED;
  const truth = valueOfPolicy(judged, reward);
  const tally = new Tally();
  const options = { level: LEVEL, replicates, bounds: { rewardRange: [0, 1], weightMax: WEIGHT_MAX } } as const;
  for (let test = 0; test < tests; test++) {
    const terms = drawLog(request, judged, test);
    const found = findIntervals(
      JUDGES.map((key) => estimate(terms, key)),
      METHODS,
      { ...options, seed: seed + test },
    );
    JUDGES.forEach((estimator, e) => {
      METHODS.forEach((method, m) => {
        const one = found[e][m];
        const claim = CONSERVATIVE.includes(method) ? 'conservative' : 'nominal';
        if ('interval' in one) tally.add({ estimate: estimator, method, claim }, one.interval, truth);
      });
    });
    tally.add(EVERY_LOOK, atEveryLook(terms, options), truth);
    const profiled: Estimator = estimators[PROFILED];
    const interval = profiled.interval?.of(terms, profiled.setting?.value ?? NaN, LEVEL);
    if (interval !== undefined) tally.add({ estimate: PROFILED, method: 'profile', claim: 'nominal' }, interval, truth);
  }
  return tally.done(`${rounds} rounds, ${reward}${same ? ', null control' : ''}`);
}

/** Shares of the log at which a confidence sequence is read while the log grows. */
const LOOKS = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1] as const;
const EVERY_LOOK = { estimate: 'ips', method: 'sequence, 5 looks', claim: 'conservative' } as const;

/** What all looks at a growing log agree on: it holds the truth when every one of them does. */
function atEveryLook(terms: Terms, options: Omit<IntervalOptions, 'seed'>): readonly [number, number] {
  return LOOKS.reduce<readonly [number, number]>(
    ([low, high], part) => {
      const size = Math.floor(terms.weight.length * part);
      const seen = { reward: terms.reward.subarray(0, size), weight: terms.weight.subarray(0, size) };
      const [[found]] = findIntervals([estimate(seen, 'ips')], ['sequence'], { ...options, seed: 1 });
      return 'interval' in found ? [Math.max(low, found.interval[0]), Math.min(high, found.interval[1])] : [1, 0];
    },
    [-Infinity, Infinity],
  );
}

/** Expected reward of a policy; contexts are equally likely. */
function valueOfPolicy(policy: readonly number[], reward: RewardKind): number {
  return policy.reduce((sum, p, i) => sum + (p * REWARDS[reward].expectation(MEAN[i])) / CONTEXTS, 0);
}

function drawLog({ reward, rounds: n, seed }: LogsRequest, judged: readonly number[], test: number): Terms {
  const draws = new KeyedDraws(seed, `coverage/${reward}/${n}`).at(test, 0);
  const { draw, expectation } = REWARDS[reward];
  const action = new Int32Array(n);
  const rewards = new Float64Array(n);
  const propensity = new Float64Array(n);
  const target = new Float64Array(n * ACTIONS);
  const guesses = new Float64Array(n * ACTIONS);
  for (let i = 0; i < n; i++) {
    draws.at(test, i);
    const row = Math.floor(draws.next() * CONTEXTS) * ACTIONS;
    const a = categorical(draws, SERVED, row, ACTIONS);
    action[i] = a;
    propensity[i] = SERVED[row + a];
    rewards[i] = draw(draws, MEAN[row + a]);
    for (let k = 0; k < ACTIONS; k++) {
      target[i * ACTIONS + k] = judged[row + k];
      // A model that is half right.
      guesses[i * ACTIONS + k] = (expectation(MEAN[row + k]) + 0.25) / 2;
    }
  }
  return termsOf({ actions: ACTIONS, action, reward: rewards, propensity }, target, guesses);
}

function estimate(terms: Terms, estimator: EstimatorKey): Estimated {
  const form = estimators[estimator].perRound(terms, NaN);
  const standardError = standardErrorOf(influenceOf(form), form.denominator !== undefined);
  return { estimator, setting: undefined, terms, form, value: valueOf(form), standardError };
}
