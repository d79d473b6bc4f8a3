import type { AdUtilityExperiment } from '../config/ad-utility-schema.js';
import type { ReportDocument } from '../contract.js';
import type { RunFolder } from '../run/folder.js';
import { provenance } from '../run/provenance.js';
import { seedsOfRun, seedsSideBySide, type SeedScript } from '../run/seeds.js';
import type { Watcher } from '../run/watch.js';
import { checkAdUtility } from './checks.js';
import { mergeUtilitySeeds } from './document.js';

interface SeedMeans {
  readonly backend: string;
  /** Where policies are kept; nothing is kept where there is none. */
  readonly folder?: string;
  /** Seeds run side by side; by default one per core. */
  readonly workers?: number | undefined;
}

function scriptOf(experiment: AdUtilityExperiment, { backend, folder, workers }: SeedMeans): SeedScript {
  const data = { experiment, backend, ...(folder === undefined ? {} : { folder }) };
  return { script: new URL('./worker.js', import.meta.url), data, workers };
}

/** Runs seeds side by side in threads. @returns one report each, in their order */
export async function runUtilitySeeds(
  experiment: AdUtilityExperiment,
  seeds: readonly number[],
  { done, onProgress, ...means }: SeedMeans & Parameters<typeof seedsSideBySide>[2],
): Promise<ReportDocument[]> {
  await checkAdUtility(experiment);
  return seedsSideBySide(scriptOf(experiment, means), seeds, { done, onProgress });
}

/** Runs every seed in a thread of its own; seeds that finished before an interruption are not run again. */
export async function runUtilityExperiment(
  experiment: AdUtilityExperiment,
  { folder, watcher, ...means }: Omit<SeedMeans, 'folder'> & { readonly folder: RunFolder; readonly watcher: Watcher },
): Promise<ReportDocument> {
  await checkAdUtility(experiment);
  const script = scriptOf(experiment, { ...means, folder: folder.path('checkpoints') });
  const documents = await seedsOfRun(experiment.seeds, { folder, watcher }, script);
  const hash = documents[0].provenance.dataHash;
  return mergeUtilitySeeds(experiment, documents, await provenance(experiment, means.backend, hash));
}
