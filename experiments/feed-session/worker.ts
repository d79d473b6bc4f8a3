import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { GymError, messageOf } from '../../core/check.js';
import { startBackend } from '../../core/tensor/backend.js';
import type { FeedExperiment } from '../config/feed-schema.js';
import { serialiseReport } from '../report/document.js';
import { provenance } from '../run/provenance.js';
import { loadLog } from '../../logs/load.js';
import type { Log } from '../../logs/record.js';
import { keepIn } from './keep.js';
import { seedDocument } from './document.js';
import { runFeedSeed } from './seed-run.js';

/** A worker thread that runs one seed after another and posts the report each comes to, or why it failed. */

interface Given {
  readonly experiment: FeedExperiment;
  readonly backend: string;
  /** SQLite file of logs. */
  readonly store: string;
  /** Folder in which artefacts and trainings are kept; nothing is kept where there is none. */
  readonly folder?: string;
}

function isGiven(value: unknown): value is Given {
  return typeof value === 'object' && value !== null && 'experiment' in value && 'store' in value;
}

const given: unknown = workerData;
if (parentPort === null || !isGiven(given)) throw new Error('worker: this file is the body of a worker thread.');
const port = parentPort;
const { experiment, backend, store, folder } = given;
const ready = startBackend(backend);

port.on('message', (seed: unknown) => {
  void answer(seed);
});

async function answer(seed: unknown): Promise<void> {
  try {
    if (typeof seed !== 'number') throw new GymError('usage', 'worker: expected a seed, received something else.');
    await ready;
    const own = folder === undefined ? undefined : join(folder, `seed-${seed}`);
    if (own !== undefined) await mkdir(own, { recursive: true });
    const { source } = experiment;
    const result = await runFeedSeed({
      ...{ experiment, seed },
      ...(own === undefined ? {} : { keep: keepIn(own), checkpoints: own }),
      ...(source.from === 'world' ? {} : { log: await logFrom(source) }),
      onProgress: (stage, done, total, note) => {
        port.postMessage({ kind: 'progress', note: { stage, done, total, note } });
      },
    });
    const from = await provenance(experiment, backend, result.logHash);
    const bytes = new TextEncoder().encode(serialiseReport(seedDocument(experiment, result, from)));
    port.postMessage({ kind: 'result', result: bytes }, [bytes.buffer]);
  } catch (error) {
    port.postMessage({
      kind: 'failure',
      message: `seed ${String(seed)}: ${messageOf(error)}`,
      code: error instanceof GymError ? error.code : 'numeric',
    });
  }
}

async function logFrom(source: Exclude<FeedExperiment['source'], { from: 'world' }>): Promise<Log> {
  const { log } = await loadLog(
    source.from === 'store' ? { store, name: source.name } : { store, path: source.path, format: source.format },
  );
  return log;
}
