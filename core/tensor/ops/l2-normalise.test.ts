import { fc } from '@fast-check/ava';
import test, { type ExecutionContext } from 'ava';
import tf from '@tensorflow/tfjs';
import { stream } from '../../random.js';
import { nativeTest } from '../native/native.test.helper.js';
import { close, keepsTheLaws, normals, outcome, type Case } from './laws.test.helper.js';
import { l2Normalise } from './l2-normalise.js';

function some(seed: number, shape: readonly number[], epsilon: number): Case {
  return { operation: ([x]) => l2Normalise(x, epsilon), inputs: [normals(stream(seed), shape, 2)] };
}

const cases = fc
  .record({
    seed: fc.nat(),
    rows: fc.integer({ min: 0, max: 30 }),
    width: fc.integer({ min: 1, max: 70 }),
    epsilon: fc.constantFrom(1e-12, 100),
  })
  // A row of one number is its sign: finite differences across 0 see the step.
  .map(({ seed, rows, width, epsilon }) => some(seed, [rows, width], width === 1 ? 100 : epsilon));

keepsTheLaws('l2 normalise', cases, () => some(1, [4, 300, 33], 1e-12));

for (const backend of ['cpu', 'native'] as const) {
  const declare = backend === 'native' ? nativeTest : test.serial;
  declare(`l2 normalise by hand (${backend}): 3, 4 becomes 0.6, 0.8; zeros stay zeros`, (t: ExecutionContext) => {
    const { value, gradients } = outcome(backend, {
      operation: ([x]) => l2Normalise(x, 1e-3),
      inputs: [{ values: Float32Array.of(3, 4, 0, 0), shape: [2, 2] }],
      slope: [1, 0, 1, 2],
    });
    close(t, value, [0.6, 0.8, 0, 0], 1e-6);
    // (dy − y·0.6)/5, and dy/ε.
    close(t, gradients[0].subarray(0, 2), [0.128, -0.096], 1e-6);
    close(t, gradients[0].subarray(2), [1000, 2000], 1e-6);
  });
}

// torch 2.13.0: torch.nn.functional.normalize(x, dim=-1) and backward(dy).
nativeTest('l2 normalise: PyTorch gives the same values and gradients', (t) => {
  const { value, gradients } = outcome('native', {
    operation: ([x]) => l2Normalise(x),
    inputs: [{ values: Float32Array.of(0.5, -1.2, 2, 1, 0.25, -0.75), shape: [2, 3] }],
    slope: [1, 2, -1, 0.5, -0.25, 3],
  });
  close(t, value, [0.2096109, -0.5030662, 0.8384436, 0.7844645, 0.1961161, -0.5883484], 1e-6);
  close(t, gradients[0], [0.5628918, 0.4936355, 0.1554584, 1.2672119, 0.0226288, 1.6971588], 1e-6);
});

test('l2 normalise: a scalar is refused', (t) => {
  t.throws(() => l2Normalise(tf.scalar(1)), { message: 'l2 normalise: expected rows of numbers, received a scalar.' });
});
