import { importanceWeighted } from '../../agents/ad-utility/importance-weighted.js';
import { stream } from '../../core/random.js';
import { nativeInUse } from '../../core/tensor/native/memory.js';
import { startBackend } from '../../core/tensor/backend.js';
import type { WeightGrid } from '../../logs/ad-utility/weight-grid.js';
import { makeLog } from '../../logs/columns.js';
import type { Log } from '../../logs/record.js';
import { cpuSeconds } from './env-clock.js';
import { useThreads } from './tensor-machine.js';

/** Seconds of one core that a learner may take for one pass over a million rows. */
export const LEARNING_BAR = 10;
/** A market's requests have about so many features. */
const [NUMBERS, TEXTS] = [8, 2];

/** CPU-seconds of one pass over a million rows. */
export interface LearnerPass {
  readonly what: string;
  readonly perMillion: number;
}

/**
 * One pass of importance-weighted policy gradient with its default network, the survey of the rows included, on one
 * thread. Columns of a log's shape stand for a log: what they say does not change the time.
 */
export async function learnerPasses(rows: number, grid: WeightGrid): Promise<LearnerPass[]> {
  await startBackend(process.env['RECSYS_GYM_BACKEND']);
  const luck = stream('bench ad-utility');
  const log = columnsOf(rows, grid);
  const reward = Float64Array.from({ length: rows }, () => luck.next());
  const all = { name: 'all', index: Int32Array.from({ length: rows }, (_, i) => i) };
  const back = nativeInUse() ? useThreads(1) : (): void => undefined;
  const passes = (['joint', 'factorised'] as const).map((head): LearnerPass => {
    const settings = { ...importanceWeighted.defaults, epochs: 1, head };
    const start = cpuSeconds();
    importanceWeighted.fit({ log, rows: all, reward, settings, random: stream(1) });
    return { what: `one pass of a learner, ${head} head`, perMillion: ((cpuSeconds() - start) / rows) * 1e6 };
  });
  back();
  return passes;
}

function columnsOf(rows: number, grid: WeightGrid): Log {
  const luck = stream('bench ad-utility columns');
  const below = (n: number): number => Math.floor(luck.next() * n);
  return makeLog({
    name: 'bench',
    rows,
    schema: {
      outcomes: [],
      source: 'bench',
      numericNames: Array.from({ length: NUMBERS }, (_, m) => `number ${m}`),
      categoricalNames: Array.from({ length: TEXTS }, (_, c) => `text ${c}`),
    },
    actions: grid.actionTable(),
    action: Int32Array.from({ length: rows }, () => below(grid.size)),
    outcomes: [],
    propensity: new Float64Array(rows).fill(1 / grid.size),
    numeric: Float32Array.from({ length: rows * NUMBERS }, () => luck.next()),
    categorical: Int32Array.from({ length: rows * TEXTS }, () => below(3)),
    categoricalValues: Array.from({ length: TEXTS }, () => ['a', 'b', 'c']),
  });
}
