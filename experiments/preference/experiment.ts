import { resolve } from 'node:path';
import type { PreferenceExperiment } from '../config/preference-schema.js';
import type { ReportDocument } from '../contract.js';
import type { RunFolder } from '../run/folder.js';
import { provenance } from '../run/provenance.js';
import { seedsOfRun } from '../run/seeds.js';
import type { Watcher } from '../run/watch.js';
import { mergePreferenceSeeds } from './document.js';
import { checkPreference } from './prepare.js';

interface Means {
  readonly folder: RunFolder;
  readonly watcher: Watcher;
  readonly backend: string;
  /** SQLite file of logs. */
  readonly store: string;
  /** Seeds run side by side; by default one per core. */
  readonly workers?: number | undefined;
}

/** Runs every seed in a thread of its own; seeds that finished before an interruption are not run again. */
export async function runPreferenceExperiment(
  experiment: PreferenceExperiment,
  { folder, watcher, backend, store, workers }: Means,
): Promise<ReportDocument> {
  await checkPreference(experiment);
  const data = { experiment, backend, store: resolve(store), folder: folder.path('checkpoints') };
  const script = { script: new URL('./worker.js', import.meta.url), data, workers };
  const documents = await seedsOfRun(experiment.seeds, { folder, watcher }, script);
  const hash = documents[0].provenance.dataHash;
  return mergePreferenceSeeds(experiment, documents, await provenance(experiment, backend, hash));
}
