import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import type { FeedExperiment } from '../config/feed-schema.js';
import type { ReportDocument } from '../contract.js';
import { parseReport } from '../report/document.js';
import type { RunFolder } from '../run/folder.js';
import { provenance } from '../run/provenance.js';
import type { Watcher } from '../run/watch.js';
import { WorkerPool } from '../run/worker-pool.js';
import { checkRoles } from './artefacts.js';
import { checkNames } from './learning.js';
import { mergeSeeds } from './document.js';

interface Means {
  readonly folder: RunFolder;
  readonly backend: string;
  readonly store: string;
  readonly watcher: Watcher;
  /** Seeds run side by side; by default one per core. */
  readonly workers?: number;
}

const noteSchema = z.object({ stage: z.string(), done: z.number(), total: z.number(), note: z.string() });

/** Runs every seed in a thread of its own; seeds that finished before an interruption are not run again. */
export async function runFeedExperiment(experiment: FeedExperiment, means: Means): Promise<ReportDocument> {
  checkRoles(experiment);
  checkNames(experiment);
  const { folder, backend, store, watcher } = means;
  await mkdir(folder.path('checkpoints'), { recursive: true });
  const { seeds } = experiment;
  const file = (seed: number): string => `checkpoints/seed-${seed}.json`;
  const read = async (seed: number): Promise<ReportDocument | undefined> => {
    const known = await folder.read(file(seed));
    return known === undefined ? undefined : parseReport(new TextDecoder().decode(known), file(seed));
  };
  const known = await Promise.all(seeds.map(read));
  const open = seeds.filter((_, i) => known[i] === undefined);
  const stage = watcher.stage(`${seeds.length} seed(s)`);
  const data = { experiment, backend, store, folder: folder.path('checkpoints') };
  const pool = new WorkerPool(new URL('./worker.js', import.meta.url), data, means.workers ?? availableParallelism());
  try {
    await pool.map(
      open,
      async (i, bytes) => folder.write(file(open[i]), bytes),
      (i, posted) => {
        const { stage: name, done, total, note } = noteSchema.parse(posted);
        const finished = seeds.length - open.length + i;
        stage.progress(finished + Math.min(1, done / total), seeds.length, `seed ${open[i]}, ${name}: ${note}`);
      },
    );
  } finally {
    await pool.close();
  }
  const documents = (await Promise.all(seeds.map(read))).flatMap((one) => (one === undefined ? [] : [one]));
  stage.done(`${documents.length} finished`);
  const hash = documents[0].provenance.dataHash;
  return mergeSeeds(experiment, documents, await provenance(experiment, backend, hash));
}
