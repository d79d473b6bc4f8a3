// One stock backend of tfjs, measured in a process of its own by `bench tensor`. Arguments: the backend, the sizes as
// JSON, seconds per workload. Prints one JSON object per workload: {name, ms} or {name, skipped}.
import tf from '@tensorflow/tfjs';
import { stream } from '../../core/random.js';
import { startBackend } from '../../core/tensor/backend.js';
import { median, sample } from './tensor-clock.js';
import type { MlpSize, Sizes } from './tensor-sizes.js';
import { STOCK_WORKLOADS, StockSizes, type StockWorkload } from './tensor-stock.js';

/** A first run that takes longer is the only one. */
const TOO_LONG_SECONDS = 3;

const source = stream('bench/tensor');
const numbers = (...shape: number[]): tf.Tensor => {
  const length = shape.reduce((product, n) => product * n, 1);
  return tf.tensor(
    Float32Array.from({ length }, () => 2 * source.next() - 1),
    shape,
  );
};

type Network = (x: tf.Tensor) => tf.Tensor;

/** Variables and plain operations, as tfjs's own examples write a network. */
function network({ inputs, hidden }: MlpSize, activation: 'relu' | 'tanh'): Network {
  const widths = [inputs, ...hidden, 1];
  const layers = widths.slice(1).map((outputs, i) => {
    const limit = Math.sqrt(6 / (widths[i] + outputs));
    return { w: tf.variable(numbers(widths[i], outputs).mul(limit)), b: tf.variable(tf.zeros([outputs])) };
  });
  return (x) =>
    layers.reduce((value, { w, b }, i) => {
      const z = tf.add(tf.matMul(value, w), b);
      return i === hidden.length ? z : tf[activation](z);
    }, x);
}

/** Computes something and reads it. Nothing is returned from `tidy`, which looks for tensors in every number of an array. */
function read(compute: () => tf.Tensor | null): () => void {
  return () => {
    tf.tidy(() => {
      compute()?.dataSync();
    });
  };
}

function trainingStep(size: MlpSize): () => unknown {
  const net = network(size, 'relu');
  const [x, y] = [numbers(size.batch, size.inputs), numbers(size.batch, 1)];
  const optimiser = tf.train.adam(1e-3);
  return read(() => optimiser.minimize(() => tf.losses.meanSquaredError(y, net(x)).asScalar(), true));
}

function workOf(name: StockWorkload, sizes: Pick<Sizes, StockWorkload>): () => unknown {
  if (name === 'policy-1') {
    const net = network(sizes[name], 'tanh');
    const x = numbers(sizes[name].batch, sizes[name].inputs);
    return read(() => net(x));
  }
  if (name !== 'matmul') return trainingStep(sizes[name]);
  const { rows, inner, columns } = sizes[name];
  const [a, b] = [numbers(rows, inner), numbers(inner, columns)];
  return read(() => tf.matMul(a, b));
}

function measure(name: StockWorkload, sizes: Pick<Sizes, StockWorkload>, seconds: number): object {
  const work = workOf(name, sizes);
  const start = performance.now();
  work();
  const first = (performance.now() - start) / 1000;
  if (first > TOO_LONG_SECONDS) return { name, skipped: `one run takes ${first.toFixed(1)} s` };
  return { name, ms: median(sample(work, seconds)) };
}

const [, , backend, sizes, seconds] = process.argv;
await startBackend(backend);
const parsed = StockSizes.parse(JSON.parse(sizes));
for (const name of STOCK_WORKLOADS) {
  process.stdout.write(`${JSON.stringify(measure(name, parsed, Number(seconds)))}\n`);
}
