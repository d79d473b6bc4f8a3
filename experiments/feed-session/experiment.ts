import type { FeedExperiment } from '../config/feed-schema.js';
import type { ReportDocument } from '../contract.js';
import type { RunFolder } from '../run/folder.js';
import { provenance } from '../run/provenance.js';
import { seedsOfRun, seedsSideBySide, type SeedScript } from '../run/seeds.js';
import type { Watcher } from '../run/watch.js';
import { checkFeedExperiment } from './checks.js';
import { mergeSeeds } from './document.js';

interface Means {
  readonly folder: RunFolder;
  readonly backend: string;
  readonly store: string;
  readonly watcher: Watcher;
  /** Seeds run side by side; by default one per core. */
  readonly workers?: number;
}

interface SeedMeans extends Pick<Means, 'backend' | 'workers'> {
  /** SQLite file of logs, where the experiment names a stored one. */
  readonly store: string;
  /** Where artefacts and trainings are kept; nothing is kept where there is none. */
  readonly folder?: string;
}

function scriptOf(experiment: FeedExperiment, { backend, store, folder, workers }: SeedMeans): SeedScript {
  const data = { experiment, backend, store, ...(folder === undefined ? {} : { folder }) };
  return { script: new URL('./worker.js', import.meta.url), data, workers };
}

/** Runs seeds side by side in threads. @returns one report each, in their order */
export async function runSeeds(
  experiment: FeedExperiment,
  seeds: readonly number[],
  { done, onProgress, ...means }: SeedMeans & Parameters<typeof seedsSideBySide>[2],
): Promise<ReportDocument[]> {
  checkFeedExperiment(experiment);
  return seedsSideBySide(scriptOf(experiment, means), seeds, { done, onProgress });
}

/** Runs every seed in a thread of its own; seeds that finished before an interruption are not run again. */
export async function runFeedExperiment(experiment: FeedExperiment, means: Means): Promise<ReportDocument> {
  const { folder, backend, watcher } = means;
  checkFeedExperiment(experiment);
  const script = scriptOf(experiment, { ...means, folder: folder.path('checkpoints') });
  const documents = await seedsOfRun(experiment.seeds, { folder, watcher }, script);
  const hash = documents[0].provenance.dataHash;
  return mergeSeeds(experiment, documents, await provenance(experiment, backend, hash));
}
