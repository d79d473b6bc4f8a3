import { join } from 'node:path';
import { workerData } from 'node:worker_threads';
import { startBackend } from '../../core/tensor/backend.js';
import type { AdUtilityExperiment } from '../config/ad-utility-schema.js';
import { keepIn } from '../run/keep.js';
import { provenance } from '../run/provenance.js';
import { answerSeeds } from '../run/seeds.js';
import { utilityDocument } from './document.js';
import { runUtilitySeed } from './seed-run.js';

/** A worker thread that runs one seed of an ad-utility experiment after another. */

interface Given {
  readonly experiment: AdUtilityExperiment;
  readonly backend: string;
  /** Folder in which logs and policies are kept; nothing is kept where there is none. */
  readonly folder?: string;
}

function isGiven(value: unknown): value is Given {
  return typeof value === 'object' && value !== null && 'experiment' in value && 'backend' in value;
}

const given: unknown = workerData;
if (!isGiven(given)) throw new Error('worker: this file is the body of a worker thread.');
const { experiment, backend, folder } = given;
const ready = startBackend(backend);

answerSeeds(folder, async (seed, own, onProgress) => {
  await ready;
  const keep = own === undefined ? undefined : keepIn(own);
  const store = own === undefined ? undefined : join(own, 'log.sqlite');
  const result = await runUtilitySeed({ experiment, seed, keep, store, onProgress });
  return utilityDocument(experiment, result, await provenance(experiment, backend, result.logHash));
});
