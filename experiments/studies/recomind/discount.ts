import type { Study } from '../study.js';
import {
  HALF_CROWD,
  baseExperiment,
  studySettings,
  DEEP,
  DEEP_SHARE,
  DEPTH,
  inPercent,
  liftOf,
  liftsIn,
  MAIN,
  runStudy,
  variant,
  WATCHES,
} from './base.js';

/** The discount of the main policy is 0.95; these are its rivals. */
const DISCOUNTS = [0, 0.8, 1] as const;

/** R4: how far a policy must look ahead. */
export const discount: Study = {
  summary: 'RecoMind by discount: 0, 0.8, 0.95 and 1 (R4)',
  settings: studySettings({ ...HALF_CROWD, seeds: 3 }),
  async run({ seed, settings, onProgress }) {
    const { seeds } = settings;
    const experiment = baseExperiment('recomind-discount', settings, {
      rivals: DISCOUNTS.map((gamma) => variant(`γ = ${gamma}`, { discount: gamma })),
      baselines: [{ id: 'supervised', settings: {} }],
    });
    const { together } = await runStudy(experiment, { seed, seeds }, onProgress);
    const world = liftsIn(together, 0);
    const names = [`γ = ${DISCOUNTS[0]}`, `γ = ${DISCOUNTS[1]}`, MAIN, `γ = ${DISCOUNTS[2]}`];
    const lift = (policy: string, metric: string): number => liftOf(world, policy, metric).relative.value ?? NaN;
    return {
      tables: [
        {
          caption: `By discount, relative to the supervised ranker in the world, %: ${world.users} users`,
          columns: ['γ', WATCHES, 'depth', 'depth given 10 items', 'share with 10 items'],
          rows: names.map((policy) => [
            policy === MAIN ? 'γ = 0.95' : policy,
            ...[WATCHES, DEPTH, DEEP, DEEP_SHARE].map((metric) => inPercent(liftOf(world, policy, metric).relative)),
          ]),
        },
      ],
      notes: ['Intervals: Student over the seeds where there are at least 3, else over users.'],
      failures:
        lift(MAIN, WATCHES) > lift(names[0], WATCHES)
          ? []
          : [`expected γ = 0.95 above γ = 0, received ${lift(MAIN, WATCHES)} and ${lift(names[0], WATCHES)}.`],
      numbers: { world },
      report: together,
    };
  },
};
