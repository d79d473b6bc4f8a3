import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { GymError, messageOf } from '../../core/check.js';
import { TORCH_SCRIPT } from './tensor-torch-script.js';

const Skipped = z.object({ skipped: z.string() });
const Hello = z.union([z.object({ version: z.string(), instructions: z.string() }), Skipped]);
const Prepared = z.union([z.object({ chosen: z.string(), variants: z.record(z.string(), z.number()) }), Skipped]);
const Measured = z.object({ samples: z.array(z.number()) });
const Dropped = z.object({ dropped: z.string() });

/** Which way of doing it was fastest in PyTorch, and milliseconds of all that were tried; or why there is none. */
export type TorchChoice = z.infer<typeof Prepared>;

/** PyTorch in a process of its own, waiting for something to measure. */
export class Torch {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string, unknown>;
  #complaint = '';
  version = '';

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#process = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    child.stderr.on('data', (text) => (this.#complaint += String(text)));
    // A process that ends early is noticed where its answer is missing.
    child.stdin.on('error', () => undefined);
  }

  /**
   * Starts `python3` with that many threads; says why where it is not there or has no PyTorch.
   *
   * @param sizes of the workloads that will be asked for, by name
   */
  static async start(sizes: object, threads: number): Promise<Torch | { readonly skipped: string }> {
    // These two pick kernels for numpy; PyTorch shall choose for itself.
    const { OPENBLAS_CORETYPE: _core, OPENBLAS_L2_SIZE: _size, ...env } = process.env;
    const count = String(threads);
    const child = spawn('python3', ['-c', TORCH_SCRIPT, JSON.stringify(sizes), count], {
      env: { ...env, OMP_NUM_THREADS: count, MKL_NUM_THREADS: count },
    });
    try {
      await once(child, 'spawn');
      const torch = new Torch(child);
      const hello = await torch.#answer(Hello);
      if ('skipped' in hello) return hello;
      torch.version = `${hello.version}, ${hello.instructions}`;
      return torch;
    } catch (error) {
      child.kill();
      return { skipped: messageOf(error) };
    }
  }

  /** Tries every variant of a workload for so long and keeps the fastest. */
  prepare(name: string, seconds: number): Promise<TorchChoice> {
    return this.#ask(`prepare ${name} ${seconds}`, Prepared);
  }

  /** Milliseconds per run of what was prepared. */
  async measure(name: string, seconds: number): Promise<number[]> {
    return (await this.#ask(`measure ${name} ${seconds}`, Measured)).samples;
  }

  /** Gives the memory of a workload back. */
  async drop(name: string): Promise<void> {
    await this.#ask(`drop ${name}`, Dropped);
  }

  /** Ends the process. */
  stop(): void {
    this.#process.kill();
  }

  #ask<T>(question: string, answer: z.ZodType<T>): Promise<T> {
    this.#process.stdin.write(`${question}\n`);
    return this.#answer(answer);
  }

  async #answer<T>(expected: z.ZodType<T>): Promise<T> {
    const { done, value } = await this.#lines.next();
    if (done !== true) return expected.parse(JSON.parse(value));
    const reason = this.#complaint.trim().split('\n').at(-1) ?? '';
    throw new GymError('io', `python3: expected an answer, received its end. ${reason}`.trim());
  }
}
