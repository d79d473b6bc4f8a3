import { fc } from '@fast-check/ava';
import test, { type ExecutionContext } from 'ava';
import tf from '@tensorflow/tfjs';
import { stream } from '../../random.js';
import { nativeTest } from '../native/native.test.helper.js';
import { close, counts, keepsTheLaws, normals, outcome, type Case, type Operand } from './laws.test.helper.js';
import { sigmoidCrossEntropy, softmaxCrossEntropy, type SoftmaxOptions } from './cross-entropy.js';

function positive({ values, shape }: Operand): Operand {
  return { values: values.map(Math.abs), shape };
}

function sigmoid(seed: number, shape: readonly number[], weighted: boolean): Case {
  const source = stream(seed);
  const labels = counts(source, shape, 2);
  return {
    operation: ([logits], [label, weight]) => sigmoidCrossEntropy(logits, label, weighted ? weight : undefined),
    inputs: [normals(source, shape, 3)],
    constants: [{ values: Float32Array.from(labels.values), shape }, positive(normals(source, shape))],
  };
}

interface Sizes {
  readonly seed: number;
  readonly rows: number;
  readonly columns: number;
  /** Which options are given: weights, columnOffset, blocked, ids. */
  readonly given: readonly boolean[];
}

function softmax({ seed, rows, columns, given }: Sizes): Case {
  const source = stream(seed);
  const labels = counts(source, [rows], columns + 1);
  const [weights, columnOffset, blocked, ids] = given;
  return {
    operation: ([logits], [label, weight, offset, block, mine, theirs]) =>
      softmaxCrossEntropy(logits, label, {
        scale: 0.7,
        ...(weights ? { weights: weight } : {}),
        ...(columnOffset ? { columnOffset: offset } : {}),
        ...(blocked ? { blocked: block } : {}),
        ...(ids ? { ids: { rows: mine, columns: theirs } } : {}),
      } satisfies SoftmaxOptions),
    inputs: [normals(source, [rows, columns], 3)],
    constants: [
      { values: labels.values.map((label) => label - 1), shape: [rows] },
      positive(normals(source, [rows])),
      normals(source, [columns]),
      counts(source, [rows, columns], 2),
      counts(source, [rows], 5),
      counts(source, [columns], 5),
    ],
  };
}

const shapes = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 90 })),
  fc.tuple(
    fc.nat(9).map((n) => n + 1),
    fc.constantFrom(1, 3, 16),
  ),
);

keepsTheLaws(
  'sigmoid cross-entropy',
  fc
    .record({ seed: fc.nat(), shape: shapes, weighted: fc.boolean() })
    .map(({ seed, shape, weighted }) => sigmoid(seed, shape, weighted)),
  () => sigmoid(1, [50_001], true),
);
keepsTheLaws(
  'softmax cross-entropy',
  fc
    .record({
      seed: fc.nat(),
      rows: fc.integer({ min: 0, max: 20 }),
      columns: fc.integer({ min: 1, max: 50 }),
      given: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    })
    .map(softmax),
  () => softmax({ seed: 1, rows: 1_000, columns: 101, given: [true, true, true, true] }),
);

const scalarLoss = (operation: Case['operation'], logits: Operand, ...constants: Operand[]): Case => ({
  operation,
  inputs: [logits],
  constants,
  slope: [1],
});
const row = (...values: number[]): Operand => ({ values: Float32Array.from(values), shape: [values.length] });
const table = (columns: number, ...values: number[]): Operand => ({
  values: Float32Array.from(values),
  shape: [values.length / columns, columns],
});
const whole = (...values: number[]): Operand => ({ values: Int32Array.from(values), shape: [values.length] });

for (const backend of ['cpu', 'native'] as const) {
  const declare = backend === 'native' ? nativeTest : test.serial;

  declare(`sigmoid cross-entropy by hand (${backend})`, (t: ExecutionContext) => {
    const plain = (z: number, y: number): ReturnType<typeof outcome> =>
      outcome(
        backend,
        scalarLoss(([logits], [labels]) => sigmoidCrossEntropy(logits, labels), row(z), row(y)),
      );
    close(t, plain(0, 1).value, [Math.LN2], 1e-6);
    close(t, plain(0, 1).gradients[0], [-0.5], 1e-6);
    close(t, plain(2, 0).value, [2 + Math.log(1 + Math.exp(-2))], 1e-6);
    close(t, plain(200, 0).value, [200], 1e-6);
    t.is(plain(200, 1).value[0], 0);
    // Weights 3 and 1: the mean is (3·ln 2 + 200) / 4.
    const weighted = scalarLoss(
      ([logits], [labels, weights]) => sigmoidCrossEntropy(logits, labels, weights),
      ...([row(0, 200), row(1, 0), row(3, 1)] as const),
    );
    close(t, outcome(backend, weighted).value, [(3 * Math.LN2 + 200) / 4], 1e-6);
    close(t, outcome(backend, weighted).gradients[0], [-3 / 8, 1 / 4], 1e-6);
  });

  declare(`softmax cross-entropy by hand (${backend})`, (t: ExecutionContext) => {
    const loss = (options: SoftmaxOptions, logits: Operand, labels: Operand): ReturnType<typeof outcome> =>
      outcome(
        backend,
        scalarLoss(([z], [y]) => softmaxCrossEntropy(z, y, options), logits, labels),
      );
    close(t, loss({}, table(4, 1, 1, 1, 1), whole(2)).value, [Math.log(4)], 1e-6);
    close(t, loss({}, table(4, 1, 1, 1, 1), whole(2)).gradients[0], [0.25, 0.25, -0.75, 0.25], 1e-6);
    // A label of −1 counts nowhere; the other row's odds are 1 : 3 after scaling by 1/2.
    const two = loss({ scale: 0.5 }, table(2, 9, -9, 0, 2 * Math.log(3)), whole(-1, 0));
    close(t, two.value, [Math.log(4)], 1e-6);
    close(t, two.gradients[0], [0, 0, -0.375, 0.375], 1e-6);
    const none = loss({}, table(2, 9, -9), whole(-1));
    close(t, none.value, [0], 0);
    close(t, none.gradients[0], [0, 0], 0);
    // Certainty and no overflow.
    close(t, loss({}, table(2, 1e4, -1e4), whole(0)).value, [0], 0);
    close(t, loss({}, table(2, 1e4, -1e4), whole(1)).value, [2e4], 1e-6);
    close(t, loss({}, table(2, 1e4, 1e4), whole(1)).gradients[0], [0.5, -0.5], 1e-6);
  });

  declare(
    `softmax cross-entropy: blocked columns and equal ids leave the softmax, the label stays (${backend})`,
    (t: ExecutionContext) => {
      const logits = table(4, 0, 0, 0, 0);
      const masked = scalarLoss(
        ([z], [y, blocked]) => softmaxCrossEntropy(z, y, { blocked: blocked.reshape([1, 4]) }),
        ...([logits, whole(1), whole(1, 1, 0, 0)] as const),
      );
      close(t, outcome(backend, masked).value, [Math.log(3)], 1e-6);
      const hits = scalarLoss(
        ([z], [y, rows, columns]) => softmaxCrossEntropy(z, y, { ids: { rows, columns } }),
        ...([logits, whole(1), whole(7), whole(7, 7, 7, 8)] as const),
      );
      close(t, outcome(backend, hits).value, [Math.log(2)], 1e-6);
      close(t, outcome(backend, hits).gradients[0], [0, -0.5, 0, 0.5], 1e-6);
    },
  );

  declare(`softmax cross-entropy: a label that is no column is refused (${backend})`, (t: ExecutionContext) => {
    const wrong = scalarLoss(([z], [y]) => softmaxCrossEntropy(z, y), table(2, 0, 0, 0, 0), whole(0, 2));
    t.throws(() => outcome(backend, wrong), {
      message: /softmax cross-entropy: expected labels from -1 to 1, received 2 in row 1/,
    });
  });
}

nativeTest('softmax cross-entropy: a logit that is not a number makes a loss that is none', (t) => {
  const loss = scalarLoss(([z], [y]) => softmaxCrossEntropy(z, y), table(3, 0, NaN, 1), whole(0));
  t.true(Number.isNaN(outcome('native', loss).value[0]));
});

// torch 2.13.0: cross_entropy(logits, labels, ignore_index=-1, reduction='none') weighted (2, 1, 1, 0.5) and divided by
// the weights that count; logit i is 3·sin(i).
nativeTest('softmax cross-entropy: PyTorch gives the same values and gradients', (t) => {
  const logits = table(5, ...Array.from({ length: 20 }, (_, i) => 3 * Math.sin(i)));
  const loss = scalarLoss(
    ([z], [y, weights]) => softmaxCrossEntropy(z, y, { weights }),
    ...([logits, whole(4, 0, -1, 2), row(2, 1, 1, 0.5)] as const),
  );
  const { value, gradients } = outcome('native', loss);
  close(t, value, [5.7766085], 1e-6);
  close(
    t,
    gradients[0],
    [
      0.018788, 0.2345414, 0.287468, 0.0286909, -0.5694883, -0.2851878, 0.0040428, 0.0670967, 0.1818624, 0.032186, 0.0,
      0.0, 0.0, 0.0, 0.0, 0.1094129, 0.0065571, -0.1419877, 0.0016344, 0.0243833,
    ],
    1e-6,
  );
});

test('cross-entropies: operands that do not fit are refused', (t) => {
  const logits = tf.zeros([2, 3]);
  t.throws(() => sigmoidCrossEntropy(logits, tf.zeros([2])), {
    message: /sigmoid cross-entropy: labels: expected the shape of the logits, \[2, 3\], received \[2\]/,
  });
  t.throws(() => softmaxCrossEntropy(logits, tf.tensor1d([0, 1, 2], 'int32')), {
    message: /softmax cross-entropy: labels: expected int32 \[2\], received int32 \[3\]/,
  });
  t.throws(() => softmaxCrossEntropy(logits, tf.zeros([2])), {
    message: /labels: expected int32 \[2\], received float32/,
  });
});
