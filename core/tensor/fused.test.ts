import tf from '@tensorflow/tfjs';
import test from 'ava';
import fc from 'fast-check';
import { stream } from '../random.js';
import { startBackend } from './backend.js';
import { embedding, embeddingBag, type EmbeddingOptions } from './embedding.js';
import { dense, type Activation } from './layers.js';
import { distance, nativeTest, numbers, onEveryInstructionSet, withThreads } from './native/native.test.helper.js';
import { constant, cosine, inverseRoot, linear, warmUp } from './optimisers/schedules.js';
import { ParameterSet, normalInit, zeros } from './parameters.js';
import { Trainer, infer, type TrainerSettings } from './train.js';

test.before(async () => {
  await startBackend();
});

/** Runs on a backend of tfjs, and goes back. */
function on<T>(backend: string, work: () => T): T {
  const before = tf.getBackend();
  void tf.setBackend(backend);
  try {
    return work();
  } finally {
    void tf.setBackend(before);
  }
}

/** Value and all gradients of a dense layer under a loss with a slope of its own at every output. */
function denseAnswer([rows, inputs, outputs]: readonly number[], activation: Activation): number[] {
  const random = stream(7);
  const parameters = new ParameterSet();
  const x = parameters.add('x', [rows, inputs], normalInit(1), random);
  const layer = dense(parameters, { name: 'layer', inputs, outputs, activation }, random);
  parameters.numbers('layer.bias').set(numbers(outputs, 5));
  const slopes = numbers(rows * outputs, 9);
  const trainer = new Trainer(parameters, { optimiser: 'sgd', learningRate: 1 });
  const value = infer(parameters, () => layer(x.value().as2D(rows, inputs)));
  const before = parameters.values.slice();
  trainer.step(() =>
    tf.sum(tf.mul(layer(x.value().as2D(rows, inputs)), tf.tensor2d(slopes, [rows, outputs]))).asScalar(),
  );
  return [...value, ...before.map((v, i) => v - parameters.values[i])];
}

const rowsAt = fc.integer({ min: 0, max: 40 });
const widthAt = fc.integer({ min: 1, max: 40 });
const activations = fc.constantFrom<Activation>('linear', 'relu', 'tanh', 'sigmoid');

nativeTest('dense: fused values and gradients are those of stock operations, for random shapes', (t) => {
  fc.assert(
    fc.property(rowsAt, widthAt, widthAt, activations, (rows, inputs, outputs, activation) => {
      const shape = [rows, inputs, outputs];
      const wanted = on('cpu', () => denseAnswer(shape, activation));
      return (
        distance(
          on('native', () => denseAnswer(shape, activation)),
          wanted,
        ) < 3e-5
      );
    }),
    { numRuns: 150 },
  );
  t.pass();
});

nativeTest('dense: the same bits for 1 and 2 threads; instruction sets agree to 1e-5', (t) => {
  const answer = (): number[] => on('native', () => denseAnswer([700, 130, 70], 'tanh'));
  const one = withThreads(1, answer);
  t.deepEqual(withThreads(2, answer), one);
  for (const set of onEveryInstructionSet(answer)) {
    const scale = Math.sqrt(700);
    t.true(
      distance(
        set.answer.map((v) => v / scale),
        one.map((v) => v / scale),
      ) < 1e-5,
      set.name,
    );
  }
});

test('dense and embedding bags: gradients are those of finite differences, for random shapes', (t) => {
  const size = fc.integer({ min: 1, max: 5 });
  fc.assert(
    fc.property(size, size, fc.constantFrom(1, 3, 17), size, (rows, bag, width, outputs) => {
      const parameters = new ParameterSet();
      const random = stream(6);
      const look = embeddingBag(parameters, { name: 'bag', buckets: 4, width, initialise: normalInit(0.5) }, random);
      const layer = dense(parameters, { name: 'layer', inputs: width, outputs, activation: 'tanh' }, random);
      const ids = idsFor(rows, bag, 4);
      const slopes = numbers(rows * outputs, 9);
      const loss = (): tf.Scalar =>
        tf.sum(tf.mul(layer(look(ids, rows)), tf.tensor2d(slopes, [rows, outputs]))).asScalar();
      const start = parameters.values.slice();
      new Trainer(parameters, { optimiser: 'sgd', learningRate: 1 }).step(loss);
      const exact = start.map((v, i) => v - parameters.values[i]);
      const step = 1e-2;
      const near = start.map((v, i) => {
        const at = (moved: number): number => {
          parameters.values.set(start);
          parameters.values[i] = moved;
          return infer(parameters, loss)[0];
        };
        return (at(v + step) - at(v - step)) / (2 * step);
      });
      return distance(exact, near) < 3e-3;
    }),
    { numRuns: 25 },
  );
  t.pass();
});

test('dense: rows of another width are refused by the name of the layer', (t) => {
  const parameters = new ParameterSet();
  const layer = dense(parameters, { name: 'first', inputs: 3, outputs: 2 }, stream(1));
  t.throws(() => infer(parameters, () => layer(tf.zeros([4, 5]))), {
    message: /layer 'first': expected rows of 3 numbers, received a tensor of shape 4×5/,
  });
});

/** Bags of ids with some padding, the same for the same numbers. */
function idsFor(rows: number, bag: number, buckets: number): Int32Array {
  return numbers(rows * bag, 3).reduce(
    (ids, u, i) => {
      ids[i] = Math.floor(((u + 1) / 2) * (buckets + 1)) - 1;
      return ids;
    },
    new Int32Array(rows * bag),
  );
}

/** Bag values, and the table after one step of plain descent. */
function bagAnswer(shape: readonly number[], options: Partial<EmbeddingOptions>): number[] {
  const [rows, bag, buckets, width] = shape;
  const parameters = new ParameterSet();
  const random = stream(5);
  const look = embeddingBag(parameters, { name: 'bag', buckets, width, initialise: normalInit(1), ...options }, random);
  const trainer = new Trainer(parameters, { optimiser: 'sgd', learningRate: 0.5, clipNorm: 0.7 });
  const ids = idsFor(rows, bag, buckets);
  const slopes = numbers(rows * width, 9);
  const value = infer(parameters, () => look(ids, rows));
  const { gradientNorm } = trainer.step(() =>
    tf.sum(tf.mul(look(ids, rows), tf.tensor2d(slopes, [rows, width]))).asScalar(),
  );
  return [...value, gradientNorm, ...parameters.values, ...parameters.tables.flatMap(({ values }) => [...values])];
}

test('an embedding bag read and moved by kernels, by loops, by stock operations and row by row is the same', (t) => {
  const rows = fc.integer({ min: 1, max: 12 });
  const width = fc.constantFrom(1, 3, 8, 16, 17, 32, 64);
  fc.assert(
    fc.property(rows, fc.integer({ min: 0, max: 6 }), rows, width, fc.boolean(), (n, bag, buckets, w, mean) => {
      const shape = [n, bag, buckets, w];
      const wanted = on('cpu', () => bagAnswer(shape, { mean, by: 'ops' }));
      const ways: Partial<EmbeddingOptions>[] = [{}, { byRows: { optimiser: 'sgd', learningRate: 0.5 } }];
      return (
        distance(
          on('cpu', () => bagAnswer(shape, { mean, by: 'loops' })),
          wanted,
        ) < 1e-5 &&
        ways.every((way) => distance(bagAnswer(shape, { mean, ...way }), wanted) < 1e-5) &&
        ways.every(
          (way) =>
            distance(
              on('cpu', () => bagAnswer(shape, { mean, ...way })),
              wanted,
            ) < 1e-5,
        )
      );
    }),
    { numRuns: 60 },
  );
  t.pass();
});

test('row-wise Adagrad by hand: one accumulator per row, repeated ids summed, other rows untouched', (t) => {
  const parameters = new ParameterSet();
  const options = { name: 'table', buckets: 4, width: 2, initialise: zeros, byRows: { learningRate: 0.1, epsilon: 0 } };
  const look = embedding(parameters, options, stream(1));
  const trainer = new Trainer(parameters, { optimiser: 'sgd', learningRate: 1 });
  // Slopes (1, 3) for row 2, twice, and (4, 0) for row 0; padding has none.
  const slopes = tf.tensor2d([1, 3, 4, 0, 1, 3, 9, 9], [4, 2]);
  const report = trainer.step(() => tf.sum(tf.mul(look(Int32Array.of(2, 0, 2, -1)), slopes)).asScalar());
  slopes.dispose();
  const [{ values, history }] = parameters.tables;
  // h_2 = (2² + 6²) / 2 = 20, h_0 = 16 / 2 = 8.
  t.true(distance(history, [8, 0, 20, 0]) < 1e-6);
  t.true(distance(values, [-0.4 / Math.sqrt(8), 0, 0, 0, -0.2 / Math.sqrt(20), -0.6 / Math.sqrt(20), 0, 0]) < 1e-6);
  t.true(Math.abs(report.gradientNorm - Math.sqrt(4 + 36 + 16)) < 1e-5);
});

/** Parameters after some steps on a bowl whose gradient is the parameters' distance from a point, times a scale. */
function descended(settings: TrainerSettings, steps: number): number[] {
  const parameters = new ParameterSet();
  const at = parameters.add('at', [37], normalInit(1), stream(3));
  const goal = numbers(37, 2);
  const trainer = new Trainer(parameters, settings);
  const norms = Array.from({ length: steps }, (_, i) => {
    const loss = (): tf.Scalar => tf.mul(tf.sum(tf.squaredDifference(at.value(), tf.tensor1d(goal))), 1 + i).asScalar();
    return trainer.step(loss, settings.learningRate / (1 + i)).gradientNorm;
  });
  return [...parameters.values, ...norms];
}

for (const settings of [
  { learningRate: 0.1 },
  { learningRate: 0.1, beta1: 0.5, beta2: 0.9, epsilon: 1e-3, weightDecay: 0.1, clipNorm: 2 },
  { optimiser: 'sgd', learningRate: 0.01 },
  { optimiser: 'sgd', learningRate: 0.01, momentum: 0.9, weightDecay: 0.1, clipNorm: 3 },
] satisfies TrainerSettings[]) {
  nativeTest(`optimiser ${JSON.stringify(settings)}: the kernel and the loops agree`, (t) => {
    const wanted = on('cpu', () => descended(settings, 6));
    t.true(
      distance(
        on('native', () => descended(settings, 6)),
        wanted,
      ) < 1e-5,
    );
    for (const { name, answer } of onEveryInstructionSet(() => on('native', () => descended(settings, 6)))) {
      t.true(distance(answer, wanted) < 1e-5, name);
    }
  });
}

test('Adam and SGD by hand', (t) => {
  const moved = (settings: TrainerSettings, slopes: readonly number[]): number => {
    const parameters = new ParameterSet();
    const w = parameters.add('w', [1], zeros, stream(1));
    const trainer = new Trainer(parameters, settings);
    for (const slope of slopes) trainer.step(() => tf.sum(tf.mul(w.value(), slope)).asScalar());
    return parameters.values[0];
  };
  // Adam's first step is the learning rate, whatever the slope; its second: m = 0.28/0.19·… by the recursion.
  t.true(Math.abs(moved({ learningRate: 0.1 }, [5]) + 0.1) < 1e-6);
  const second =
    (0.1 * ((0.9 * 0.1 * 1 + 0.1 * 2) / (1 - 0.81))) / Math.sqrt((0.999 * 0.001 + 0.001 * 4) / (1 - 0.999 ** 2));
  t.true(Math.abs(moved({ learningRate: 0.1 }, [1, 2]) + 0.1 + second) < 1e-6);
  t.true(Math.abs(moved({ optimiser: 'sgd', learningRate: 0.1, momentum: 0.5 }, [1, 2]) + 0.1 + 0.25) < 1e-7);
  t.true(Math.abs(moved({ optimiser: 'sgd', learningRate: 0.1, clipNorm: 3 }, [12]) + 0.3) < 1e-7);
});

test('schedules by hand', (t) => {
  const near = (found: number, wanted: number): boolean =>
    t.true(Math.abs(found - wanted) < 1e-12, `${found} ${wanted}`);
  near(constant(0.3)(7), 0.3);
  [0, 5, 10, 99].forEach((step, i) => near(linear(1, 0.5, 10)(step), [1, 0.75, 0.5, 0.5][i]));
  [0, 5, 10, 99].forEach((step, i) => near(cosine(1, 0, 10)(step), [1, 0.5, 0, 0][i]));
  near(inverseRoot(1, 4)(12), 0.5);
  [0, 1, 2, 3, 8].forEach((step, i) => near(warmUp(3, linear(1, 0, 10))(step), [0.25, 0.5, 0.75, 1, 0.5][i]));
  t.throws(() => linear(1, 0, 0), { message: /linear schedule: steps/ });
});

test('a trainer made before its model was complete says so', (t) => {
  const parameters = new ParameterSet();
  const w = parameters.add('w', [1], zeros, stream(1));
  const trainer = new Trainer(parameters, { learningRate: 0.1 });
  parameters.add('late', [2], zeros, stream(1));
  t.throws(() => trainer.step(() => tf.sum(w.value()).asScalar()), {
    message: /Add every layer before making the trainer/,
  });
});
