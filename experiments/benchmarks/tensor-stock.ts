import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { messageOf } from '../../core/check.js';
import type { BackendName } from '../../core/tensor/backend.js';
import type { Sizes } from './tensor-sizes.js';

/** Workloads that are also written in plain tfjs, the short ones first. */
export const STOCK_WORKLOADS = ['policy-1', 'matmul', 'mlp-64', 'mlp-512'] as const;
export type StockWorkload = (typeof STOCK_WORKLOADS)[number];

/** tfjs's own backends by the names of the table, and what `startBackend` calls them. */
export const STOCK_BACKENDS = { cpu: 'cpu', wasm: 'wasm', 'tfjs-node': 'tensorflow' } as const satisfies Readonly<
  Record<string, BackendName>
>;
export type StockName = keyof typeof STOCK_BACKENDS;

const Mlp = z.object({ batch: z.number(), inputs: z.number(), hidden: z.array(z.number()) });
/** The sizes of those workloads as they arrive in the child process. */
export const StockSizes = z.object({
  'mlp-64': Mlp,
  'mlp-512': Mlp,
  'policy-1': Mlp,
  matmul: z.object({ rows: z.number(), inner: z.number(), columns: z.number() }),
});

const Line = z.object({ name: z.enum(STOCK_WORKLOADS), ms: z.number().optional(), skipped: z.string().optional() });

/** Milliseconds per workload of one of tfjs's own backends, and why some are missing. */
export interface StockTimes {
  readonly ms: Readonly<Partial<Record<StockWorkload, number>>>;
  readonly skipped: readonly string[];
}

/** Measures a stock backend in a fresh process, in as many threads where it knows threads. */
export function measureStock(stock: StockName, sizes: Sizes, seconds: number, threads: number): StockTimes {
  const script = fileURLToPath(new URL('tensor-stock-child.js', import.meta.url));
  const count = String(threads);
  const child = spawnSync(process.execPath, [script, STOCK_BACKENDS[stock], JSON.stringify(sizes), String(seconds)], {
    encoding: 'utf8',
    timeout: 300_000,
    env: {
      ...process.env,
      ...{ OMP_NUM_THREADS: count, TF_NUM_INTRAOP_THREADS: count, TF_NUM_INTEROP_THREADS: count },
      TF_CPP_MIN_LOG_LEVEL: '2',
    },
  });
  const lines = child.stdout.split('\n').filter((line) => line.startsWith('{'));
  const found = lines.map((line) => Line.parse(JSON.parse(line)));
  const skipped = found.flatMap((line) => (line.skipped === undefined ? [] : [`${line.name}: ${line.skipped}`]));
  if (child.status !== 0) skipped.push(child.error === undefined ? reason(child.stderr) : messageOf(child.error));
  return { ms: Object.fromEntries(found.flatMap(({ name, ms }) => (ms === undefined ? [] : [[name, ms]]))), skipped };
}

/** The line of a crash report that names the error. */
function reason(report: string): string {
  const lines = report.split('\n').map((line) => line.trim());
  const line = lines.find((text) => text.includes('Error:')) ?? lines.findLast((text) => text !== '');
  return line?.replace(/^\w*Error: /, '') ?? 'ended without a word';
}
