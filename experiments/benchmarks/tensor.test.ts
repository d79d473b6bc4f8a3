import test from 'ava';
import { WORKLOADS, type Sizes } from './tensor-sizes.js';
import { judged } from './tensor-report.js';
import { benchTensor } from './tensor.js';

const TINY: Sizes = {
  'mlp-64': { batch: 8, inputs: 5, hidden: [7, 6] },
  'mlp-512': { batch: 9, inputs: 6, hidden: [17, 8] },
  'policy-1': { batch: 1, inputs: 5, hidden: [6, 6] },
  transformer: { batch: 3, places: 5, width: 8, heads: 2 },
  embedding: { rows: 100, width: 4, bags: 6, bag: 3, batches: 2, table: 'adagrad' },
  'embedding-sgd': { rows: 100, width: 4, bags: 6, bag: 3, batches: 2, table: 'sgd' },
  matmul: { rows: 8, inner: 9, columns: 10 },
};

test('the tensor benchmark measures every side, and both ways of running ours give the same bits', async (t) => {
  const { columns, rows, workloads } = await benchTensor({ rounds: 2, seconds: 0.005, sizes: TINY, stock: ['cpu'] });
  t.deepEqual(Object.keys(workloads), [...WORKLOADS]);
  t.true(rows.every((row) => row.length === columns.length));
  const numbers = (value: unknown): number[] => {
    if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(numbers);
    return typeof value === 'number' ? [value] : [];
  };
  for (const [name, result] of Object.entries(workloads)) {
    t.true(result.sameBits, `${name}: eager and compiled differ`);
    for (const value of numbers(result)) t.true(Number.isFinite(value) && value > 0, `${name}: ${value}`);
  }
  for (const name of ['mlp-64', 'mlp-512', 'policy-1', 'matmul']) t.true('cpu' in workloads[name].stock, name);
});

test('bars: times must stay below, speeds and leads above', (t) => {
  const stock = { cpu: 30, wasm: 9 };
  const { ratios, holds } = judged('mlp-64', { ours: { eager: 0.9, compiled: 0.6 }, torch: 1, stock });
  t.deepEqual(ratios, { eager: 0.9, compiled: 0.6, stock: 10 });
  t.deepEqual(holds, { eager: false, compiled: false, stock: true });
  const product = { ours: { eager: 2, compiled: 2 }, torch: 1, stock: {}, gflops: { ours: 90, torch: 100 } };
  t.deepEqual(judged('matmul', product).holds, { gflops: true });
  t.deepEqual(judged('matmul', { ours: { eager: 2, compiled: 2 }, stock: {}, gflops: { ours: 90 } }).holds, {});
});
