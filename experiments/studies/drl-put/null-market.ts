import { REWARD } from '../../ad-utility/metrics.js';
import type { Study } from '../study.js';
import { inPercent, liftOf, liftRows } from '../lift-rows.js';
import { baseExperiment, FULL_SIZE, liftsIn, MAIN, runStudy, studySettings } from './base.js';

/** Largest lift over best-global, either way, that a market with a calibrated ranker may show. */
const SCORE = 0.003;
/** Of the log: twice those of the other studies, for what a policy loses to noise is as large as the score in 1,000,000. */
const ROWS = 2_000_000;

/** E7: the null control. The ranker knows every user as well as the policy could, so nothing is left to personalise. */
export const nullMarket: Study = {
  summary: 'DRL-PUT where the ranker is calibrated for every user (E7, null control)',
  settings: studySettings({ ...FULL_SIZE, rows: ROWS }),
  async run({ seed, settings, onProgress }) {
    const { seeds } = settings;
    const experiment = baseExperiment('drl-put-null', settings, {
      market: { miscalibration: 0 },
      baselines: ['best-global', 'manual'],
    });
    const { together } = await runStudy(experiment, { seed, seeds }, onProgress);
    const table = liftsIn(together, 'treated');
    const lift = liftOf(table, MAIN, REWARD).relative;
    return {
      tables: [{ caption: `Treated segment, against best-global: ${table.users} users`, ...liftRows(table, 2) }],
      notes: [`The report says: ${together.answer.sentence}`],
      failures:
        Math.abs(lift.value ?? NaN) < SCORE
          ? []
          : [`${REWARD}: expected within ±${100 * SCORE} % of best-global, received ${inPercent(lift, 2)} %.`],
      numbers: { table },
      report: together,
    };
  },
};
