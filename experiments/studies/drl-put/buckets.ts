import type { Study } from '../study.js';
import { baseExperiment, FULL_SIZE, runStudy, studySettings } from './base.js';

/** Least rank correlation of user-CTR bucket and mean learned click weight. */
const SCORE = 0.9;

/** E3: who is given a high weight of clicks? */
export const buckets: Study = {
  summary: 'DRL-PUT: mean learned weights by bucket of user CTR (E3)',
  settings: studySettings(FULL_SIZE),
  async run({ seed, settings, onProgress }) {
    const { seeds } = settings;
    const experiment = baseExperiment('drl-put-buckets', settings, { baselines: ['manual'] });
    const { together } = await runStudy(experiment, { seed, seeds }, onProgress);
    const [table] = together.weightTables ?? [];
    const click = table.groups.indexOf('click');
    return {
      tables: [
        {
          caption: `Mean learned weights by bucket of users, by ${table.by}; means over ${seeds} seed(s)`,
          columns: ['bucket', 'requests', 'CTR', ...table.groups],
          rows: table.buckets.map(({ name, requests, level, weights }) => [name, requests, level, ...weights]),
        },
        {
          caption: 'Rank correlation (Spearman) of bucket and mean weight',
          columns: ['seed', ...table.groups],
          rows: table.rankCorrelation.map((own, i) => [String(table.seeds[i]), ...own]),
        },
      ],
      notes: [
        'The paper reports that the learned click weight rises with the bucket of user CTR; no numbers. --report draws it.',
      ],
      failures: table.rankCorrelation.flatMap((own, i) =>
        (own[click] ?? NaN) >= SCORE
          ? []
          : [`seed ${table.seeds[i]}: expected a rank correlation of at least ${SCORE}, received ${own[click]}.`],
      ),
      numbers: { table },
      report: together,
    };
  },
};
