import { CTR, LONG_CTR, REVENUE, REWARD } from '../../ad-utility/metrics.js';
import type { ReportDocument } from '../../contract.js';
import type { Study } from '../study.js';
import { inPercent, liftOf, liftRows } from '../lift-rows.js';
import {
  aboveZero,
  atLeast,
  baseExperiment,
  FULL_SIZE,
  HEAVY,
  liftsIn,
  MAIN,
  runStudy,
  studySettings,
} from './base.js';

/** The score fixed before running; shares of the control. */
const SCORE = { ctr: 0.05, longCtr: 0.04, revenue: -0.03, matched: 0.005 } as const;

/** E1 and E4: policy against manual weights in the treated segment and all traffic, and against static weights. */
export const headline: Study = {
  summary:
    'DRL-PUT: weights learned from an exploration log against manual, best-global and matched static ones (E1, E4)',
  settings: studySettings(FULL_SIZE),
  async run({ seed, settings, onProgress }) {
    const { seeds } = settings;
    const main = await runStudy(baseExperiment('drl-put', settings), { seed, seeds }, (done, total, note) =>
      onProgress?.(done, 2 * total, note),
    );
    const heavy = await runStudy(
      baseExperiment('drl-put-heavy', settings, { reward: HEAVY }),
      { seed, seeds },
      (done, total, note) => onProgress?.(total + done, 2 * total, `engagement-heavy, ${note}`),
    );
    const [treated, all] = [liftsIn(main.together, 'treated'), liftsIn(main.together, 'all')];
    const best = liftsIn(main.together, 'best-global');
    const matched = liftsIn(heavy.together, 'matched-static');
    const row = (metric: string) => liftOf(treated, MAIN, metric);
    return {
      tables: [
        { caption: `Treated segment, against manual: ${treated.users} users`, ...liftRows(treated, 2) },
        { caption: `All traffic, against manual: ${all.users} users`, ...liftRows(all, 2) },
        { caption: 'Treated segment, against the best static action', ...liftRows(best, 2) },
        { caption: `Engagement-heavy reward ${HEAVY}, against matched static weights`, ...liftRows(matched, 2) },
        testTable(main.each),
      ],
      notes: [
        'relative: policy ÷ control − 1 in percent, same requests and luck; over the seeds with Student’s interval, per seed over its users.',
        'A lift in a generated market is not an online one. The paper reports, online on the treated segment, +9.7 % CTR and +7.7 % long CTR.',
      ],
      failures: [
        ...atLeast(row(CTR), SCORE.ctr),
        ...aboveZero(row(CTR), treated.seeds),
        ...atLeast(row(LONG_CTR), SCORE.longCtr),
        ...aboveZero(row(LONG_CTR), treated.seeds),
        ...atLeast(row(REVENUE), SCORE.revenue),
        ...aboveZero({ ...liftOf(best, MAIN, REWARD), perSeed: [liftOf(best, MAIN, REWARD).relative] }, treated.seeds),
        ...atLeast(liftOf(matched, MAIN, REWARD), SCORE.matched),
      ],
      numbers: { treated, all, best, matched, heavy: heavy.together.lifts },
      report: main.together,
    };
  },
};

/** What tests of real answers would have said, beside the truth. */
function testTable(each: readonly ReportDocument[]) {
  return {
    caption: 'The tests that would have been: every user given the policy or manual weights, by what users really did',
    columns: ['test', 'metric', 'difference, relative, %', 'p', 'truth in the interval'],
    rows: each.flatMap(({ abTests = [] }) =>
      abTests.flatMap(({ name, metrics }) =>
        metrics.flatMap(({ metric, effects }) =>
          effects.map(({ relative, difference: { interval }, pValue, truth }) => [
            ...[name.replace(', every user given one of the two', ''), metric.name, inPercent(relative, 2), pValue],
            interval === null || truth === undefined
              ? '—'
              : truth >= interval[0] && truth <= interval[1]
                ? 'yes'
                : 'no',
          ]),
        ),
      ),
    ),
  };
}
