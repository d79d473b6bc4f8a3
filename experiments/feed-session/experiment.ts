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

const noteSchema = z.object({ stage: z.string(), done: z.number(), total: z.number(), note: z.string() });

interface SeedMeans extends Pick<Means, 'backend' | 'workers'> {
  /** SQLite file of logs, where the experiment names a stored one. */
  readonly store: string;
  /** Where artefacts and trainings are kept; nothing is kept where there is none. */
  readonly folder?: string;
  readonly done?: (index: number, bytes: Uint8Array) => Promise<void>;
  readonly onProgress?: (index: number, at: z.infer<typeof noteSchema>) => void;
}

/** Runs seeds side by side in threads. @returns one report each, in their order */
export async function runSeeds(
  experiment: FeedExperiment,
  seeds: readonly number[],
  { backend, store, folder, workers, done, onProgress }: SeedMeans,
): Promise<ReportDocument[]> {
  checkFeedExperiment(experiment);
  const data = { experiment, backend, store, ...(folder === undefined ? {} : { folder }) };
  const pool = new WorkerPool(new URL('./worker.js', import.meta.url), data, workers ?? availableParallelism());
  try {
    const results = await pool.map(
      seeds,
      async (i, bytes) => done?.(i, bytes),
      (i, posted) => onProgress?.(i, noteSchema.parse(posted)),
    );
    return results.map((bytes, i) => parseReport(new TextDecoder().decode(bytes), `seed ${seeds[i]}`));
  } finally {
    await pool.close();
  }
}

/** Runs every seed in a thread of its own; seeds that finished before an interruption are not run again. */
export async function runFeedExperiment(experiment: FeedExperiment, means: Means): Promise<ReportDocument> {
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
  await runSeeds(experiment, open, {
    ...{ backend, store, folder: folder.path('checkpoints') },
    ...(means.workers === undefined ? {} : { workers: means.workers }),
    done: async (i, bytes) => folder.write(file(open[i]), bytes),
    onProgress: (i, { stage: name, done, total, note }) => {
      const finished = seeds.length - open.length + i;
      stage.progress(finished + Math.min(1, done / total), seeds.length, `seed ${open[i]}, ${name}: ${note}`);
    },
  });
  const documents = (await Promise.all(seeds.map(read))).flatMap((one) => (one === undefined ? [] : [one]));
  stage.done(`${documents.length} finished`);
  const hash = documents[0].provenance.dataHash;
  return mergeSeeds(experiment, documents, await provenance(experiment, backend, hash));
}
