import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { GymError } from '../../core/check.js';
import { replicatedValues } from '../evaluate/intervals/index.js';
import { evaluatePolicy, parseRequests, type Evaluation } from '../evaluate/evaluate.js';
import { madeLog, writeArrays, writeCsv, type MadeLog } from './evaluate-log.js';
import { NUMPY_SCRIPT } from './evaluate-numpy-script.js';
import type { BenchResult } from './index.js';
import { median } from './tensor-clock.js';
import { loadNow, machineNotes } from './tensor-machine.js';

/** One thing measured; seconds of the processor, or by the clock for commands. */
interface Measured {
  readonly what: string;
  readonly seconds: number;
  /** The other side's seconds ÷ ours. */
  readonly ratio?: number;
  readonly bar?: string;
  readonly holds?: boolean;
}

interface Sizes {
  readonly rounds: number;
  readonly actions: number;
  /** Of SNIPS. */
  readonly replicates: number;
  readonly resampled: number;
  /** Rows of the files. */
  readonly rows: number;
  readonly repeats: number;
}

const FULL: Sizes = {
  rounds: 1_000_000,
  actions: 20,
  replicates: 10_000,
  resampled: 100_000,
  rows: 1_000_000,
  repeats: 5,
};
/** NumPy, every estimator for itself, may not be faster than this many times our time. */
const NUMPY_BAR = 3;
const BOOTSTRAP_BAR = 3;
const COMMAND_BAR = 5;
/** How far values and standard errors may be from NumPy's, relative to themselves. */
const AGREEMENT = 1e-9;
const ESTIMATORS = 'ips,clippedIps,snips,dm,dr,sndr,switchDr,dros,sgIps,sgDr,clippedDr';

const Numpy = z.union([
  z.object({
    version: z.string(),
    each: z.array(z.number()),
    shared: z.array(z.number()),
    values: z.record(z.string(), z.tuple([z.number(), z.number()])),
  }),
  z.object({ skipped: z.string() }),
]);

export interface EvaluateBenchmark extends BenchResult {
  readonly measured: readonly Measured[];
  /** Largest relative difference to NumPy's values and standard errors; absent without NumPy. */
  readonly difference?: number;
}

/** Estimates of a policy beside NumPy, bootstrap replicates, and the command on files. */
export function benchEvaluate(sizes: Sizes = FULL): EvaluateBenchmark {
  const before = loadNow();
  const folder = mkdtempSync(join(tmpdir(), 'recsys-gym-bench-'));
  try {
    const { measured, notes, difference } = estimating(sizes, folder);
    const all = [...measured, resampling(sizes), command(sizes, 3, folder), command(sizes, sizes.actions, folder)];
    return {
      columns: ['what', 'seconds', 'times ours', 'bar'],
      rows: all.map(({ what, seconds, ratio, bar, holds }) => [
        what,
        seconds,
        ratio ?? '',
        bar === undefined ? '' : `${bar}: ${holds === true ? 'holds' : 'missed'}`,
      ]),
      notes: [
        ...notes,
        `Processor seconds, medians of ${sizes.repeats}; commands once, by the clock, from start to end of the process.`,
        ...machineNotes(before, 1),
      ],
      measured: all,
      ...(difference === undefined ? {} : { difference }),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** All estimators with their intervals; ours before and after NumPy's. */
function estimating(
  { rounds: n, actions, repeats }: Sizes,
  folder: string,
): { readonly measured: Measured[]; readonly notes: string[]; readonly difference?: number } {
  const log = madeLog(n, actions);
  const requests = parseRequests(ESTIMATORS);
  const options = { requests, level: 0.95, replicates: 0, seed: 1 };
  const evaluate = (): Evaluation => evaluatePolicy(log.rounds, log.target, log.guesses, options);
  const evaluation = evaluate();
  const seconds = cpuTimes(evaluate, repeats);
  const numpy = askNumpy(log, folder, repeats);
  seconds.push(...cpuTimes(evaluate, repeats));
  const ours = median(seconds);
  const size = `${requests.length} estimators, ${n} rounds × ${actions} actions`;
  if ('skipped' in numpy)
    return { measured: [{ what: size, seconds: ours }], notes: [`NumPy skipped: ${numpy.skipped}`] };
  const ratio = median(numpy.each) / ours;
  const difference = largestDifference(evaluation, numpy.values);
  const agrees = difference <= AGREEMENT;
  return {
    measured: [
      { what: size, seconds: ours, ratio: 1 },
      {
        ...{ what: 'NumPy, every estimator for itself', seconds: median(numpy.each), ratio },
        ...{ bar: `≥ ${NUMPY_BAR}`, holds: ratio >= NUMPY_BAR && agrees },
      },
      { what: 'NumPy, weights shared', seconds: median(numpy.shared), ratio: median(numpy.shared) / ours },
    ],
    notes: [
      `NumPy ${numpy.version}; values and standard errors differ by at most ${difference.toExponential(1)} of themselves (≤ ${AGREEMENT}: ${agrees ? 'holds' : 'missed'}). Ours includes intervals, the check of every round, diagnostics and the verdict.`,
    ],
    difference,
  };
}

function askNumpy(log: MadeLog, folder: string, repeats: number): z.infer<typeof Numpy> {
  writeArrays(folder, log);
  const { rounds } = log;
  const sizes = [rounds.action.length, rounds.actions, repeats].map(String);
  const python = spawnSync('python3', ['-c', NUMPY_SCRIPT, folder, ...sizes], { encoding: 'utf8', timeout: 300_000 });
  if (python.error !== undefined) return { skipped: python.error.message };
  if (python.status === 0) return Numpy.parse(JSON.parse(python.stdout));
  return { skipped: python.stderr.trim().split('\n').at(-1) ?? `exit code ${String(python.status)}` };
}

function largestDifference(
  { estimates }: Evaluation,
  theirs: Readonly<Record<string, readonly [number, number]>>,
): number {
  let largest = 0;
  for (const [key, { value, standardError }] of Object.entries(estimates)) {
    const [theirValue, theirError] = theirs[key];
    if (value === null || standardError === null) return Infinity;
    largest = Math.max(largest, Math.abs(value / theirValue - 1), Math.abs(standardError / theirError - 1));
  }
  return largest;
}

/** The percentile bootstrap of SNIPS, on one core. */
function resampling({ replicates, resampled }: Sizes): Measured {
  const luck = madeLog(resampled, 2);
  const { reward } = luck.rounds;
  const denominator = Float64Array.from(reward, (_, i) => 2 * luck.target[2 * i]);
  const numerator = denominator.map((weight, i) => weight * reward[i]);
  const [seconds] = cpuTimes(() => replicatedValues([{ numerator, denominator }], { replicates, seed: 1 }), 1);
  return {
    what: `${replicates} bootstrap replicates of snips, ${resampled} rounds`,
    seconds,
    bar: `≤ ${BOOTSTRAP_BAR} s`,
    holds: seconds <= BOOTSTRAP_BAR,
  };
}

/** `recsys-gym evaluate` on a file, as a process of its own. */
function command({ rows }: Sizes, actions: number, folder: string): Measured {
  const path = join(folder, `log-${actions}.csv`);
  writeCsv(path, madeLog(rows, actions));
  const policy = Array.from({ length: actions }, (_, a) => `pi_${a}`).join();
  const columns = ['--action', 'action', '--reward', 'reward', '--propensity', 'propensity', '--policy', policy];
  const main = fileURLToPath(new URL('../../../experiments/cli/recsys-gym.mjs', import.meta.url));
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [main, 'evaluate', path, ...columns, '--json'], {
    encoding: 'utf8',
  });
  const seconds = (performance.now() - start) / 1000;
  if (status !== 0) throw new GymError('io', `recsys-gym evaluate: expected an answer, received: ${stderr}`);
  return {
    what: `the command, CSV of ${rows} rows with ${actions} policy columns`,
    seconds,
    bar: `≤ ${COMMAND_BAR} s`,
    holds: seconds <= COMMAND_BAR,
  };
}

/** Processor seconds of each of so many runs. */
function cpuTimes(work: () => unknown, runs: number): number[] {
  return Array.from({ length: runs }, () => {
    const start = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1e6;
  });
}
