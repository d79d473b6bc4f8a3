import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { GymError } from '../../core/check.js';

/** What a worker of a pool answers to a job. */
const answerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('progress'), note: z.unknown() }),
  z.object({ kind: z.literal('result'), result: z.instanceof(Uint8Array) }),
  z.object({
    kind: z.literal('failure'),
    message: z.string(),
    code: z.enum(['usage', 'config', 'data', 'shape', 'numeric', 'io']),
  }),
]);

/**
 * Worker threads that each take one job after another. A job and its result are plain data; which thread does it must
 * not matter to the result. A thread starts when there is a job for it.
 */
export class WorkerPool {
  readonly #script: URL;
  readonly #data: unknown;
  readonly #lanes: number;
  readonly #idle: Worker[] = [];
  readonly #all: Worker[] = [];

  /** @param data given to every thread as its `workerData` */
  constructor(script: URL, data: unknown, lanes: number) {
    this.#script = script;
    this.#data = data;
    this.#lanes = Math.max(1, lanes);
  }

  /**
   * Results in the order of the jobs; what a worker posts as `progress` is told meanwhile. The first failure ends
   * the wait; jobs that had begun are let finish.
   */
  async map(
    jobs: readonly unknown[],
    done: (index: number, result: Uint8Array) => void | Promise<void>,
    onProgress?: (index: number, note: unknown) => void,
  ): Promise<Uint8Array[]> {
    const results: Uint8Array[] = [];
    const queue = [...jobs.keys()];
    const lane = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        try {
          const index = next;
          results[next] = await this.#run(jobs[next], (note) => onProgress?.(index, note));
          await done(next, results[next]);
        } catch (error) {
          queue.length = 0;
          throw error;
        }
      }
    };
    const lanes = await Promise.allSettled(Array.from({ length: Math.min(this.#lanes, jobs.length) }, lane));
    for (const outcome of lanes) if (outcome.status === 'rejected') throw outcome.reason;
    return results;
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((worker) => worker.terminate()));
  }

  #run(job: unknown, onProgress: (note: unknown) => void): Promise<Uint8Array> {
    const worker = this.#idle.pop() ?? this.#start();
    return new Promise((resolve, reject) => {
      const onMessage = (posted: unknown): void => {
        const answer = answerSchema.parse(posted);
        if (answer.kind === 'progress') {
          onProgress(answer.note);
          return;
        }
        settle();
        this.#idle.push(worker);
        if (answer.kind === 'result') resolve(answer.result);
        else reject(new GymError(answer.code, answer.message));
      };
      const onError = (error: unknown): void => {
        settle();
        reject(error instanceof Error ? error : new Error(String(error)));
      };
      const onExit = (): void => {
        settle();
        reject(new GymError('io', 'a worker thread: expected its answer, received its end. Go on with --resume.'));
      };
      // Only our own: a worker has listeners of its own, which keep its port open.
      const settle = (): void => {
        worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      };
      worker.on('message', onMessage).on('error', onError).on('exit', onExit);
      worker.postMessage(job);
    });
  }

  #start(): Worker {
    const worker = new Worker(this.#script, { workerData: this.#data });
    this.#all.push(worker);
    return worker;
  }
}
