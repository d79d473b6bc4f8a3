import type { WorkloadName } from './tensor-sizes.js';
import type { StockName } from './tensor-stock.js';

/** What the benchmark found out about one workload. Times are medians in milliseconds. */
export interface WorkloadResult {
  readonly ours: { readonly eager: number; readonly compiled: number };
  /** Whether both ways gave the same losses (or outputs), to the bit, before they were timed. */
  readonly sameBits: boolean;
  readonly torch?: number;
  /** PyTorch's fastest way, which `torch` is the time of, and the first times of all that were tried. */
  readonly torchVariant?: string;
  readonly torchVariants?: Readonly<Record<string, number>>;
  readonly torchSkipped?: string;
  readonly stock: Readonly<Partial<Record<StockName, number>>>;
  /** Billions of additions and multiplications per second, for the product. */
  readonly gflops?: { readonly ours: number; readonly torch?: number };
  readonly ratios: Ratios;
  readonly bars: Ratios;
  /** Whether each bar holds, where its ratio is known. */
  readonly holds: Readonly<Partial<Record<keyof Ratios, boolean>>>;
}

/** What is compared. */
export interface Ratios {
  /** Our time over PyTorch's. At most. */
  readonly eager?: number;
  readonly compiled?: number;
  /** Our speed over PyTorch's, recorded. At least. */
  readonly gflops?: number;
  /** Time of the fastest of tfjs's own backends over our eager time. At least. */
  readonly stock?: number;
}

const BARS: Readonly<Record<WorkloadName, Ratios>> = {
  'mlp-64': { eager: 0.8, compiled: 0.5, stock: 10 },
  'mlp-512': { compiled: 1 },
  'policy-1': { compiled: 0.25 },
  transformer: { compiled: 1 },
  embedding: { eager: 0.5, compiled: 0.5 },
  'embedding-sgd': { compiled: 0.5 },
  matmul: { gflops: 0.8 },
};

type Times = Pick<WorkloadResult, 'ours' | 'torch' | 'stock' | 'gflops'>;

/** Ratios, and which bars hold. */
export function judged(name: WorkloadName, times: Times): Pick<WorkloadResult, 'ratios' | 'bars' | 'holds'> {
  const { ours, torch, stock, gflops } = times;
  const fastest = Math.min(...Object.values(stock));
  const ratios: Ratios = {
    ...(torch === undefined ? {} : { eager: ours.eager / torch, compiled: ours.compiled / torch }),
    ...(gflops?.torch === undefined ? {} : { gflops: gflops.ours / gflops.torch }),
    ...(Number.isFinite(fastest) ? { stock: fastest / ours.eager } : {}),
  };
  const bars = BARS[name];
  const holds: Partial<Record<keyof Ratios, boolean>> = {};
  for (const key of ['eager', 'compiled', 'gflops', 'stock'] as const) {
    const [ratio, bar] = [ratios[key], bars[key]];
    if (ratio === undefined || bar === undefined) continue;
    holds[key] = key === 'eager' || key === 'compiled' ? ratio <= bar : ratio >= bar;
  }
  return { ratios, bars, holds };
}

/** The table's columns; see `rowsOf`. */
export const COLUMNS = [
  'workload',
  'ours',
  'ms',
  'PyTorch ms',
  'ours/PyTorch',
  'bar',
  'tfjs cpu',
  'tfjs wasm',
  'tfjs-node',
  'times faster than tfjs',
] as const;

/** The rows of one workload: eager and recorded, and for the product its speed. */
export function rowsOf(name: WorkloadName, result: WorkloadResult): (string | number)[][] {
  const { ours, torch, stock, gflops, ratios } = result;
  const verdict = (key: keyof Ratios, side: string): string => {
    const [bar, held] = [result.bars[key], result.holds[key]];
    if (bar === undefined) return '';
    return `${side} ${bar}: ${held === undefined ? 'not compared' : held ? 'holds' : 'missed'}`;
  };
  const fastest = Math.min(...Object.values(stock));
  const others = [stock.cpu, stock.wasm, stock['tfjs-node']].map((ms) => ms ?? '');
  const rows = (['eager', 'compiled'] as const).map((way) => {
    const times = Number.isFinite(fastest) ? (fastest / ours[way]).toPrecision(3) : '';
    const bar = way === 'eager' && result.bars.stock !== undefined ? ` (${verdict('stock', '≥')})` : '';
    const beside = [torch ?? '', ratios[way] ?? '', verdict(way, '≤')];
    return [name, way, ours[way], ...beside, ...others, times + bar];
  });
  if (gflops !== undefined) {
    const beside = [gflops.torch ?? '', ratios.gflops ?? '', verdict('gflops', '≥')];
    rows.push([name, 'GFLOP/s', gflops.ours, ...beside, ...others.map(() => ''), '']);
  }
  return rows;
}
