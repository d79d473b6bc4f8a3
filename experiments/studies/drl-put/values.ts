import type { ContextPolicy } from '../../../agents/contract.js';
import { refreshed } from '../../../agents/ad-utility/refreshed.js';
import { alphaSweep, ValuePolicy } from '../../../agents/ad-utility/value-policy.js';
import { startBackend } from '../../../core/tensor/backend.js';
import { stream } from '../../../core/random.js';
import type { WeightGrid } from '../../../logs/ad-utility/weight-grid.js';
import { allRows } from '../../../logs/split.js';
import type { Reward } from '../../../reward-models/formula.js';
import type { RequestContext } from '../../../simulators/ad-market/contract.js';
import { writeAdLog } from '../../../simulators/ad-market/log.js';
import type { AdMarket } from '../../../simulators/ad-market/market.js';
import { judgeTuners } from '../../ad-utility/judging.js';
import { learnTuner } from '../../ad-utility/learning.js';
import { CTR, LONG_CTR, REVENUE, REWARD } from '../../ad-utility/metrics.js';
import { contextOf } from '../../ad-utility/play.js';
import { greedyTuner, type Tuner } from '../../ad-utility/policies.js';
import { dayAfter, gridOf, marketOf, rewardOf, rewardsOf, slice } from '../../ad-utility/prepare.js';
import { sourceOf } from '../../ad-utility/sources.js';
import type { AdUtilityExperiment } from '../../config/ad-utility-schema.js';
import type { LiftTable } from '../../lifts/contract.js';
import { mergeLifts } from '../../lifts/merge.js';
import type { Study } from '../study.js';
import { inPercent, liftOf, liftRows, seedsFrom } from '../lift-rows.js';
import { baseExperiment, MAIN, studySettings, variant } from './base.js';

/** Times that the on-policy reading gets a new log; all logs together are as large as the one of the others. */
const ROUNDS = 9;
const ON_POLICY = 'refreshed logs (L3)';
const VALUE = 'value regression';
const BANDIT = 'linear bandit';
/** Two goals that the sister paper would weigh at serving: what auctions expect, and clicks. */
const GOALS = ['ecpm', 'click'] as const;

/** E6: policies learned directly against policies that learn values first. */
export const values: Study = {
  summary:
    'DRL-PUT: three readings of the policy gradient against value regression, its α sweep and a linear bandit (E6)',
  settings: studySettings(
    { seeds: 2, rows: 1_000_000, requests: 30_000, points: 11, swept: 10_000 },
    { points: 'Values of α from 0 to 1', swept: 'Requests that each of them serves' },
  ),
  async run({ seed, settings, onProgress }) {
    await startBackend(process.env['RECSYS_GYM_BACKEND']);
    const experiment = baseExperiment('drl-put-values', settings, {
      rivals: [
        { id: 'reward-likelihood', name: 'likelihood, joint (L1)', settings: { shift: 'minimum' } },
        {
          id: 'reward-likelihood',
          name: 'likelihood, factorised (L1)',
          settings: { shift: 'minimum', head: 'factorised' },
        },
        variant('importance-weighted, joint (L2)', { head: 'joint' }),
        { id: 'value-regression', name: VALUE, settings: {} },
        { id: 'linear-bandit', name: BANDIT, settings: {} },
      ],
      baselines: ['manual', 'best-global'],
    });
    const seeds = seedsFrom({ seed, seeds: settings['seeds'] });
    const each: { readonly main: LiftTable; readonly swept: LiftTable; readonly alphas: readonly number[] }[] = [];
    for (const [i, own] of seeds.entries()) {
      each.push(
        await oneSeed(experiment, own, settings, (done, note) =>
          onProgress?.(i + done, seeds.length, `seed ${own}, ${note}`),
        ),
      );
    }
    const { level } = experiment.evaluation;
    const main = mergeLifts(
      each.map((one) => one.main),
      level,
    );
    const swept = mergeLifts(
      each.map((one) => one.swept),
      level,
    );
    return {
      tables: [
        { caption: `Treated segment, against manual: ${main.users} users`, ...liftRows(main, 2) },
        {
          caption: `Value regression swept: argmax α·Q(${GOALS[0]}) + (1 − α)·Q(${GOALS[1]})`,
          ...frontier(swept, each[0].alphas),
        },
      ],
      notes: [
        `${MAIN} is the importance-weighted reading (L2), factorised. L3 learns from ${ROUNDS + 1} logs of a ${ROUNDS + 1}th of the rows each.`,
      ],
      failures: [VALUE, BANDIT].flatMap((rival) => {
        const [own, other] = [MAIN, rival].map((policy) => liftOf(main, policy, REWARD).relative);
        if ((own.value ?? NaN) >= (other.value ?? NaN)) return [];
        return [
          `${REWARD}: expected '${MAIN}' at least at ${inPercent(other, 2)} % of '${rival}', received ${inPercent(own, 2)} %.`,
        ];
      }),
      numbers: { main, swept },
    };
  },
};

/** Points that no other beats in both revenue and CTR are the frontier; those that lose in neither could go online. */
function frontier(table: LiftTable, alphas: readonly number[]) {
  const points = alphas.map((alpha) => {
    const lift = (metric: string) => liftOf(table, nameOf(alpha), metric).relative;
    return { alpha, revenue: lift(REVENUE), ctr: lift(CTR), longCtr: lift(LONG_CTR), reward: lift(REWARD) };
  });
  const value = (one: { readonly value: number | null }): number => one.value ?? NaN;
  return {
    columns: ['α', REVENUE, CTR, LONG_CTR, REWARD, 'frontier', 'loses nothing'],
    rows: points.map(({ alpha, revenue, ctr, longCtr, reward }) => [
      alpha.toFixed(2),
      ...[revenue, ctr, longCtr, reward].map((one) => inPercent(one, 2)),
      points.some((other) => value(other.revenue) > value(revenue) && value(other.ctr) > value(ctr)) ? '' : 'yes',
      value(revenue) >= 0 && value(ctr) >= 0 ? 'yes' : '',
    ]),
  };
}

const nameOf = (alpha: number): string => `α = ${alpha.toFixed(2)}`;

async function oneSeed(
  experiment: AdUtilityExperiment,
  seed: number,
  { rows, points, swept: requests }: Readonly<Record<string, number>>,
  onProgress: (done: number, note: string) => void,
) {
  const [market, grid, reward] = [marketOf(experiment, seed), gridOf(experiment), await rewardOf(experiment)];
  const log = writeAdLog(market, slice(market, grid, experiment, { day: 0, rows }), 'exploration');
  const source = sourceOf(log, reward, experiment.evaluation.level);
  const learners = [experiment.policy, ...experiment.rivals];
  const learned: Tuner[] = [];
  for (const [i, learner] of learners.entries()) {
    onProgress(i / 10, learner.name ?? learner.id);
    learned.push((await learnTuner({ learner, grid, source, seed })).tuner);
  }
  onProgress(0.6, ON_POLICY);
  const onPolicy = learnOnPolicy({ experiment, market, grid, reward, seed, rows });
  const day = Math.max(source.nextDay, onPolicy.nextDay);
  const shared = { market, grid, reward, seed, day };
  onProgress(0.7, 'all policies');
  const { tried } = judgeTuners({ ...shared, experiment, learned: [...learned, onPolicy.tuner] });
  onProgress(0.8, 'α sweep');
  const heads = { outcomes: GOALS.map(String), weights: GOALS.map(() => 1) };
  const fitted = await learnTuner({
    ...{ learner: { id: 'value-regression', name: 'two goals', settings: heads }, grid, source, seed },
  });
  if (!(fitted.policy instanceof ValuePolicy)) throw new Error('value-regression: expected a policy of values');
  const alphas = alphaSweep(fitted.policy, GOALS[0], GOALS[1], points);
  const { tried: swept } = judgeTuners({
    ...shared,
    experiment: { ...experiment, baselines: ['manual'], evaluation: { ...experiment.evaluation, requests } },
    learned: alphas.map(({ alpha, policy }) => greedyTuner(nameOf(alpha), '', grid, policy)),
  });
  return { main: tried.lifts[0], swept: swept.lifts[0], alphas: alphas.map(({ alpha }) => alpha) };
}

/** The on-policy reading: uniform at first, then served by what it has learned so far, mixed with exploration. */
function learnOnPolicy({
  experiment,
  market,
  grid,
  reward,
  seed,
  rows,
}: {
  readonly experiment: AdUtilityExperiment;
  readonly market: AdMarket;
  readonly grid: WeightGrid;
  readonly reward: Reward;
  readonly seed: number;
  readonly rows: number;
}): { readonly tuner: Tuner; readonly nextDay: number } {
  const part = Math.floor(rows / (ROUNDS + 1));
  let day = 0;
  const roundOf = (name: string, policy?: ContextPolicy) => {
    const asked = slice(market, grid, experiment, { day, rows: part });
    const A = grid.size;
    const serving = policy && {
      name,
      propensities(context: RequestContext, out: Float64Array) {
        policy.decide(contextOf(context, context.count), out.subarray(0, context.count * A));
      },
    };
    const log = writeAdLog(market, serving === undefined ? asked : { ...asked, policy: serving }, name);
    day = dayAfter(log.timeMs[part - 1]);
    return { log, rows: allRows(log), reward: rewardsOf(log, reward) };
  };
  const { policy } = refreshed.learn({
    first: roundOf('exploration'),
    refresh: (serving, round) => roundOf(`round ${round}`, serving),
    settings: { ...refreshed.defaults, head: 'factorised', rounds: ROUNDS },
    random: stream(seed).fork('ad-utility').fork(`learner ${ON_POLICY}`),
  });
  return { tuner: greedyTuner(ON_POLICY, refreshed.summary, grid, policy), nextDay: day };
}
