import { parentPort, workerData } from 'node:worker_threads';
import { GymError, messageOf } from '../../../core/check.js';
import { startBackend } from '../../../core/tensor/backend.js';
import type { AbExperiment } from '../../config/ab-schema.js';
import { setEnvStage } from './env-stage.js';
import { carryOut, type Job } from './jobs.js';

/** A worker thread that plays one job after another and posts the bytes each comes to, or why it failed. */

interface Given {
  readonly experiment: AbExperiment;
  readonly backend: string;
}

function isGiven(value: unknown): value is Given {
  return typeof value === 'object' && value !== null && 'experiment' in value && 'backend' in value;
}

function isJob(value: unknown): value is Job {
  return typeof value === 'object' && value !== null && 'kind' in value;
}

const given: unknown = workerData;
if (parentPort === null || !isGiven(given)) throw new Error('worker: this file is the body of a worker thread.');
const port = parentPort;
const { experiment, backend } = given;
const stage = startBackend(backend).then(() => setEnvStage(experiment));
// Whoever awaits it is told why it failed.
stage.catch(() => undefined);

port.on('message', (job: unknown) => {
  void answer(job);
});

async function answer(job: unknown): Promise<void> {
  try {
    if (!isJob(job)) throw new GymError('usage', 'worker: expected a job, received something else.');
    const result = carryOut(experiment, await stage, job);
    port.postMessage({ kind: 'result', result }, result.buffer instanceof ArrayBuffer ? [result.buffer] : []);
  } catch (error) {
    port.postMessage({
      kind: 'failure',
      message: messageOf(error),
      code: error instanceof GymError ? error.code : 'numeric',
    });
  }
}
