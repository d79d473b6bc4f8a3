import tf from '@tensorflow/tfjs';
import { messageOf } from '../../core/check.js';
import { startBackend } from '../../core/tensor/backend.js';
import { addon } from '../../core/tensor/native/addon.js';
import { nativeInUse } from '../../core/tensor/native/memory.js';
import { median, sample } from './tensor-clock.js';
import { OURS } from './tensor-ours.js';
import { COLUMNS, judged, rowsOf, type WorkloadResult } from './tensor-report.js';
import { FULL, WORKLOADS, type Sizes, type WorkloadName } from './tensor-sizes.js';
import { STOCK_WORKLOADS, measureStock, type StockName, type StockTimes } from './tensor-stock.js';
import { loadNow, machineNotes, useThreads } from './tensor-machine.js';
import { Torch, type TorchChoice } from './tensor-torch.js';

export interface TensorBenchmark {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  readonly notes: readonly string[];
  readonly workloads: Readonly<Record<string, WorkloadResult>>;
}

export interface TensorBenchSettings {
  /** Threads of every side that knows threads. */
  readonly threads?: number;
  /** Rounds in which the sides take turns. */
  readonly rounds?: number;
  /** Seconds per side, workload and round. */
  readonly seconds?: number;
  readonly sizes?: Sizes;
  /** tfjs's own backends to measure. */
  readonly stock?: readonly StockName[];
}

/** Steps whose losses are compared before anything is timed. */
const COMPARED = 5;

/**
 * Our tensors, eager and recorded, beside PyTorch and tfjs's own backends, all in one run: training steps, a forward
 * pass and a product of matrices. Ours and PyTorch take turns, round by round, so that whatever else the machine does
 * falls on both.
 */
export async function benchTensor(settings: TensorBenchSettings = {}): Promise<TensorBenchmark> {
  const { threads = 1, rounds = 9, seconds = 0.15, sizes = FULL, stock = ['cpu', 'wasm', 'tfjs-node'] } = settings;
  const before = loadNow();
  const backend = await startOurs();
  const restore = nativeInUse() ? useThreads(threads) : () => undefined;
  const torch = await Torch.start(sizes, threads);
  const timed: [WorkloadName, Timed][] = [];
  try {
    for (const name of WORKLOADS) {
      timed.push([name, await timesOf(name, sizes, { torch, rounds, seconds })]);
    }
  } finally {
    if (torch instanceof Torch) torch.stop();
    restore();
  }
  const others = stock.map((name) => [name, measureStock(name, sizes, 3 * seconds, threads)] as const);
  const workloads = Object.fromEntries(timed.map(([name, times]) => [name, resultOf(name, times, sizes, others)]));
  const differing = WORKLOADS.filter((name) => !workloads[name].sameBits);
  return {
    columns: COLUMNS,
    rows: WORKLOADS.flatMap((name) => rowsOf(name, workloads[name])),
    notes: [
      `Medians of all samples of ${rounds} rounds in which ours and PyTorch take turns; float32, Adam at 1e-3; ` +
        `threads: ${threads} (tfjs cpu and wasm: 1).`,
      backend,
      differing.length === 0
        ? `Eager and compiled gave the same numbers, bit for bit, in the ${COMPARED} runs before.`
        : `Eager and compiled gave DIFFERENT numbers in: ${differing.join(', ')}.`,
      torch instanceof Torch ? `PyTorch ${torch.version}.` : `PyTorch skipped: ${torch.skipped}`,
      ...timed.flatMap(([name, { choice }]) => variantsNote(name, choice)),
      ...others.flatMap(([name, { skipped }]) => skipped.map((why) => `${label(name)} skipped: ${why}`)),
      `tfjs ${tf.version.tfjs}, Node ${process.version}.`,
      ...machineNotes(before, threads),
    ],
    workloads,
  };
}

const label = (name: StockName): string => (name === 'tfjs-node' ? name : `tfjs ${name}`);

/** Starts the native backend, or the next best; says which, or what was missing. */
async function startOurs(): Promise<string> {
  const named = process.env['RECSYS_GYM_BACKEND'] || 'native';
  try {
    const backend = await startBackend(named);
    if (backend !== 'native') return `Ours on the backend ${backend}, where nothing is recorded.`;
    return `Ours: native kernels, ${addon().instructionSets()[0]}.`;
  } catch (error) {
    return `Ours on the backend ${await startBackend()}, where nothing is recorded: ${messageOf(error)}`;
  }
}

interface Timed extends Pick<WorkloadResult, 'ours' | 'sameBits' | 'torch'> {
  readonly choice?: TorchChoice;
}

interface Rounds {
  readonly torch: Torch | { readonly skipped: string };
  readonly rounds: number;
  readonly seconds: number;
}

/** Ours and PyTorch, in turns. */
async function timesOf(name: WorkloadName, sizes: Sizes, { torch, rounds, seconds }: Rounds): Promise<Timed> {
  const { eager, compiled } = OURS[name](sizes);
  const first = Array.from({ length: COMPARED }, () => [eager(), compiled()]);
  const sameBits = first.every(([a, b]) => Object.is(a, b));
  for (const work of [eager, compiled]) sample(work, seconds);
  const choice = torch instanceof Torch ? await torch.prepare(name, 2 * seconds) : undefined;
  const peer = torch instanceof Torch && choice !== undefined && 'chosen' in choice ? torch : undefined;
  const samples = { eager: new Array<number>(), compiled: new Array<number>(), torch: new Array<number>() };
  for (let round = 0; round < rounds; round++) {
    samples.eager.push(...sample(eager, seconds));
    samples.compiled.push(...sample(compiled, seconds));
    if (peer !== undefined) samples.torch.push(...(await peer.measure(name, seconds)));
  }
  await peer?.drop(name);
  return {
    ours: { eager: median(samples.eager), compiled: median(samples.compiled) },
    sameBits,
    ...(peer === undefined ? {} : { torch: median(samples.torch) }),
    ...(choice === undefined ? {} : { choice }),
  };
}

function resultOf(
  name: WorkloadName,
  { choice, ...times }: Timed,
  { matmul: { rows, inner, columns } }: Sizes,
  others: readonly (readonly [StockName, StockTimes])[],
): WorkloadResult {
  const known = STOCK_WORKLOADS.find((measured) => measured === name);
  const stock: Partial<Record<StockName, number>> = {};
  for (const [backend, { ms }] of others) {
    const time = known === undefined ? undefined : ms[known];
    if (time !== undefined) stock[backend] = time;
  }
  const speed = (ms: number): number => (2 * rows * inner * columns) / (ms * 1e6);
  const { torch } = times;
  const gflops = {
    ours: speed(times.ours.compiled),
    ...(torch === undefined ? {} : { torch: speed(torch) }),
  };
  const all = { ...times, stock, ...(name === 'matmul' ? { gflops } : {}) };
  const tried = choice === undefined ? {} : 'chosen' in choice ? fastestOf(choice) : { torchSkipped: choice.skipped };
  return { ...all, ...tried, ...judged(name, all) };
}

function fastestOf({ chosen, variants }: Extract<TorchChoice, { chosen: string }>): Partial<WorkloadResult> {
  return { torchVariant: chosen, torchVariants: variants };
}

/** Which of PyTorch's ways was taken, where there was a choice. */
function variantsNote(name: WorkloadName, choice: TorchChoice | undefined): string[] {
  if (choice === undefined) return [];
  if ('skipped' in choice) return [`PyTorch ${name} skipped: ${choice.skipped}`];
  const tried = Object.entries(choice.variants).map(([variant, ms]) => `${variant} ${ms.toPrecision(3)} ms`);
  return tried.length < 2
    ? []
    : [`PyTorch's ${name}: ${choice.chosen}, the fastest when tried of ${tried.join(', ')}.`];
}
