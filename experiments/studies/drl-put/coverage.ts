import { startBackend } from '../../../core/tensor/backend.js';
import { wilson } from '../../../core/stats/intervals.js';
import { moments } from '../../../core/stats/moments.js';
import { writeAdLog } from '../../../simulators/ad-market/log.js';
import { learnTuner } from '../../ad-utility/learning.js';
import { heldOutOf, judgeOffPolicy } from '../../ad-utility/off-policy.js';
import { playRequests } from '../../ad-utility/play.js';
import { staticTuner, type Tuner } from '../../ad-utility/policies.js';
import { dayAfter, gridOf, marketOf, rewardOf, rewardsOf, slice } from '../../ad-utility/prepare.js';
import { inMemory } from '../../ad-utility/sources.js';
import { trafficOf } from '../../ad-utility/traffic.js';
import type { AdUtilityExperiment } from '../../config/ad-utility-schema.js';
import type { Estimate } from '../../contract.js';
import type { Study } from '../study.js';
import { seedsFrom } from '../lift-rows.js';
import { baseExperiment, LEARNER, MAIN, studySettings } from './base.js';

const ESTIMATORS = ['snips', 'ips', 'dr', 'dm'] as const;
/** Least share of markets whose interval holds the truth, at a nominal 95 %. */
const SCORE = { estimator: 'snips', coverage: 0.9 } as const;
/** Users of each market: enough that they seldom come twice. */
const USERS = 20_000;
/** Place of the market that the policy is learned in among the seeds: none of those that judge. */
const SCHOOL = 1_000_000;

/** How often an interval of an off-policy estimate holds the true reward. */
export const snipsCoverage: Study = {
  summary: 'DRL-PUT: does the off-policy interval of a learned policy hold the truth? In many markets',
  settings: studySettings(
    { seeds: 200, rows: 50_000, requests: 20_000, learned: 200_000 },
    {
      seeds: 'Markets, each with a log of its own',
      rows: 'Rows of each log',
      requests: 'Requests by whose expectations the truth is known',
      learned: 'Rows of the log, of yet another market, that the policy is learned from',
    },
  ),
  async run({ seed, settings, onProgress }) {
    await startBackend(process.env['RECSYS_GYM_BACKEND']);
    const experiment = baseExperiment('drl-put-coverage', settings, { market: { users: USERS } });
    onProgress?.(0, settings['seeds'], 'learning the policy');
    const tuners = [await learnedTuner(experiment, seed + SCHOOL, settings['learned']), manualOf(experiment)];
    const seeds = seedsFrom({ seed, seeds: settings['seeds'] });
    const trials: Trial[] = [];
    for (const [i, own] of seeds.entries()) {
      trials.push(...(await trialsOf(experiment, own, settings, tuners)));
      onProgress?.(i + 1, seeds.length, `market ${own}`);
    }
    const rows = tuners.flatMap(({ name }) => ESTIMATORS.map((estimator) => summaryOf(trials, name, estimator)));
    return {
      tables: [
        {
          caption: `Intervals of 95 % over ${seeds.length} markets, logs of ${settings['rows']} uniform rows`,
          columns: [
            'policy',
            'estimator',
            'held the truth',
            'coverage',
            '95 % interval of it',
            'mean error, %',
            'half-width, %',
          ],
          rows: rows.map(({ policy, estimator, held, told, coverage, range, error, width }) => [
            ...[policy, estimator, `${held} of ${told}`, coverage, `${range[0].toFixed(3)} to ${range[1].toFixed(3)}`],
            ...[error, width],
          ]),
        },
      ],
      notes: [
        'A hit is a row whose action is the policy’s: one in 125. DM has no interval for the error of its model, so it need not hold the truth.',
      ],
      failures: rows
        .filter(
          ({ policy, estimator, coverage }) =>
            policy === MAIN && estimator === SCORE.estimator && !(coverage >= SCORE.coverage),
        )
        .map(
          ({ estimator, coverage }) =>
            `${estimator}: expected the truth in ${SCORE.coverage} of the intervals, received ${coverage}.`,
        ),
      numbers: { rows },
    };
  },
};

interface Trial {
  readonly policy: string;
  readonly truth: number;
  readonly estimates: Readonly<Record<string, Estimate>>;
}

async function learnedTuner(experiment: AdUtilityExperiment, seed: number, rows: number): Promise<Tuner> {
  const [market, grid, reward] = [marketOf(experiment, seed), gridOf(experiment), await rewardOf(experiment)];
  const source = inMemory(market, slice(market, grid, experiment, { day: 0, rows }), {
    ...{ name: 'exploration', reward, level: experiment.evaluation.level },
  });
  const learner = { ...LEARNER, name: MAIN, settings: { ...LEARNER.settings } };
  return (await learnTuner({ learner, grid, source, seed })).tuner;
}

function manualOf(experiment: AdUtilityExperiment): Tuner {
  const grid = gridOf(experiment);
  return staticTuner('manual', '', grid, grid.production);
}

/** All policies in one market. */
async function trialsOf(
  experiment: AdUtilityExperiment,
  seed: number,
  { rows, requests }: Readonly<Record<string, number>>,
  tuners: readonly Tuner[],
): Promise<Trial[]> {
  const [market, grid, reward] = [marketOf(experiment, seed), gridOf(experiment), await rewardOf(experiment)];
  const log = writeAdLog(market, slice(market, grid, experiment, { day: 0, rows }));
  const heldOut = heldOutOf(log, rewardsOf(log, reward));
  const days = dayAfter(log.timeMs[rows - 1]);
  const { treated } = trafficOf(market, { surface: experiment.surface, requests, day: 0, days });
  const { plays } = playRequests({ market, numbers: treated, tuners, reward });
  return tuners.flatMap(({ name, summary, act }, p) => {
    if (act === undefined) return [];
    const { section } = judgeOffPolicy(heldOut, { name, summary, act }, { level: experiment.evaluation.level });
    return [{ policy: name, truth: moments(plays[p].logged).mean, estimates: section.estimates }];
  });
}

/** Of one policy and estimator over all markets; a refused estimate is told apart, not counted as a miss. */
function summaryOf(trials: readonly Trial[], policy: string, estimator: string) {
  const own = trials.flatMap(({ policy: name, truth, estimates }) => {
    const { value, interval } = estimates[estimator];
    return name === policy && value !== null && interval !== null ? [{ truth, value, interval }] : [];
  });
  const told = own.length;
  const held = own.filter(({ truth, interval }) => interval[0] <= truth && truth <= interval[1]).length;
  const { low, high } = wilson(held, Math.max(1, told), 0.95);
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    ...{ policy, estimator, held, told, coverage: held / told, range: [low, high] as const },
    error: 100 * mean(own.map(({ truth, value }) => value / truth - 1)),
    width: 100 * mean(own.map(({ truth, interval }) => (interval[1] - interval[0]) / 2 / truth)),
  };
}
