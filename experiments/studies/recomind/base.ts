import { startBackend } from '../../../core/tensor/backend.js';
import { feedExperiment, type FeedExperiment } from '../../config/feed-schema.js';
import type { ReportDocument } from '../../contract.js';
import type { LiftTable } from '../../lifts/contract.js';
import { mergeSeeds } from '../../feed-session/document.js';
import { runSeeds } from '../../feed-session/experiment.js';
import { seedsFrom } from '../lift-rows.js';

export { inPercent, liftOf, liftRows, percent, type LiftRow } from '../lift-rows.js';

/** What all RecoMind studies share: the world, the log, the candidates and the learner, fixed before any was run. */
export const MAIN = 'recomind';
export const CONTROL = 'supervised';

/** The learner of every study; variants differ from it by the named settings alone. */
export const LEARNER = { learner: 'ppo', sharpness: 40, hidden: [32], learningRate: 0.004, discount: 0.95 } as const;

export interface BaseSettings {
  readonly items: number;
  readonly users: number;
  readonly logged: number;
  readonly steps: number;
  readonly sessions: number;
}

/** The settings of a study, as its command takes them. */
export function studySettings(
  base: BaseSettings & { readonly seeds: number },
): Readonly<Record<keyof typeof base, { readonly value: number; readonly meaning: string }>> {
  return {
    seeds: { value: base.seeds, meaning: 'Worlds, logs, simulators and policies, one of each per seed' },
    items: { value: base.items, meaning: 'Items of the catalogue' },
    users: { value: base.users, meaning: 'Users of the world' },
    logged: { value: base.logged, meaning: 'Sessions of the log' },
    steps: { value: base.steps, meaning: 'Steps of each training' },
    sessions: { value: base.sessions, meaning: 'Sessions per policy in the world' },
  };
}

/** The size at which R1 and R6 run, and the smaller crowd of the others. */
export const FULL_SIZE: BaseSettings = { items: 20_000, users: 12_000, logged: 40_000, steps: 120_000, sessions: 8000 };
export const HALF_CROWD: BaseSettings = { ...FULL_SIZE, users: 6000, sessions: 4000 };

/** What differs from the base, as a config would say it. */
export type Variation = Partial<Record<keyof FeedExperiment, unknown>> & {
  readonly leverage?: string;
  readonly junk?: number;
  readonly learner?: object;
};

/** The experiment of a study. */
export function baseExperiment(
  id: string,
  { items, users, logged, steps, sessions }: Readonly<Record<string, number>>,
  { leverage, junk, learner, ...more }: Variation = {},
): FeedExperiment {
  return feedExperiment.parse({
    kind: 'feed-session',
    id,
    question: 'Does a policy that learned in a simulator of logged sessions beat the ranker that is served?',
    source: {
      from: 'world',
      settings: { items, users, leverage: leverage ?? 'moderate', junk: junk ?? 0 },
      cold: 4000,
      sessions: logged,
    },
    env: { candidates: 64 },
    agent: { id: 'recomind', name: MAIN, settings: { ...LEARNER, ...learner } },
    train: { worlds: 128, steps },
    evaluation: { sessions },
    ...more,
  });
}

/** A policy that learns as the main one does, but for what is named. */
export function variant(name: string, settings: object, more: object = {}): object {
  return { id: 'recomind', name, settings: { ...LEARNER, ...settings }, ...more };
}

/** Runs the seeds from `seed` on; the reports one by one, and as one. */
export async function runStudy(
  experiment: FeedExperiment,
  { seed, seeds }: { readonly seed: number; readonly seeds: number },
  onProgress: ((done: number, total: number, note: string) => void) | undefined,
): Promise<{ readonly each: readonly ReportDocument[]; readonly together: ReportDocument }> {
  const numbers = seedsFrom({ seed, seeds });
  const backend = await startBackend(process.env['RECSYS_GYM_BACKEND']);
  let finished = 0;
  const each = await runSeeds(experiment, numbers, {
    ...{ backend, store: '' },
    done: () => {
      finished++;
      return Promise.resolve();
    },
    onProgress: (i, { stage, note }) => onProgress?.(finished, seeds, `seed ${numbers[i]}, ${stage}: ${note}`),
  });
  const [{ provenance }] = each;
  return { each, together: mergeSeeds({ ...experiment, seeds: numbers }, each, { ...provenance, seeds: numbers }) };
}

/** The lifts of the world (0) or of the simulator (1). */
export function liftsIn({ lifts = [] }: ReportDocument, place: 0 | 1): LiftTable {
  return lifts[place];
}

export const WATCHES = 'watch10s per session';
export const DEPTH = 'depth';
export const DEEP = 'depth given';
export const DEEP_SHARE = 'share of sessions';
