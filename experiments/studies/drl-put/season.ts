import { startBackend } from '../../../core/tensor/backend.js';
import { judgeTuners } from '../../ad-utility/judging.js';
import { learnTuner } from '../../ad-utility/learning.js';
import { CTR, REVENUE, REWARD } from '../../ad-utility/metrics.js';
import type { Tuner } from '../../ad-utility/policies.js';
import { gridOf, marketOf, rewardOf, slice } from '../../ad-utility/prepare.js';
import { inMemory } from '../../ad-utility/sources.js';
import type { AdUtilityExperiment } from '../../config/ad-utility-schema.js';
import type { LiftTable } from '../../lifts/contract.js';
import { mergeLifts } from '../../lifts/merge.js';
import type { Study } from '../study.js';
import { inPercent, liftOf, seedsFrom } from '../lift-rows.js';
import { baseExperiment, LEARNER, studySettings } from './base.js';

/** Angle, in radians, by which the meaning of features turns at the height of a season, and its length. *Invented*. */
const DRIFT = { drift: 1.2, seasonDays: 120 } as const;
/** Days on which policies are judged; features mean most differently on days 30 and 90, and about the same as first on 60. */
const DAYS = [8, 30, 60, 90] as const;
/** Days of the log that is refreshed before each of them; it takes a larger slice to be long enough. */
const WINDOW = 8;
const EXPLORATION = 0.15;

const FROZEN = 'frozen';
const REFRESHED = 'refreshed';

/** E8: does a policy that is learned anew follow the season, and what does one lose that is not? */
export const season: Study = {
  summary: 'DRL-PUT under seasonal drift: a policy learned once against one refreshed from recent logs (E8)',
  settings: studySettings({ seeds: 3, rows: 1_000_000, requests: 30_000 }),
  async run({ seed, settings, onProgress }) {
    await startBackend(process.env['RECSYS_GYM_BACKEND']);
    const experiment = baseExperiment('drl-put-season', settings, {
      market: DRIFT,
      baselines: ['manual'],
      log: { rows: settings['rows'], exploration: EXPLORATION, heldOut: 1000 },
    });
    const seeds = seedsFrom({ seed, seeds: settings['seeds'] });
    const perSeed: SeasonDay[][] = [];
    for (const [i, own] of seeds.entries()) {
      perSeed.push(
        await seasonOf(experiment, own, (done, note) => onProgress?.(i + done, seeds.length, `seed ${own}, ${note}`)),
      );
    }
    const { level } = experiment.evaluation;
    const tables = DAYS.map((day, d) => ({
      day,
      table: mergeLifts(
        perSeed.map((own) => own[d].lifts),
        level,
      ),
      gain: mergeLifts(
        perSeed.map((own) => own[d].gain),
        level,
      ),
    }));
    return {
      tables: [
        {
          caption: `Treated segment, against manual, in percent: ${tables[0].table.users} users`,
          columns: ['day', 'policy', REWARD, ...seeds.map((own) => `seed ${own}`), CTR, REVENUE, 'guardrail'],
          rows: tables.flatMap(({ day, table }) =>
            [REFRESHED, FROZEN].map((policy) => {
              const { relative, perSeed: each } = liftOf(table, policy, REWARD);
              const others = [CTR, REVENUE].map((metric) => inPercent(liftOf(table, policy, metric).relative, 2));
              const state = table.guardrail?.states.find((one) => one.policy === policy)?.state ?? '';
              return [
                String(day),
                policy,
                inPercent(relative, 2),
                ...each.map((one) => inPercent(one, 2)),
                ...others,
                state,
              ];
            }),
          ),
        },
        {
          caption: 'Refreshed against frozen, the same requests and luck, in percent',
          columns: ['day', REWARD, ...seeds.map((own) => `seed ${own}`)],
          rows: tables.map(({ day, gain }) => {
            const { relative, perSeed: each } = liftOf(gain, REFRESHED, REWARD);
            return [String(day), inPercent(relative, 2), ...each.map((one) => inPercent(one, 2))];
          }),
        },
      ],
      notes: [
        `Refreshed: learned anew from the last ${WINDOW} days. Features turn by up to ${DRIFT.drift} radian, with a season of ${DRIFT.seasonDays} days.`,
      ],
      failures: tables.flatMap(({ day, gain }) => failuresOf(day, gain)),
      numbers: { tables },
    };
  },
};

/** At the height of the season the refreshed policy must earn more than the frozen one, in every seed. */
function failuresOf(day: number, gain: LiftTable): string[] {
  if (day !== 30 && day !== 90) return [];
  return liftOf(gain, REFRESHED, REWARD).perSeed.flatMap((own, i) =>
    (own.interval?.[0] ?? NaN) > 0
      ? []
      : [`day ${day}, seed ${gain.seeds[i]}: expected 'refreshed' above 'frozen', received ${inPercent(own, 2)} %.`],
  );
}

/** A day of a market's season. */
interface SeasonDay {
  /** Against manual weights. */
  readonly lifts: LiftTable;
  /** Against the frozen policy. */
  readonly gain: LiftTable;
}

/** A market through its season. @returns what was found on each of `DAYS` */
async function seasonOf(
  experiment: AdUtilityExperiment,
  seed: number,
  onProgress: (done: number, note: string) => void,
): Promise<SeasonDay[]> {
  const [market, grid, reward] = [marketOf(experiment, seed), gridOf(experiment), await rewardOf(experiment)];
  const { rows } = experiment.log;
  const learnFrom = async (name: string, day: number): Promise<Tuner> => {
    const asked = slice(market, grid, experiment, { day, rows });
    const source = inMemory(market, asked, { name, reward, level: experiment.evaluation.level });
    const learner = { ...LEARNER, name, settings: { ...LEARNER.settings } };
    return (await learnTuner({ learner, grid, source, seed })).tuner;
  };
  onProgress(0, 'first log');
  const frozen = await learnFrom(FROZEN, DAYS[0] - WINDOW);
  const tables: SeasonDay[] = [];
  for (const [d, day] of DAYS.entries()) {
    onProgress(d / DAYS.length, `day ${day}`);
    const refreshed = d === 0 ? { ...frozen, name: REFRESHED } : await learnFrom(REFRESHED, day - WINDOW);
    const days = { ...experiment.evaluation, days: 1 };
    const { tried } = judgeTuners({
      ...{ experiment: { ...experiment, evaluation: days }, market, grid, reward, seed, day: day - 1 },
      learned: [refreshed, frozen],
      against: [FROZEN],
    });
    tables.push({ lifts: tried.lifts[0], gain: tried.lifts[2] });
  }
  return tables;
}
