import { workerData } from 'node:worker_threads';
import { startBackend } from '../../core/tensor/backend.js';
import { loadLog } from '../../logs/load.js';
import type { Log } from '../../logs/record.js';
import type { FeedExperiment } from '../config/feed-schema.js';
import { keepIn } from '../run/keep.js';
import { provenance } from '../run/provenance.js';
import { answerSeeds } from '../run/seeds.js';
import { seedDocument } from './document.js';
import { runFeedSeed } from './seed-run.js';

/** A worker thread that runs one seed of a feed-session experiment after another. */

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
if (!isGiven(given)) throw new Error('worker: this file is the body of a worker thread.');
const { experiment, backend, store, folder } = given;
const ready = startBackend(backend);

answerSeeds(folder, async (seed, own, onProgress) => {
  await ready;
  const { source } = experiment;
  const result = await runFeedSeed({
    ...{ experiment, seed, onProgress },
    ...(own === undefined ? {} : { keep: keepIn(own), checkpoints: own }),
    ...(source.from === 'world' ? {} : { log: await logFrom(source) }),
  });
  return seedDocument(experiment, result, await provenance(experiment, backend, result.logHash));
});

async function logFrom(source: Exclude<FeedExperiment['source'], { from: 'world' }>): Promise<Log> {
  const { log } = await loadLog(
    source.from === 'store' ? { store, name: source.name } : { store, path: source.path, format: source.format },
  );
  return log;
}
