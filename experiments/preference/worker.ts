import { workerData } from 'node:worker_threads';
import { startBackend } from '../../core/tensor/backend.js';
import type { PreferenceExperiment } from '../config/preference-schema.js';
import { keepIn } from '../run/keep.js';
import { provenance } from '../run/provenance.js';
import { answerSeeds } from '../run/seeds.js';
import { preferenceDocument } from './document.js';
import { runPreferenceSeed } from './seed-run.js';

/** A worker thread that runs one seed of a preference experiment after another. */

interface Given {
  readonly experiment: PreferenceExperiment;
  readonly backend: string;
  /** SQLite file of logs. */
  readonly store: string;
  /** Folder in which policies are kept; nothing is kept where there is none. */
  readonly folder?: string;
}

function isGiven(value: unknown): value is Given {
  return typeof value === 'object' && value !== null && 'experiment' in value && 'backend' in value && 'store' in value;
}

const given: unknown = workerData;
if (!isGiven(given)) throw new Error('worker: this file is the body of a worker thread.');
const { experiment, backend, store, folder } = given;
const ready = startBackend(backend);

answerSeeds(folder, async (seed, own, onProgress) => {
  await ready;
  const keep = own === undefined ? undefined : keepIn(own);
  const result = await runPreferenceSeed({ experiment, seed, store, keep, onProgress });
  return preferenceDocument(experiment, result, await provenance(experiment, backend, result.scene.hash));
});
