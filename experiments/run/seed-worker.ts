import { parentPort, workerData } from 'node:worker_threads';
import { GymError, messageOf } from '../../core/check.js';
import { startBackend } from '../../core/tensor/backend.js';
import { runSeed, type SeedJob } from './seed-job.js';
import { setStage } from './stage.js';

/** A worker thread that runs one seed and posts its progress and its result, or why it failed. */

function isJob(value: unknown): value is SeedJob {
  return (
    typeof value === 'object' &&
    value !== null &&
    'experiment' in value &&
    'seed' in value &&
    'backend' in value &&
    'checkpoint' in value
  );
}

const job: unknown = workerData;
if (parentPort === null || !isJob(job)) throw new Error('seed-worker: this file is the body of a worker thread.');
const port = parentPort;
try {
  await startBackend(job.backend);
  const { env, feed } = job.experiment;
  const stage = await setStage({ ...env, feed });
  const result = runSeed(job, stage, (step, note) => {
    port.postMessage({ kind: 'progress', step, note });
  });
  port.postMessage({ kind: 'result', result });
} catch (error) {
  port.postMessage({
    kind: 'failure',
    message: messageOf(error),
    code: error instanceof GymError ? error.code : 'numeric',
  });
}
