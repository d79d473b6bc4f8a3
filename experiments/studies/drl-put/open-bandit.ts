import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogPolicy } from '../../../agents/contract.js';
import { frequencies } from '../../../agents/log-policies/frequencies.js';
import { uniform } from '../../../agents/log-policies/uniform.js';
import { GymError } from '../../../core/check.js';
import { stream } from '../../../core/random.js';
import { twoSidedZ, wilson } from '../../../core/stats/intervals.js';
import { startBackend } from '../../../core/tensor/backend.js';
import { loadLog } from '../../../logs/load.js';
import { outcome, type Log, type Rows } from '../../../logs/record.js';
import { splitByHash } from '../../../logs/split.js';
import { compileReward } from '../../../reward-models/formula.js';
import type { Verdict } from '../../contract.js';
import { evaluatePolicy, parseRequests } from '../../evaluate/evaluate.js';
import type { LoggedRounds } from '../../evaluate/rounds.js';
import { logLearners, rewardModels } from '../../tables.js';
import type { Study, StudyResult } from '../study.js';

const CAMPAIGNS = ['men', 'women'] as const;
const LEVEL = 0.95;
const ESTIMATORS = ['ips', 'snips', 'dr'] as const;
/** Learners with what they are told here: clicks are rare, so the readings are judged by draws from their chances. */
const LEARNERS = {
  'reward-likelihood': { serving: 'draw', heldOut: 0.25, epochs: 20 },
  'importance-weighted': { serving: 'draw', heldOut: 0.25, epochs: 20 },
  'value-regression': { epochs: 10, heldOut: 0.25 },
  'linear-bandit': { ridge: 100 },
} as const;
/** Clicks on rounds that a policy could have caused, below which nothing is claimed of it. Fixed before running. */
const LEAST_CLICKS = 30;

interface Judged {
  readonly policy: string;
  /** Per estimator: null where the log does not carry the policy. */
  readonly estimates: Readonly<Record<string, { value: number | null; interval: readonly [number, number] | null }>>;
  readonly effective: number;
  /** Held-out rounds with a click and a weight of at least 1. */
  readonly clicks: number;
  readonly verdict: Verdict;
  /** DR less the mean of the Bernoulli-TS log, two independent samples. */
  readonly againstServed: { value: number; interval: readonly [number, number] } | null;
  readonly claim: string;
}

/** What was found for one campaign. */
export interface OpenBanditCampaign {
  readonly campaign: string;
  readonly rounds: number;
  readonly actions: number;
  readonly clicks: { readonly learned: number; readonly heldOut: number };
  /** The log of Bernoulli TS, where it is there. */
  readonly served: Served | undefined;
  readonly judged: readonly Judged[];
}

export const openBandit: Study = {
  summary: 'DRL-PUT’s learners on a real uniform log (Open Bandit), judged on its other half and against Bernoulli TS',
  data: 'the folder of the Open Bandit Dataset, with random/ and bts/',
  settings: {},
  async run({ data, seed, onProgress }) {
    if (data === undefined) {
      throw new GymError(
        'usage',
        'study drl-put-open-bandit: expected --data with the folder of the Open Bandit Dataset, received none.',
      );
    }
    await startBackend(process.env['RECSYS_GYM_BACKEND']);
    const folder = mkdtempSync(join(tmpdir(), 'recsys-gym-open-bandit-'));
    try {
      const found: OpenBanditCampaign[] = [];
      for (const [i, campaign] of CAMPAIGNS.entries()) {
        onProgress?.(i, CAMPAIGNS.length, campaign);
        const read = async (by: string): Promise<Log> => {
          const path = join(data, by, campaign);
          return (await loadLog({ path, format: 'open-bandit', store: join(folder, 'gym.sqlite') })).log;
        };
        const served = existsSync(join(data, 'bts', campaign)) ? await read('bts') : undefined;
        found.push(await judgeCampaign(campaign, await read('random'), served, seed));
      }
      return resultOf(found);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function judgeCampaign(
  campaign: string,
  log: Log,
  bts: Log | undefined,
  seed: number,
): Promise<OpenBanditCampaign> {
  const random = stream(seed).fork(campaign);
  const formula = await compileReward('click', log.schema.outcomes);
  const reward = new Float64Array(log.rows);
  formula.evaluate(log.outcomes, reward);
  const { learn, judge } = splitByHash(log, 'row', { learn: 0.5, judge: 0.5 }, seed);
  const guesses = rewardModels['logistic']
    .with({})
    .crossFit({ log, rows: judge, heads: formula.names, folds: 3, random: random.fork('guesses') })
    .guesses(formula);
  const served = bts === undefined ? undefined : servedBy(bts);
  const policies: [string, LogPolicy][] = [
    ...Object.entries(LEARNERS).map(([name, settings]): [string, LogPolicy] => {
      const learner = logLearners[name].with(settings);
      return [name, learner.fit({ log, rows: learn, reward, random: random.fork(name) }).policy];
    }),
    ['uniform', uniform],
    ...(bts === undefined ? [] : [['bernoulli-ts frequencies', frequencies(bts)] satisfies [string, LogPolicy]]),
  ];
  const judged = policies.map(([name, policy]) =>
    judgePolicy(name, policy, { log, judge, reward, guesses, served, seed }),
  );
  const clicksIn = ({ index }: Rows): number => index.reduce((sum, row) => sum + reward[row], 0);
  return {
    campaign,
    rounds: log.rows,
    actions: log.actions.values.length,
    clicks: { learned: clicksIn(learn), heldOut: clicksIn(judge) },
    served,
    judged,
  };
}

interface Served {
  readonly rounds: number;
  readonly clicks: number;
  readonly rate: number;
  readonly standardError: number;
  readonly interval: readonly [number, number];
}

function servedBy(bts: Log): Served {
  const clicks = (outcome(bts, 'click') ?? new Float32Array(0)).reduce((sum, click) => sum + click, 0);
  const rate = clicks / bts.rows;
  const { low, high } = wilson(clicks, bts.rows, LEVEL);
  return {
    rounds: bts.rows,
    clicks,
    rate,
    standardError: Math.sqrt((rate * (1 - rate)) / bts.rows),
    interval: [low, high],
  };
}

function judgePolicy(
  name: string,
  policy: LogPolicy,
  given: {
    log: Log;
    judge: Rows;
    reward: Float64Array;
    guesses: Float32Array;
    served: Served | undefined;
    seed: number;
  },
): Judged {
  const { log, judge, reward, guesses, served, seed } = given;
  const { index } = judge;
  const rounds: LoggedRounds = {
    actions: log.actions.values.length,
    action: Int32Array.from(index, (row) => log.action[row]),
    reward: Float64Array.from(index, (row) => reward[row]),
    propensity: Float64Array.from(index, (row) => log.propensity[row]),
  };
  const target = new Float64Array(index.length * rounds.actions);
  policy.probabilities(log, index, target);
  const options = { requests: parseRequests(ESTIMATORS.join(',')), level: LEVEL, replicates: 0, seed };
  const { estimates, diagnostics, verdict } = evaluatePolicy(rounds, target, guesses, options);
  const clicks = rounds.reward.reduce((sum, click, n) => {
    const weight = target[n * rounds.actions + rounds.action[n]] / rounds.propensity[n];
    return sum + (click > 0 && weight >= 1 - 1e-9 ? 1 : 0);
  }, 0);
  const { value, standardError } = estimates['dr'];
  const againstServed = served === undefined || value === null ? null : difference(value, standardError ?? NaN, served);
  const claim = claimOf(verdict, clicks, againstServed?.interval);
  return { policy: name, estimates, effective: diagnostics.effectiveSampleSize, clicks, verdict, againstServed, claim };
}

/** Of a policy and the log of Bernoulli TS: two independent samples. */
function difference(value: number, standardError: number, served: Served): NonNullable<Judged['againstServed']> {
  const away = value - served.rate;
  const spread = twoSidedZ(LEVEL) * Math.hypot(standardError, served.standardError);
  return { value: away, interval: [away - spread, away + spread] };
}

/** What may be said of a policy against the one that served. */
function claimOf(verdict: Verdict, clicks: number, interval: readonly [number, number] | undefined): string {
  if (verdict === 'unsupported') return 'none: the log does not carry it';
  if (interval === undefined) return 'none: no log of Bernoulli TS';
  if (clicks < LEAST_CLICKS) return `none: ${clicks} clicks that it could have caused`;
  if (verdict === 'weak') return 'none: weak support';
  if (interval[0] <= 0 && interval[1] >= 0) return 'none: the interval contains 0';
  return interval[0] > 0 ? 'more clicks than Bernoulli TS' : 'fewer clicks than Bernoulli TS';
}

function resultOf(found: readonly OpenBanditCampaign[]): StudyResult {
  const percent = (value: number): string => `${(100 * value).toFixed(2)} %`;
  const range = (interval: readonly [number, number] | null | undefined): string =>
    interval === null || interval === undefined ? '' : ` [${percent(interval[0])}, ${percent(interval[1])}]`;
  const shown = (estimate: Judged['estimates'][string] | undefined): string =>
    typeof estimate?.value === 'number' ? percent(estimate.value) + range(estimate.interval) : 'refused';
  return {
    tables: found.map(({ campaign, judged }) => ({
      caption: `${campaign}: click rate on the held-out half of the uniform log, 95 % intervals`,
      columns: ['policy', ...ESTIMATORS, 'effective rounds', 'clicks', 'DR − Bernoulli TS', 'claim'],
      rows: judged.map(({ policy, estimates, effective, clicks, againstServed, claim }) => [
        policy,
        ...ESTIMATORS.map((key) => shown(estimates[key])),
        Math.round(effective),
        clicks,
        againstServed === null ? '–' : percent(againstServed.value) + range(againstServed.interval),
        claim,
      ]),
    })),
    notes: [
      ...found.map(({ campaign, rounds, actions, clicks, served }) => {
        const beside =
          served === undefined
            ? 'no log of Bernoulli TS is here'
            : `Bernoulli TS was logged with ${served.clicks} clicks in ${served.rounds} rounds, ${percent(served.rate)}${range(served.interval)}`;
        return `${campaign}: ${rounds} rounds, ${actions} items; ${clicks.learned} clicks to learn from, ${clicks.heldOut} to judge by; ${beside}.`;
      }),
      `A claim needs support by the log, ${LEAST_CLICKS} clicks that the policy could have caused, and an interval without 0. With so few clicks an item’s rate is known to within a factor of several: which learner is better, whether personalisation helps, and whether any of them beats Bernoulli TS by less than about half, cannot be concluded.`,
      'Clicks: held-out rounds with a click where the policy shows the item at least as often as the log did.',
    ],
    failures: found.flatMap(({ campaign, judged }) => {
      const control = judged.find(({ policy }) => policy === 'uniform');
      const reasons =
        control === undefined || control.verdict === 'unsupported'
          ? [`${campaign}: the uniform control is not supported by its own log.`]
          : [];
      return [
        ...reasons,
        ...judged.flatMap(({ policy, claim, verdict }) =>
          claim.startsWith('none') || verdict === 'supported'
            ? []
            : [`${campaign}: ${policy} is claimed without support.`],
        ),
      ];
    }),
    numbers: { campaigns: found },
  };
}
