import type { Study } from '../study.js';
import { baseExperiment, inPercent, liftOf, liftRows, liftsIn, MAIN, percent, runStudy, WATCHES } from './base.js';

/** Largest lift, either way, that a world without leverage may show. */
const SCORE = 0.06;

/** R6: the null control. Nothing that is shown changes when a session ends, so there is nothing to gain. */
export const nullWorld: Study = {
  summary: 'RecoMind without leverage: nothing shown changes when a session ends (R6, null control)',
  settings: {
    seeds: { value: 5, meaning: 'Worlds, logs, simulators and policies, one of each per seed' },
    items: { value: 20_000, meaning: 'Items of the catalogue' },
    users: { value: 12_000, meaning: 'Users of the world' },
    logged: { value: 40_000, meaning: 'Sessions of the log' },
    steps: { value: 120_000, meaning: 'Steps of each training' },
    sessions: { value: 8000, meaning: 'Sessions per policy in the world' },
  },
  async run({ seed, settings, onProgress }) {
    const { items, users, logged, steps, sessions, seeds } = settings;
    const experiment = baseExperiment(
      'recomind-null',
      { items, users, logged, steps, sessions },
      { leverage: 'none', baselines: [{ id: 'supervised', settings: {} }] },
    );
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
