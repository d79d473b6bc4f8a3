import { fc } from '@fast-check/ava';
import test, { type ExecutionContext } from 'ava';
import tf from '@tensorflow/tfjs';
import { stream } from '../../random.js';
import { nativeTest } from '../native/native.test.helper.js';
import { close, counts, keepsTheLaws, normals, outcome, type Case, type Operand } from './laws.test.helper.js';
import { sampledSoftmax } from './sampled-softmax.js';

function some(seed: number, rows: number, columns: number, width: number): Case {
  const source = stream(seed);
  const positive = counts(source, [rows], columns);
  const ids = counts(source, [columns], 2 * columns);
  const own = { values: positive.values.map((place) => ids.values[place]), shape: [rows] };
  return {
    operation: ([queries, candidates], [places, candidateIds, positiveIds, logQ]) =>
      sampledSoftmax({ queries, candidates, positive: places, candidateIds, positiveIds, logQ, temperature: 0.5 }),
    inputs: [normals(source, [rows, width]), normals(source, [columns, width])],
    constants: [positive, ids, own, normals(source, [columns])],
  };
}

const cases = fc
  .record({
    seed: fc.nat(),
    rows: fc.integer({ min: 1, max: 20 }),
    columns: fc.integer({ min: 1, max: 40 }),
    width: fc.integer({ min: 1, max: 33 }),
  })
  .map(({ seed, rows, columns, width }) => some(seed, rows, columns, width));

keepsTheLaws('sampled softmax', cases, () => some(1, 600, 300, 20));

const whole = (...values: number[]): Operand => ({ values: Int32Array.from(values), shape: [values.length] });

// Two queries of one number, both 1; candidates 0, ln 3 and 5, the last a second copy of the first query's own.
const hand: Case = {
  operation: ([queries, candidates], [positive, candidateIds, positiveIds, logQ]) =>
    sampledSoftmax({ queries, candidates, positive, candidateIds, positiveIds, logQ }),
  inputs: [
    { values: Float32Array.of(1, 1), shape: [2, 1] },
    { values: Float32Array.of(0, Math.log(3), 5), shape: [3, 1] },
  ],
  constants: [
    ...[whole(0, -1), whole(7, 8, 7), whole(7, 0)],
    { values: Float32Array.of(Math.log(0.5), Math.log(0.25), 0), shape: [3] },
  ],
  slope: [1],
};

for (const backend of ['cpu', 'native'] as const) {
  const declare = backend === 'native' ? nativeTest : test.serial;

  declare(
    `sampled softmax by hand (${backend}): ln Q corrected, the accidental hit left out`,
    (t: ExecutionContext) => {
      // e^s = 1/0.5 and 3/0.25: the loss is ln(14/2), the odds of the negative 12/14.
      const { value, gradients } = outcome(backend, hand);
      close(t, value, [Math.log(7)], 1e-6);
      close(t, gradients[0], [(Math.log(3) * 12) / 14, 0], 1e-6);
      close(t, gradients[1], [-12 / 14, 12 / 14, 0], 1e-6);
    },
  );

  declare(`sampled softmax with negatives from the batch (${backend})`, (t: ExecutionContext) => {
    // Orthogonal pairs at temperature 1/2: every row is (2, 0) with its own first.
    const own = whole(0, 1);
    const { value } = outcome(backend, {
      operation: ([queries, candidates], [positive]) =>
        sampledSoftmax({
          ...{ queries, candidates, positive, candidateIds: positive, positiveIds: positive },
          temperature: 0.5,
        }),
      inputs: [0, 1].map(() => ({ values: Float32Array.of(1, 0, 0, 1), shape: [2, 2] })),
      constants: [own],
      slope: [1],
    });
    close(t, value, [Math.log(1 + Math.exp(-2))], 1e-6);
  });
}

// torch 2.13.0: cross_entropy(q·kᵀ / 0.5 − ln Q, [1, 3]) with candidate 2 masked (−∞) for query 0, because its id is that of
// candidate 1. Number i of q is sin(i), of k cos(i), of ln Q −i/2.
nativeTest('sampled softmax: PyTorch gives the same values and gradients', (t) => {
  const made = (shape: readonly [number, number], of: (i: number) => number): Operand => {
    return { values: Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => of(i)), shape };
  };
  const { value, gradients } = outcome('native', {
    operation: ([queries, candidates], [positive, candidateIds, positiveIds, logQ]) =>
      sampledSoftmax({ queries, candidates, positive, candidateIds, positiveIds, logQ, temperature: 0.5 }),
    inputs: [made([2, 3], Math.sin), made([4, 3], Math.cos)],
    constants: [
      ...[whole(1, 3), whole(5, 6, 6, 7), whole(6, 7)],
      { values: Float32Array.of(0, -0.5, -1, -1.5), shape: [4] },
    ],
    slope: [1],
  });
  close(t, value, [0.7853225], 1e-6);
  close(t, gradients[0], [0.7550545, 0.3725733, -0.35245, 0.3030511, 0.2679689, -0.0134826], 1e-6);
  close(
    t,
    gradients[1],
    [
      0.0108013, 0.2498249, 0.2591607, 0.0161682, -0.6852862, -0.7566916, 0.0125041, -0.0670575, -0.0849667, -0.0394736,
      0.5025187, 0.5824976,
    ],
    1e-6,
  );
});

test('sampled softmax: operands that do not fit are refused', (t) => {
  const ids = tf.tensor1d([0, 1], 'int32');
  const parts = { positive: ids, candidateIds: ids, positiveIds: ids };
  t.throws(() => sampledSoftmax({ queries: tf.zeros([2, 3]), candidates: tf.zeros([2, 4]), ...parts }), {
    message: /sampled softmax: expected queries \[N, D\] and candidates \[C, D\], received \[2, 3\] and \[2, 4\]/,
  });
  const queries = tf.zeros([2, 3]);
  t.throws(() => sampledSoftmax({ queries, candidates: queries, ...parts, temperature: 0 }), {
    message: /sampled softmax: temperature: expected a finite number/,
  });
  t.throws(() => sampledSoftmax({ queries, candidates: tf.zeros([3, 3]), ...parts }), {
    message: /ids.columns: expected int32 \[3\], received int32 \[2\]/,
  });
});
