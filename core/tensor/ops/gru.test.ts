import { fc } from '@fast-check/ava';
import test, { type ExecutionContext } from 'ava';
import tf from '@tensorflow/tfjs';
import { stream } from '../../random.js';
import { nativeTest } from '../native/native.test.helper.js';
import { close, counts, keepsTheLaws, normals, outcome, type Case } from './laws.test.helper.js';
import { gru } from './gru.js';

interface Sizes {
  readonly seed: number;
  readonly batch: number;
  readonly steps: number;
  readonly inputs: number;
  readonly width: number;
  readonly ragged: boolean;
  readonly started: boolean;
}

function some({ seed, batch, steps, inputs, width, ragged, started }: Sizes): Case {
  const source = stream(seed);
  return {
    operation: ([x, input, recurrent, inputBias, recurrentBias, initial], [lengths]) => {
      const weights = { input, recurrent, inputBias, recurrentBias };
      const states = gru(x, weights, { ...(ragged ? { lengths } : {}), ...(started ? { initial } : {}) });
      // tfjs wants every input on the way to the value.
      return started ? states : tf.add(states, tf.mul(tf.sum(initial), 0));
    },
    inputs: [
      normals(source, [batch, steps, inputs]),
      normals(source, [inputs, 3 * width], 0.6),
      normals(source, [width, 3 * width], 0.6 / Math.sqrt(width)),
      normals(source, [3 * width], 0.5),
      normals(source, [3 * width], 0.5),
      normals(source, [batch, width]),
    ],
    constants: [counts(source, [batch], steps + 1)],
  };
}

const sizes = fc.record({
  seed: fc.nat(),
  batch: fc.integer({ min: 1, max: 30 }),
  steps: fc.integer({ min: 1, max: 8 }),
  inputs: fc.integer({ min: 1, max: 9 }),
  width: fc.integer({ min: 1, max: 35 }),
  ragged: fc.boolean(),
  started: fc.boolean(),
});
/** Half of the cases are small, so that finite differences find enough of them. */
const mixed = fc.oneof(
  sizes,
  sizes.map((one) => ({
    ...one,
    batch: 1 + (one.batch % 3),
    inputs: 1 + (one.inputs % 3),
    width: 1 + (one.width % 4),
  })),
);

keepsTheLaws('GRU', mixed.map(some), () =>
  some({ seed: 1, batch: 100, steps: 12, inputs: 5, width: 40, ragged: true, started: true }),
);

nativeTest('GRU of no rows', (t) => {
  const none = { seed: 1, batch: 0, steps: 2, inputs: 3, width: 4, ragged: true, started: true };
  const { value, gradients } = outcome('native', some(none));
  t.is(value.length, 0);
  t.true(gradients.every((gradient) => gradient.every((slope) => slope === 0)));
});

for (const backend of ['cpu', 'native'] as const) {
  const declare = backend === 'native' ? nativeTest : test.serial;

  declare(
    `GRU by hand (${backend}): one unit, no reset and half an update; the state stays past the end`,
    (t: ExecutionContext) => {
      // b_r = −100 closes the reset gate, so that n = tanh(x); z = σ(0) = 1/2.
      const { value, gradients } = outcome(backend, {
        operation: ([x, initial], [input, recurrent, inputBias, recurrentBias, lengths]) =>
          gru(x, { input, recurrent, inputBias, recurrentBias }, { initial, lengths }),
        inputs: [
          { values: Float32Array.of(1, 2, 3), shape: [1, 3, 1] },
          { values: Float32Array.of(0.5), shape: [1, 1] },
        ],
        constants: [
          { values: Float32Array.of(0, 0, 1), shape: [1, 3] },
          { values: Float32Array.of(0, 0, 9), shape: [1, 3] },
          { values: Float32Array.of(-100, 0, 0), shape: [3] },
          { values: Float32Array.of(0, 0, 9), shape: [3] },
          { values: Int32Array.of(2), shape: [1] },
        ],
        slope: [0, 0, 1],
      });
      const first = Math.tanh(1) / 2 + 0.25;
      const second = Math.tanh(2) / 2 + first / 2;
      close(t, value, [first, second, second], 1e-6);
      const slope = (x: number): number => 1 - Math.tanh(x) ** 2;
      close(t, gradients[0], [slope(1) / 4, slope(2) / 2, 0], 1e-6);
      close(t, gradients[1], [0.25], 1e-6);
    },
  );
}

// torch 2.13.0: torch.nn.GRU(2, 2, batch_first=True) on [2, 3, 2] and its backward. Number i of x is sin(i), of W (as laid
// out here) cos(i), of U sin(i + 1), of b cos(i)/2, of c sin(i)/2, of h₀ cos(i), of the slope sin(2i).
nativeTest('GRU: PyTorch gives the same values and gradients', (t) => {
  const made = (shape: readonly number[], of: (i: number) => number): Case['inputs'][number] => {
    const size = shape.reduce((product, n) => product * n, 1);
    return { values: Float32Array.from({ length: size }, (_, i) => of(i)), shape };
  };
  const { value, gradients } = outcome('native', {
    operation: ([x, input, recurrent, inputBias, recurrentBias, initial]) =>
      gru(x, { input, recurrent, inputBias, recurrentBias }, { initial }),
    inputs: [
      made([2, 3, 2], Math.sin),
      made([2, 6], Math.cos),
      made([2, 6], (i) => Math.sin(i + 1)),
      made([6], (i) => Math.cos(i) / 2),
      made([6], (i) => Math.sin(i) / 2),
      made([2, 2], Math.cos),
    ],
    slope: Array.from({ length: 12 }, (_, i) => Math.sin(2 * i)),
  });
  close(
    t,
    value,
    [
      0.2422208, -0.5686772, -0.3643041, 0.0564763, 0.0096478, 0.0059766, -0.3104632, -0.4574855, -0.5922418, 0.1465612,
      -0.1313311, 0.0892177,
    ],
    1e-6,
  );
  close(
    t,
    gradients[0],
    [
      0.007854, -0.1132568, -0.2295428, -0.0480111, 0.0005922, -0.0655164, 0.4835765, 0.3916586, -0.3307914, -0.1430538,
      0.0071632, -0.0961079,
    ],
    1e-6,
  );
  close(
    t,
    gradients[1],
    [
      0.0204445, 0.0349881, 0.3225238, 0.3044559, -0.1084828, -1.2341765, -0.0348301, -0.0066846, 0.5384002, -0.0057101,
      -0.4349478, 0.4244638,
    ],
    1e-6,
  );
  close(
    t,
    gradients[2],
    [
      0.0224701, -0.0365639, 0.2408764, 0.2113393, -0.005766, 0.394803, 0.0541981, -0.0579682, -0.0585187, 0.2054127,
      0.1016163, 0.4969574,
    ],
    1e-6,
  );
  close(t, gradients[3], [-0.0535682, 0.0505054, -0.4877456, 0.0341432, 0.1177546, -0.4479662], 1e-6);
  close(t, gradients[4], [-0.0535682, 0.0505054, -0.4877456, 0.0341432, -0.0204482, -0.2964841], 1e-6);
  close(t, gradients[5], [-0.199128, -0.2144538, 0.0287054, 0.6432053], 1e-6);
});

test('GRU: what does not fit is refused', (t) => {
  const weights = {
    input: tf.zeros([3, 6]),
    recurrent: tf.zeros([2, 6]),
    inputBias: tf.zeros([6]),
    recurrentBias: tf.zeros([6]),
  };
  t.throws(() => gru(tf.zeros([4, 5, 2]), weights), {
    message: 'GRU: input: expected float32 [2, 6], received float32 [3, 6].',
  });
  t.throws(() => gru(tf.zeros([4, 0, 3]), weights), { message: /at least one step, received \[4, 0, 3\]/ });
  t.throws(() => gru(tf.zeros([4, 5, 3]), weights, { lengths: tf.tensor1d([1, 2], 'int32') }), {
    message: /GRU: lengths: expected int32 \[4\], received int32 \[2\]/,
  });
});

nativeTest('GRU: a length beyond the steps is refused', (t) => {
  const one = some({ seed: 1, batch: 1, steps: 2, inputs: 3, width: 4, ragged: true, started: true });
  t.throws(() => outcome('native', { ...one, constants: [{ values: Int32Array.of(3), shape: [1] }] }), {
    message: /GRU: expected lengths from 0 to 2, received 3 in row 0/,
  });
});
