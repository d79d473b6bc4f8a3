import { normalInterval } from '../../core/stats/intervals.js';
import { moments } from '../../core/stats/moments.js';
import type { Metrics } from '../../agents/contract.js';
import type { WeightGrid } from '../../logs/ad-utility/weight-grid.js';
import type { Reward } from '../../reward-models/formula.js';
import { writeAdLog } from '../../simulators/ad-market/log.js';
import type { AdMarket } from '../../simulators/ad-market/market.js';
import type { Agreement } from '../ab/simulate/contract.js';
import { agreementOf } from '../ab/simulate/opinion.js';
import { pairedEffect } from '../ab/simulate/truth.js';
import type { AdUtilityExperiment } from '../config/ad-utility-schema.js';
import type { DataSection, Estimate } from '../contract.js';
import type { Keep } from '../run/keep.js';
import type { TellStage } from '../run/seeds.js';
import { judgeTuners, type Judged } from './judging.js';
import { learnTuner, nameOf, type LearnedTuner } from './learning.js';
import { REWARD, unitsOf, utilityMetrics, wholeTrial } from './metrics.js';
import { doublyRobustRows, heldOutOf, judgeOffPolicy, type OffPolicy } from './off-policy.js';
import { dayAfter, gridOf, marketOf, rewardOf, rewardsOf, slice } from './prepare.js';
import { inMemory, inStore, withStore, type LogSource } from './sources.js';

/** What one seed came to. */
export interface UtilitySeedResult {
  readonly seed: number;
  readonly logHash: string;
  readonly data: DataSection;
  readonly learned: readonly { readonly name: string; readonly curve: readonly Metrics[] }[];
  readonly judged: Judged;
  readonly offPolicy: readonly OffPolicy[];
  readonly agreements: readonly Agreement[];
}

export interface UtilitySeedRequest {
  readonly experiment: AdUtilityExperiment;
  readonly seed: number;
  readonly keep?: Keep | undefined;
  /** SQLite file for a log that is kept in one; a temporary one unless given. */
  readonly store?: string | undefined;
  readonly onProgress?: TellStage | undefined;
}

/** One seed from its market to its tried policies. Needs a started backend (core/tensor). */
export async function runUtilitySeed(request: UtilitySeedRequest): Promise<UtilitySeedResult> {
  const { experiment, seed, onProgress } = request;
  const { log: asked, evaluation } = experiment;
  const market = marketOf(experiment, seed);
  const grid = gridOf(experiment);
  const reward = await rewardOf(experiment);
  const { level } = evaluation;
  const { source, learned } = await learnAll(request, { market, grid, reward });
  const later = writeAdLog(
    market,
    slice(market, grid, experiment, { day: source.nextDay, rows: asked.heldOut }),
    `held out, seed ${seed}`,
  );
  const judged = judgeTuners({
    ...{ experiment, market, grid, reward, seed, onProgress },
    day: dayAfter(later.timeMs[later.rows - 1]),
    learned: learned.map(({ tuner }) => tuner),
  });
  onProgress?.('off-policy', 0, 1, `${asked.heldOut} rows`);
  const heldOut = heldOutOf(later, rewardsOf(later, reward));
  const offPolicy = judged.tuners.flatMap(({ name, summary, act }) => {
    if (act === undefined) return [];
    const play = judged.treated.plays.find((one) => one.name === name);
    const truth = play === undefined ? undefined : moments(play.logged).mean;
    return [judgeOffPolicy(heldOut, { name, summary, act }, { level, truth })];
  });
  const chance = 1 / grid.size;
  return {
    ...{ seed, logHash: source.hash, judged, offPolicy },
    data: {
      ...{ source: source.about, rows: source.rows, actions: grid.size, rewardFormula: reward.text },
      rewardRate: source.rewardRate,
      propensity: { min: chance, mean: chance, max: chance },
      splits: [
        { name: 'exploration', rows: source.rows, purpose: 'the policies learn from it' },
        { name: 'held out', rows: asked.heldOut, purpose: 'later requests, to judge off-policy' },
      ],
    },
    learned: learned.map(({ name, curve }) => ({ name, curve })),
    agreements: agreementsOf(judged, offPolicy, level),
  };
}

interface Stage {
  readonly market: AdMarket;
  readonly grid: WeightGrid;
  readonly reward: Reward;
}

/** All policies of an experiment, from one log. */
async function learnAll(
  { experiment, seed, keep, store, onProgress }: UtilitySeedRequest,
  { market, grid, reward }: Stage,
): Promise<{ source: LogSource; learned: readonly LearnedTuner[] }> {
  const { rows, keep: place } = experiment.log;
  const asked = slice(market, grid, experiment, { day: 0, rows });
  const name = `exploration, seed ${seed}`;
  const fromSource = async (source: LogSource) => {
    const learned: LearnedTuner[] = [];
    for (const learner of [experiment.policy, ...experiment.rivals]) {
      learned.push(
        await learnTuner({
          ...{ learner, grid, seed, keep, source },
          onProgress: (done, total, note) => onProgress?.(`learning ${nameOf(learner)}`, done, total, note),
        }),
      );
    }
    return { source, learned };
  };
  onProgress?.('log', 0, rows, `${rows} rows`);
  if (place === 'memory') {
    return fromSource(inMemory(market, asked, { name, reward, level: experiment.evaluation.level }));
  }
  return withStore(store, async (file) =>
    fromSource(
      await inStore(file, market, asked, {
        ...{ name, reward },
        onProgress: (done) => onProgress?.('log', done, rows, `${done} rows`),
      }),
    ),
  );
}

/** The reward of the policy against the control, as the market, a test and the log judge it. */
function agreementsOf(
  { treated, tried, tuners: [control, policy] }: Judged,
  offPolicy: readonly OffPolicy[],
  level: number,
): Agreement[] {
  const units = unitsOf(treated.user);
  const [metric] = utilityMetrics(0);
  const [own, other] = [treated.plays[1], treated.plays[0]].map(({ name, expected, logged }) =>
    wholeTrial(name, units, { ...expected, reward: logged }),
  );
  const paired = pairedEffect(own, other, metric, level).difference;
  const test = tried.tests
    .at(0)
    ?.metrics.find((one) => one.metric.name === REWARD)
    ?.effects.at(0);
  const terms = [policy, control].flatMap(({ name }) => offPolicy.filter(({ section }) => section.id === name));
  return [
    agreementOf(
      `${REWARD}: ${policy.name} − ${control.name}, treated segment`,
      [
        { method: 'market, both policies with the same luck', estimate: paired },
        ...(test === undefined ? [] : [{ method: 'A/B test, user split', estimate: test.difference }]),
        ...(terms.length < 2
          ? []
          : [{ method: 'off-policy, DR on the held-out log', estimate: difference(terms[0], terms[1], level) }]),
      ],
      level,
      paired.value,
    ),
  ];
}

/** Difference of two doubly robust estimates on the same rows. */
function difference(one: OffPolicy, other: OffPolicy, level: number): Estimate {
  const against = doublyRobustRows(other.terms);
  const { mean, variance, n } = moments(doublyRobustRows(one.terms).map((row, i) => row - against[i]));
  const standardError = Math.sqrt(variance / n);
  const { low, high } = normalInterval(mean, standardError, level);
  return { value: mean, standardError, interval: [low, high], method: `paired delta ${100 * level}%` };
}
