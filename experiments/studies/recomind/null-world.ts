import type { Study } from '../study.js';
import {
  FULL_SIZE,
  baseExperiment,
  studySettings,
  inPercent,
  liftOf,
  liftRows,
  liftsIn,
  MAIN,
  percent,
  runStudy,
  WATCHES,
} from './base.js';

/** Largest lift, either way, that a world without leverage may show. */
const SCORE = 0.06;

/** R6: the null control. Nothing that is shown changes when a session ends, so there is nothing to gain. */
export const nullWorld: Study = {
  summary: 'RecoMind without leverage: nothing shown changes when a session ends (R6, null control)',
  settings: studySettings({ ...FULL_SIZE, seeds: 5 }),
  async run({ seed, settings, onProgress }) {
    const { seeds } = settings;
    const experiment = baseExperiment('recomind-null', settings, {
      leverage: 'none',
      baselines: [{ id: 'supervised', settings: {} }],
    });
    const { each, together } = await runStudy(experiment, { seed, seeds }, onProgress);
    const world = liftsIn(together, 0);
    const lift = liftOf(world, MAIN, WATCHES);
    const answers = [...each, together].map(({ answer }) => answer.sentence);
    return {
      tables: [{ caption: `In a world without leverage: ${world.users} users`, ...liftRows(world) }],
      notes: [`The report says: ${together.answer.sentence}`],
      failures: [
        ...(Math.abs(lift.relative.value ?? NaN) <= SCORE
          ? []
          : [`${WATCHES}: expected within ±${percent(SCORE)} %, received ${inPercent(lift.relative)} %.`]),
        ...answers
          .filter((sentence) => !sentence.startsWith('No gain'))
          .map((said) => `expected "No gain", received: ${said}`),
      ],
      numbers: { world, answers },
      report: together,
    };
  },
};
