import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { z } from 'zod';
import { GymError, messageOf } from '../../core/check.js';
import type { ReportDocument } from '../contract.js';
import { parseReport, serialiseReport } from '../report/document.js';
import type { RunFolder } from './folder.js';
import type { Watcher } from './watch.js';
import { WorkerPool } from './worker-pool.js';

/** Experiments whose seeds are reports of their own: run side by side in threads, kept as they finish, resumed. */

const noteSchema = z.object({ stage: z.string(), done: z.number(), total: z.number(), note: z.string() });

/** Told by whoever runs a seed. */
export type TellStage = (stage: string, done: number, total: number, note: string) => void;

/** Who runs a seed: a script whose body is `answerSeeds`, and what its threads are given. */
export interface SeedScript {
  readonly script: URL;
  /** The `workerData` of every thread. */
  readonly data: object;
  /** Seeds run side by side; by default one per core. */
  readonly workers?: number | undefined;
}

/** Runs seeds side by side in threads. @returns one report each, in their order */
export async function seedsSideBySide(
  { script, data, workers }: SeedScript,
  seeds: readonly number[],
  {
    done,
    onProgress,
  }: {
    readonly done?: ((index: number, bytes: Uint8Array) => Promise<void>) | undefined;
    readonly onProgress?: ((index: number, at: z.infer<typeof noteSchema>) => void) | undefined;
  } = {},
): Promise<ReportDocument[]> {
  const pool = new WorkerPool(script, data, workers ?? availableParallelism());
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

/** Runs every seed that had not finished before an interruption. @returns the reports of all seeds, in their order */
export async function seedsOfRun(
  seeds: readonly number[],
  { folder, watcher }: { readonly folder: RunFolder; readonly watcher: Watcher },
  script: SeedScript,
): Promise<ReportDocument[]> {
  await mkdir(folder.path('checkpoints'), { recursive: true });
  const file = (seed: number): string => `checkpoints/seed-${seed}.json`;
  const read = async (seed: number): Promise<ReportDocument | undefined> => {
    const known = await folder.read(file(seed));
    return known === undefined ? undefined : parseReport(new TextDecoder().decode(known), file(seed));
  };
  const known = await Promise.all(seeds.map(read));
  const open = seeds.filter((_, i) => known[i] === undefined);
  const stage = watcher.stage(`${seeds.length} seed(s)`);
  await seedsSideBySide(script, open, {
    done: async (i, bytes) => folder.write(file(open[i]), bytes),
    onProgress: (i, { stage: name, done, total, note }) => {
      const finished = seeds.length - open.length + i;
      stage.progress(finished + Math.min(1, done / total), seeds.length, `seed ${open[i]}, ${name}: ${note}`);
    },
  });
  const documents = (await Promise.all(seeds.map(read))).flatMap((one) => (one === undefined ? [] : [one]));
  stage.done(`${documents.length} finished`);
  return documents;
}

/**
 * The body of a worker thread that runs one seed after another and posts the report each comes to, or why it failed.
 *
 * @param folder in which every seed gets a folder of its own; nothing is kept where there is none
 */
export function answerSeeds(
  folder: string | undefined,
  run: (seed: number, own: string | undefined, tell: TellStage) => Promise<ReportDocument>,
): void {
  if (parentPort === null) throw new Error('worker: this file is the body of a worker thread.');
  const port = parentPort;
  const answer = async (seed: unknown): Promise<void> => {
    try {
      if (typeof seed !== 'number') throw new GymError('usage', 'worker: expected a seed, received something else.');
      const own = folder === undefined ? undefined : join(folder, `seed-${seed}`);
      if (own !== undefined) await mkdir(own, { recursive: true });
      const document = await run(seed, own, (stage, done, total, note) => {
        port.postMessage({ kind: 'progress', note: { stage, done, total, note } });
      });
      const bytes = new TextEncoder().encode(serialiseReport(document));
      port.postMessage({ kind: 'result', result: bytes }, [bytes.buffer]);
    } catch (error) {
      port.postMessage({
        kind: 'failure',
        message: `seed ${String(seed)}: ${messageOf(error)}`,
        code: error instanceof GymError ? error.code : 'numeric',
      });
    }
  };
  port.on('message', (seed: unknown) => {
    void answer(seed);
  });
}
