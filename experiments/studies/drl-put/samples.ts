import { CTR, REVENUE, REWARD } from '../../ad-utility/metrics.js';
import type { LiftTable } from '../../lifts/contract.js';
import type { Study } from '../study.js';
import { inPercent, liftOf } from '../lift-rows.js';
import { baseExperiment, liftsIn, MAIN, runStudy, studySettings, variant } from './base.js';

const SIZES = [100_000, 300_000, 1_000_000, 3_000_000, 10_000_000] as const;
/** Logs above this are kept in a file and read in pieces. */
const IN_MEMORY = 1_000_000;
/** Rows that a training reads at most, over all passes, and passes at most. */
const READ = 4_000_000;
const MOST_PASSES = 20;
const MEGABYTE = 2 ** 20;

/** E5: how much log does it take? */
export const samples: Study = {
  summary: 'DRL-PUT by size of the log, 100,000 to 10,000,000 requests, large ones streamed from a file (E5)',
  settings: studySettings(
    { seeds: 1, largest: 10_000_000, requests: 60_000 },
    { largest: 'Largest log; smaller ones by factors of about three' },
  ),
  async run({ seed, settings, onProgress }) {
    const { seeds, largest, requests } = settings;
    const wanted = SIZES.filter((rows) => rows <= largest);
    const found: {
      readonly rows: number;
      readonly treated: LiftTable;
      readonly best: LiftTable;
      readonly peak: number;
    }[] = [];
    for (const [i, rows] of wanted.entries()) {
      const epochs = Math.max(1, Math.min(MOST_PASSES, Math.round(READ / rows)));
      const experiment = baseExperiment(
        'drl-put-samples',
        { rows, requests },
        {
          policy: variant(MAIN, { epochs }),
          baselines: ['manual', 'best-global'],
          log: { rows, heldOut: 20_000, keep: rows > IN_MEMORY ? 'store' : 'memory' },
        },
      );
      let peak = 0;
      const { together } = await runStudy(experiment, { seed, seeds }, (done, total, note) => {
        peak = Math.max(peak, process.memoryUsage.rss());
        onProgress?.(i + done / total, wanted.length, `${rows} rows: ${note}`);
      });
      const [treated, best] = [liftsIn(together, 'treated'), liftsIn(together, 'best-global')];
      found.push({ rows, treated, best, peak: Math.round(peak / MEGABYTE) });
    }
    const lift = (table: LiftTable, metric: string) => liftOf(table, MAIN, metric).relative;
    return {
      tables: [
        {
          caption: 'Treated segment, in percent, by size of the log',
          columns: [
            'rows',
            `${REWARD}, against manual`,
            'against best-global',
            CTR,
            REVENUE,
            'guardrail',
            'kept in',
            'peak MB',
          ],
          rows: found.map(({ rows, treated, best, peak }) => [
            rows,
            ...[lift(treated, REWARD), lift(best, REWARD), lift(treated, CTR), lift(treated, REVENUE)].map((one) =>
              inPercent(one, 2),
            ),
            treated.guardrail?.states.find((one) => one.policy === MAIN)?.state ?? '',
            rows > IN_MEMORY ? 'a file' : 'memory',
            peak,
          ]),
        },
      ],
      notes: [
        'peak MB: of the whole process, all seeds that run side by side together; files keep it from growing with the rows.',
      ],
      failures: failuresOf(found.map(({ rows, best }) => ({ rows, value: lift(best, REWARD).value ?? NaN }))),
      numbers: { found },
    };
  },
};

/** More log must not do worse: the largest at least as well as the smallest, and above the best static action. */
function failuresOf(found: readonly { readonly rows: number; readonly value: number }[]): string[] {
  const [first, last] = [found[0], found[found.length - 1]];
  if (found.length < 2) return [];
  return [
    ...(last.value > first.value
      ? []
      : [`${last.rows} rows: expected more than with ${first.rows}, received ${(100 * last.value).toFixed(2)} %.`]),
    ...(last.value > 0
      ? []
      : [`${last.rows} rows: expected above best-global, received ${(100 * last.value).toFixed(2)} %.`]),
  ];
}
