import { startBackend } from '../../../core/tensor/backend.js';
import { mergeUtilitySeeds } from '../../ad-utility/document.js';
import { runUtilitySeeds } from '../../ad-utility/experiment.js';
import { adUtilityExperiment, type AdUtilityExperiment } from '../../config/ad-utility-schema.js';
import type { ReportDocument } from '../../contract.js';
import type { LiftTable } from '../../lifts/contract.js';
import type { Study } from '../study.js';
import { inPercent, seedsFrom, type LiftRow } from '../lift-rows.js';

/** What all DRL-PUT studies share: the market, the grid, the log and the learner, fixed before any was run. */
export const MAIN = 'drl-put';
/** The reward of every study but the one that varies it: near revenue neutrality, fixed before any was run. */
export const REWARD = 'ecpm + 0.25*click + 0.25*longClick - 0.2*hide';
/** Engagement-heavy: of the prototype of the notes, for the comparison with matched static weights. */
export const HEAVY = 'ecpm + 0.5*click + longClick - hide';

/** The learner of every study, tuned on seed 11; variants differ from it by the named settings alone. */
export const LEARNER = {
  id: 'importance-weighted',
  settings: { head: 'factorised', hidden: [64, 64], batch: 4096, epochs: 4, baseline: 'linear', entropy: 0.01 },
};

/** The size at which the acceptance levels are judged. */
export const FULL_SIZE = { seeds: 5, rows: 1_000_000, requests: 60_000 } as const;

const MEANINGS: Readonly<Record<string, string>> = {
  seeds: 'Markets, logs and policies, one of each per seed',
  rows: 'Requests of the exploration log',
  requests: 'Treated requests that every policy serves',
};

/** The settings of a study, as its command takes them. */
export function studySettings(values: Readonly<Record<string, number>>, meanings = MEANINGS): Study['settings'] {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, { value, meaning: meanings[name] ?? MEANINGS[name] }]),
  );
}

/** What differs from the base, as a config would say it. */
export type Variation = Partial<Record<keyof AdUtilityExperiment, unknown>>;

/** The experiment of a study. */
export function baseExperiment(
  id: string,
  { rows, requests }: Readonly<Record<string, number>>,
  more: Variation = {},
): AdUtilityExperiment {
  return adUtilityExperiment.parse({
    kind: 'ad-utility',
    id,
    question: 'Do weights learned from an exploration log beat weights tuned by hand, at a revenue that is guarded?',
    log: { rows, heldOut: Math.max(1000, Math.min(200_000, Math.round(rows / 5))) },
    reward: REWARD,
    policy: variant(MAIN),
    baselines: ['manual', 'best-global', 'matched-static'],
    evaluation: { requests, search: Math.min(20_000, requests) },
    ...more,
  });
}

/** A policy that learns as the main one does, but for what is named. */
export function variant(name: string, settings: object = {}): object {
  return { id: LEARNER.id, name, settings: { ...LEARNER.settings, ...settings } };
}

export type Progress = ((done: number, total: number, note: string) => void) | undefined;

/** Runs the seeds from `seed` on; the reports one by one, and as one. */
export async function runStudy(
  experiment: AdUtilityExperiment,
  { seed, seeds }: { readonly seed: number; readonly seeds: number },
  onProgress: Progress,
): Promise<{ readonly each: readonly ReportDocument[]; readonly together: ReportDocument }> {
  const numbers = seedsFrom({ seed, seeds });
  const backend = await startBackend(process.env['RECSYS_GYM_BACKEND']);
  let finished = 0;
  const each = await runUtilitySeeds(experiment, numbers, {
    backend,
    done: () => {
      finished++;
      return Promise.resolve();
    },
    onProgress: (i, { stage, note }) => onProgress?.(finished, seeds, `seed ${numbers[i]}, ${stage}: ${note}`),
  });
  const [{ provenance }] = each;
  const together = mergeUtilitySeeds({ ...experiment, seeds: numbers }, each, { ...provenance, seeds: numbers });
  return { each, together };
}

/** The table of lifts in the treated segment against the control, in all traffic, or in the segment against another. */
export function liftsIn(
  { lifts = [] }: ReportDocument,
  place: 'treated' | 'all' | 'best-global' | 'matched-static',
): LiftTable {
  if (place === 'treated') return lifts[0];
  if (place === 'all') return lifts[1];
  return lifts.find(({ control }, i) => i > 1 && control === place) ?? lifts[0];
}

/** Complains unless a lift is at least so large. */
export function atLeast({ policy, metric, relative }: LiftRow, wanted: number): string[] {
  if ((relative.value ?? NaN) >= wanted) return [];
  const expected = `${wanted >= 0 ? '+' : ''}${(100 * wanted).toFixed(1)} %`;
  return [`${policy}, ${metric}: expected at least ${expected}, received ${inPercent(relative, 2)} %.`];
}

/** Complains of every seed whose interval does not lie above 0. */
export function aboveZero({ policy, metric, perSeed }: LiftRow, seeds: readonly number[]): string[] {
  return perSeed.flatMap((own, i) =>
    (own.interval?.[0] ?? NaN) > 0
      ? []
      : [`${policy}, ${metric}, seed ${seeds[i]}: expected an interval above 0, received ${inPercent(own, 2)} %.`],
  );
}
