import { CTR, HIDE_RATE, LONG_CTR, REVENUE } from '../../ad-utility/metrics.js';
import type { LiftTable } from '../../lifts/contract.js';
import type { Study } from '../study.js';
import { inPercent, liftOf } from '../lift-rows.js';
import { baseExperiment, HEAVY, liftsIn, MAIN, runStudy, studySettings } from './base.js';

/** Rewards of the prototype of the notes. Revenue is the auction's expectation of it. */
const REWARDS = {
  'revenue only': 'ecpm',
  'click only': 'click',
  'long click only': 'longClick',
  'revenue + click': 'ecpm + 0.5*click',
  'revenue + long click': 'ecpm + longClick',
  all: HEAVY,
} as const;
type RewardName = keyof typeof REWARDS;

const METRICS = [REVENUE, CTR, LONG_CTR, HIDE_RATE];

/** E2: what the definition of the reward does to each outcome. */
export const rewards: Study = {
  summary: 'DRL-PUT by definition of the reward: revenue, clicks, long clicks, and their mixes (E2)',
  settings: studySettings({ seeds: 3, rows: 600_000, requests: 30_000 }),
  async run({ seed, settings, onProgress }) {
    const { seeds } = settings;
    const names = Object.entries(REWARDS);
    const found: { readonly name: string; readonly table: LiftTable }[] = [];
    for (const [i, [name, reward]] of names.entries()) {
      const experiment = baseExperiment('drl-put-rewards', settings, { reward, baselines: ['manual'] });
      const { together } = await runStudy(experiment, { seed, seeds }, (done, total, note) =>
        onProgress?.(i + done / total, names.length, `${name}: ${note}`),
      );
      found.push({ name, table: liftsIn(together, 'treated') });
    }
    const lift = (name: RewardName, metric: string): number => {
      const one = found.find((own) => own.name === name);
      return one === undefined ? NaN : (liftOf(one.table, MAIN, metric).relative.value ?? NaN);
    };
    return {
      tables: [
        {
          caption: `Treated segment, against manual weights, in percent: ${found[0].table.users} users`,
          columns: ['reward', 'formula', ...METRICS, 'guardrail'],
          rows: found.map(({ name, table }, i) => [
            ...[name, names[i][1]],
            ...METRICS.map((metric) => inPercent(liftOf(table, MAIN, metric).relative)),
            table.guardrail?.states.at(0)?.state ?? '',
          ]),
        },
      ],
      notes: ['The sign pattern is what is checked: a reward buys what it pays for, and pays with the rest.'],
      failures: signsOf(lift),
      numbers: { found },
    };
  },
};

/** The sign pattern, fixed before running: who gains and who pays. */
export function signsOf(lift: (reward: RewardName, metric: string) => number): string[] {
  const expect = (reward: RewardName, metric: string, sign: 1 | -1): string[] =>
    lift(reward, metric) * sign > 0
      ? []
      : [
          `${reward}, ${metric}: expected ${sign > 0 ? 'a gain' : 'a loss'}, received ${(100 * lift(reward, metric)).toFixed(1)} %.`,
        ];
  const longest = Object.keys(REWARDS)
    .filter((name): name is RewardName => name in REWARDS)
    .reduce((most, name) => (lift(name, LONG_CTR) > lift(most, LONG_CTR) ? name : most));
  return [
    ...expect('revenue only', REVENUE, 1),
    ...expect('revenue only', CTR, -1),
    ...expect('click only', REVENUE, -1),
    ...expect('click only', CTR, 1),
    ...(longest === 'long click only'
      ? []
      : [`long CTR: expected the largest for 'long click only', received '${longest}'.`]),
  ];
}
