import tf from '@tensorflow/tfjs';
import test from 'ava';
import fc from 'fast-check';
import { startBackend } from '../backend.js';
import { addon } from './addon.js';
import { distance, nativeTest, numbers, onEveryInstructionSet, withThreads } from './native.test.helper.js';
import { kernel, run } from './run.js';

/** The same computation on a backend; the answer as plain numbers. */
function on(backend: string, work: () => tf.Tensor): number[] {
  void tf.setBackend(backend);
  return tf.tidy(() => [...work().dataSync()]);
}

/** Ours against tfjs's JavaScript kernels. */
function agree(work: () => tf.Tensor): number {
  return distance(on('native', work), on('cpu', work));
}

test.before(async () => {
  await startBackend();
  tf.env().set('PROD', true);
});

const size = fc.integer({ min: 0, max: 37 });
const some = fc.integer({ min: 1, max: 37 });

nativeTest('matrix products in all transpositions and sizes are those of the definition', (t) => {
  const matmul = kernel('matmul')();
  fc.assert(
    fc.property(
      size,
      size,
      size,
      fc.boolean(),
      fc.boolean(),
      fc.integer({ min: 0, max: 3 }),
      (M, N, K, ta, tb, act) => {
        const [a, b, bias] = [numbers(M * K, 1), numbers(K * N, 2), numbers(N, 3)];
        const out = new Float32Array(M * N).fill(NaN);
        run(matmul, [a, b, bias], [out], [1, M, N, K, Number(ta), Number(tb), 0, 0, 1, act]);
        const wanted = out.map((_, at) => {
          const [i, j] = [Math.floor(at / N), at % N];
          let sum = bias[j];
          for (let k = 0; k < K; k++) sum += a[ta ? k * M + i : i * K + k] * b[tb ? j * K + k : k * N + j];
          return [sum, Math.max(0, sum), Math.tanh(sum), 1 / (1 + Math.exp(-sum))][act];
        });
        return distance(out, wanted) < 1e-5;
      },
    ),
    { numRuns: 400 },
  );
  t.pass();
});

nativeTest(
  'large products: packed and threaded ones have the same bits for 1 and 2 threads, and the right numbers',
  (t) => {
    const matmul = kernel('matmul')();
    for (const [M, N, K, ta, tb] of [
      [300, 200, 300, 0, 0],
      [257, 131, 520, 0, 1],
      [129, 259, 600, 1, 0],
      [400, 33, 500, 1, 1],
      [3000, 64, 64, 0, 0],
      [5000, 1, 1000, 0, 0],
    ]) {
      const [a, b] = [numbers(M * K, 1), numbers(K * N, 2)];
      const product = (): Float32Array => {
        const out = new Float32Array(M * N);
        run(matmul, [a, b, b], [out], [1, M, N, K, ta, tb, 0, 0, 0, 0]);
        return out;
      };
      const one = withThreads(1, product);
      t.deepEqual(withThreads(2, product), one, `${M}×${N}×${K}`);
      const at = [0, M * N - 1, Math.floor((M * N) / 2), Math.floor((M * N) / 3)];
      const wanted = at.map((place) => {
        const [i, j] = [Math.floor(place / N), place % N];
        let sum = 0;
        for (let k = 0; k < K; k++) sum += a[ta ? k * M + i : i * K + k] * b[tb ? j * K + k : k * N + j];
        return sum;
      });
      t.true(
        distance(
          at.map((place) => one[place]),
          wanted,
        ) < 1e-4,
        `${M}×${N}×${K}`,
      );
    }
  },
);

nativeTest('a row of a product does not depend on the rows beside it', (t) => {
  const matmul = kernel('matmul')();
  const [N, K] = [70, 90];
  const [a, b] = [numbers(40 * K, 1), numbers(K * N, 2)];
  const rows = (M: number): Float32Array => {
    const out = new Float32Array(M * N);
    run(matmul, [a.subarray(0, M * K), b, b], [out], [1, M, N, K, 0, 0, 0, 0, 0, 0]);
    return out.slice(0, N);
  };
  for (const M of [1, 2, 5, 13, 14, 40]) t.deepEqual(rows(M), rows(40), `${M} rows`);
});

nativeTest('batched products with leading axes on either side are tfjs’s', (t) => {
  const [a, b, c] = [numbers(2 * 3 * 4 * 5), numbers(2 * 3 * 5 * 6, 2), numbers(5 * 6, 3)];
  const ours = (left: () => tf.Tensor, right: () => tf.Tensor): number => agree(() => tf.matMul(left(), right()));
  const full = (): tf.Tensor => tf.tensor4d(a, [2, 3, 4, 5]);
  t.true(ours(full, () => tf.tensor4d(b, [2, 3, 5, 6])) < 1e-6);
  t.true(ours(full, () => tf.tensor4d(c, [1, 1, 5, 6])) < 1e-6);
  t.true(
    ours(
      () => tf.tensor3d(numbers(20, 4), [1, 4, 5]),
      () => tf.tensor3d(numbers(90, 5), [3, 5, 6]),
    ) < 1e-6,
  );
});

const UNARY = ['abs', 'elu', 'exp', 'expm1', 'log', 'log1p', 'neg', 'reciprocal', 'relu', 'relu6', 'rsqrt', 'selu'];
const MORE = ['sigmoid', 'sign', 'softplus', 'sqrt', 'square', 'tanh', 'leakyRelu', 'step'];
const SPECIAL = [0, -0, 1, -1, Infinity, -Infinity, NaN, 1e-30, -1e-30, 88, 89, -104, 1e30, 0.3, -0.7];

for (const name of [...UNARY, ...MORE]) {
  nativeTest(`${name}: JavaScript's numbers on every instruction set, at the edges and between`, (t) => {
    const operation: unknown = Reflect.get(tf, name);
    if (typeof operation !== 'function') return t.fail(`tfjs has no ${name}`);
    const x = Float32Array.from([...SPECIAL, ...numbers(100).map((v) => 20 * v), ...numbers(100, 2)]);
    const work = (): tf.Tensor => operation(tf.tensor1d(x)) as tf.Tensor;
    const wanted = on('cpu', work);
    for (const { name: set, answer } of onEveryInstructionSet(() => on('native', work))) {
      t.true(distance(answer, wanted) < 2e-6, `${set}: ${distance(answer, wanted)}`);
    }
  });
}

const BINARY = ['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'squaredDifference', 'greater', 'lessEqual', 'equal'];

nativeTest('two operands stretched to each other, for random shapes', (t) => {
  const axis = fc.constantFrom(1, 1, 2, 3, 5, 17);
  const pair = fc.array(fc.tuple(axis, fc.constantFrom('both', 'left', 'right')), { minLength: 0, maxLength: 5 });
  fc.assert(
    fc.property(pair, fc.constantFrom(...BINARY), fc.boolean(), (axes, name, shorten) => {
      const shapeA = axes.map(([n, side]) => (side === 'right' ? 1 : n));
      const full = axes.map(([n, side]) => (side === 'left' ? 1 : n));
      const shapeB = shorten ? full.slice(Math.floor(full.length / 2)) : full;
      const operation = Reflect.get(tf, name) as (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;
      return (
        agree(() =>
          operation(
            tf.tensor(numbers(tf.util.sizeFromShape(shapeA)), shapeA),
            tf.tensor(numbers(tf.util.sizeFromShape(shapeB), 2), shapeB),
          ),
        ) < 1e-6
      );
    }),
    { numRuns: 300 },
  );
  t.throws(() => on('native', () => tf.add(tf.zeros([2, 3]), tf.zeros([4, 3]))), { message: /could not be broadcast/ });
});

nativeTest('reductions over any neighbouring axes, and softmax, are JavaScript’s', (t) => {
  fc.assert(
    fc.property(some, some, some, fc.integer({ min: 0, max: 2 }), fc.boolean(), (a, b, c, axis, keep) => {
      const x = (): tf.Tensor => tf.tensor3d(numbers(a * b * c), [a, b, c]);
      const axes = [[0], [1], [2], [0, 1], [1, 2], undefined];
      return [tf.sum, tf.mean, tf.max, tf.min, tf.prod]
        .map((reduce) => Math.max(...axes.map((over) => agree(() => reduce(x(), over, keep)))))
        .concat(
          agree(() => tf.argMax(x(), axis)),
          agree(() => tf.argMin(x(), axis)),
        )
        .concat(
          agree(() => tf.softmax(x())),
          agree(() => tf.logSoftmax(x())),
        )
        .every((gap) => gap < 1e-5);
    }),
    { numRuns: 60 },
  );
  t.pass();
});

nativeTest('a long sum keeps its small terms and does not depend on the threads', (t) => {
  const n = 3_000_000;
  const x = new Float32Array(n).fill(0.1);
  const sum = (): number => on('native', () => tf.sum(tf.tensor1d(x)))[0];
  const one = withThreads(1, sum);
  t.true(Math.abs(one / (n * Math.fround(0.1)) - 1) < 1e-6, String(one));
  t.is(withThreads(2, sum), one);
});

nativeTest('moving numbers: transpose, slice, concat, tile, pad, split, stack, gather, one-hot, top-k', (t) => {
  const perms = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]; // prettier-ignore
  fc.assert(
    fc.property(some, some, some, fc.constantFrom(...perms), (a, b, c, perm) => {
      const x = (): tf.Tensor3D => tf.tensor3d(numbers(a * b * c), [a, b, c]);
      const whole = (): tf.Tensor3D => tf.tensor3d(numbers(a * b * c).map((v) => Math.round(9 * v)), [a, b, c], 'int32'); // prettier-ignore
      const ids = (): tf.Tensor1D => tf.tensor1d(numbers(7).map((v) => Math.floor(((v + 1) / 2) * b)), 'int32'); // prettier-ignore
      const from = [a, b, c].map((n) => Math.floor(n / 3));
      return [
        agree(() => tf.transpose(x(), perm)),
        agree(() => tf.transpose(whole(), perm)),
        agree(() => tf.slice(x(), from)),
        agree(() => tf.concat([x(), x(), tf.slice(x(), [0, 0, 0], [a, b, c])], perm[0])),
        agree(() => tf.tile(x(), [2, 1, 3])),
        agree(() => tf.pad(x(), [[1, 0], [0, 2], [1, 1]], 0.5)), // prettier-ignore
        agree(() => tf.stack([x(), x()], perm[1])),
        agree(() => tf.unstack(x(), perm[0])[0]),
        agree(() => tf.gather(x(), ids(), 1)),
        agree(() => tf.oneHot(ids(), b + 1, 1, 0, 'float32')),
        agree(() => tf.topk(x(), Math.min(3, c)).values),
        agree(() => tf.topk(x(), Math.min(3, c)).indices),
        agree(() => tf.unsortedSegmentSum(tf.transpose(x(), [1, 0, 2]), tf.range(0, b, 1, 'int32').mod(3).asType('int32').as1D(), 3)), // prettier-ignore
      ].every((gap) => gap < 1e-6);
    }),
    { numRuns: 60 },
  );
  t.throws(() => on('native', () => tf.gather(tf.zeros([3, 2]), tf.tensor1d([3], 'int32'))), {
    message: /index value 3 is not in \[0, 2\]/,
  });
});

nativeTest('instruction sets agree to 1e-5 on products, sums and softmax', (t) => {
  const x = (): tf.Tensor => tf.tensor2d(numbers(90 * 70), [90, 70]);
  const answers = onEveryInstructionSet(() =>
    on('native', () => tf.softmax(tf.matMul(x(), x(), true, false))).concat(on('native', () => tf.sum(x(), 0))),
  );
  t.true(answers.length >= 1);
  for (const { name, answer } of answers) t.true(distance(answer, answers[0].answer) < 1e-5, name);
});

nativeTest('memory is used again without being seen twice', (t) => {
  void tf.setBackend('native');
  const first = tf.tidy(() => tf.add(tf.tensor1d([1, 2, 3]), 1).dataSync());
  const second = tf.tidy(() => tf.add(tf.tensor1d([5, 6, 7]), 1).dataSync());
  t.deepEqual([...first], [2, 3, 4]);
  t.deepEqual([...second], [6, 7, 8]);
  const parts = tf.tidy(() => {
    const kept = tf.reverse(tf.add(tf.tensor1d([1, 2, 3]), 1)); // a JavaScript kernel on our memory
    for (let i = 0; i < 5; i++) tf.tidy(() => tf.add(tf.tensor1d([9, 9, 9]), i));
    return kept.dataSync();
  });
  t.deepEqual([...parts], [4, 3, 2]);
});

nativeTest('a program of malformed words is refused, not played', (t) => {
  const native = addon();
  const program = (words: number[]): unknown =>
    native.program(Int32Array.from(words), new Float64Array(0), [new Float32Array(4)]);
  for (const words of [
    [0],
    [9999, 0, 0, 0],
    [0, 1, 0, 0, 5, 0],
    [0, 1, 0, 0, 0, 400],
    [0, 0, 3, 0],
    [0, -1, 0, 0],
    [0, 0, 0, 2],
  ]) {
    t.throws(() => program(words), { message: /malformed words/ }, String(words));
  }
  t.throws(() => native.run(-1), { message: /no such kernel/ });
});
