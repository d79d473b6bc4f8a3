import { benchAb } from './ab.js';
import { benchAdUtility } from './ad-utility.js';
import { benchEnv } from './env.js';
import { benchEvaluate } from './evaluate.js';
import { benchLanguage } from './language.js';
import { benchLogs } from './logs.js';
import { benchPreference } from './preference.js';
import { benchRetrieval } from './retrieval.js';
import { benchTensor } from './tensor.js';

/** What a benchmark prints: a table and remarks on what was measured. */
export interface BenchResult {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  readonly notes: readonly string[];
}

/** What may be chosen about a benchmark. */
export interface BenchOptions {
  /** Threads of the kernels, for those who use more than one. */
  readonly threads: number;
}

/** A row of the table of benchmarks. A result may hold more than is printed; `--json` shows all of it. */
export interface Benchmark {
  readonly summary: string;
  readonly run: (options: BenchOptions) => Promise<BenchResult>;
}

/** The table of benchmarks: `recsys-gym bench NAME`. */
export const benchmarks: Readonly<Record<string, Benchmark>> = {
  ab: { summary: 'seconds to analyse an A/B test of a million units', run: () => benchAb() },
  'ad-utility': {
    summary: 'a million logged requests of an ad market: CPU-seconds to generate them, and to learn from them once',
    run: () => benchAdUtility(),
  },
  env: {
    summary: 'world steps per CPU-second at batch 1, 64 and 1024',
    run: async () => {
      const { speeds, learned, peers, notes } = await benchEnv();
      const beside = peers.flatMap((peer) =>
        'skipped' in peer ? [] : [[`${peer.env} (${peer.version})`, peer.batch, peer.stepsPerCpuSecond]],
      );
      const skipped = peers.flatMap((peer) => ('skipped' in peer ? [`${peer.env} skipped: ${peer.skipped}`] : []));
      const beyond = learned.flatMap(({ env, batch, stepsPerCpuSecond, forwardsPerCpuSecond, share }) => [
        [env, batch, stepsPerCpuSecond],
        [`  its response model; ratio ${share.toFixed(2)}`, batch, forwardsPerCpuSecond],
      ]);
      return {
        columns: ['env', 'batch', 'steps per CPU-second'],
        rows: [
          ...speeds.map(({ env, batch, stepsPerCpuSecond }) => [env, batch, stepsPerCpuSecond]),
          ...beyond,
          ...beside,
        ],
        notes: [...notes, ...skipped],
      };
    },
  },
  evaluate: {
    summary: 'estimates of a policy on a million rounds beside NumPy, bootstrap replicates, and the command on files',
    run: () => Promise.resolve(benchEvaluate()),
  },
  language: {
    summary: 'tokens per second of a small language model: training beside PyTorch, alignment by KTO and HPO, sampling',
    run: ({ threads }) => benchLanguage({ threads }),
  },
  logs: {
    summary: 'rows per second imported from CSV, read as columns and exported',
    run: async () => {
      const result = await benchLogs();
      return {
        columns: ['what', 'value'],
        rows: Object.entries(result).map(([name, value]) => [name, Number(value)]),
        notes: [],
      };
    },
  },
  preference: {
    summary: 'milliseconds of a training step per loss of preferences, and HPO ÷ KTO',
    run: () => benchPreference(),
  },
  retrieval: {
    summary: 'exact search: milliseconds per batch, beside a plain read of the table',
    run: ({ threads }) => Promise.resolve(benchRetrieval({ threads })),
  },
  tensor: {
    summary: 'training steps, a forward pass and a matrix product: ours, PyTorch and tfjs (about a minute and a half)',
    run: ({ threads }) => benchTensor({ threads }),
  },
};
