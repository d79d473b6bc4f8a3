import test from 'ava';
import { WorkerPool } from './worker-pool.js';

/** A worker that squares a number, refuses negative ones, and ends at 13. */
const script = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort, workerData } from 'node:worker_threads';
    parentPort.on('message', (n) => {
      if (n === 13) process.exit(0);
      if (n < 0) parentPort.postMessage({ kind: 'failure', message: 'no ' + n, code: 'data' });
      else setTimeout(() => parentPort.postMessage({ kind: 'result', result: Uint8Array.of(n * n + workerData) }), n % 3);
    });
  `)}`,
);
const withPool = async (lanes: number, body: (pool: WorkerPool) => Promise<void>): Promise<void> => {
  const pool = new WorkerPool(script, 1, lanes);
  try {
    await body(pool);
  } finally {
    await pool.close();
  }
};
const jobs = Array.from({ length: 9 }, (_, n) => n);

test('results come in the order of the jobs, for any number of threads, and again from the same pool', async (t) => {
  for (const lanes of [1, 2, 20]) {
    await withPool(lanes, async (pool) => {
      const told: number[] = [];
      const results = await pool.map(jobs, (index) => void told.push(index));
      t.deepEqual(
        results.map(([byte]) => byte),
        jobs.map((n) => n * n + 1),
      );
      t.deepEqual(told.sort(), jobs);
      t.is((await pool.map([3], () => undefined))[0][0], 10);
    });
  }
});

test('a failure ends the work with its own message and code', async (t) => {
  await withPool(2, async (pool) => {
    await t.throwsAsync(() => pool.map([1, -4, 2, 3, 5], () => undefined), { message: 'no -4', code: 'data' });
  });
});

test('a thread that ends without an answer is an error that says how to go on', async (t) => {
  await withPool(1, async (pool) => {
    await t.throwsAsync(() => pool.map([13], () => undefined), { message: /received its end. Go on with --resume/ });
  });
});
