import { fc } from '@fast-check/ava';
import test from 'ava';
import tf from '@tensorflow/tfjs';
import { stream } from '../../random.js';
import { nativeTest } from '../native/native.test.helper.js';
import { close, keepsTheLaws, normals, outcome, type Case } from './laws.test.helper.js';
import { layerNorm } from './layer-norm.js';

function some(seed: number, rows: number, width: number): Case {
  const source = stream(seed);
  return {
    operation: ([x, gain, bias]) => layerNorm(x, gain, bias, 0.1),
    inputs: [normals(source, [rows, width]), normals(source, [width]), normals(source, [width])],
  };
}

const cases = fc
  .record({ seed: fc.nat(), rows: fc.integer({ min: 0, max: 40 }), width: fc.integer({ min: 1, max: 70 }) })
  .map(({ seed, rows, width }) => some(seed, rows, width));

keepsTheLaws('layer norm', cases, () => some(1, 1_000, 50));

const hand: Case = {
  operation: ([x, gain, bias]) => layerNorm(x, gain, bias, 0),
  inputs: [
    { values: Float32Array.of(1, 3, 2, 2), shape: [2, 2] },
    { values: Float32Array.of(2, 10), shape: [2] },
    { values: Float32Array.of(0, 1), shape: [2] },
  ],
};

test('layer norm by hand: the row (1, 3) becomes (−1, 1), then gains (2, 10) and biases (0, 1)', (t) => {
  const [row] = hand.inputs;
  const one = { ...hand, inputs: [{ values: row.values.slice(0, 2), shape: [1, 2] }, ...hand.inputs.slice(1)] };
  close(t, outcome('cpu', one).value, [-2, 11], 1e-6);
});

nativeTest('layer norm by hand, native: a constant row gives the bias', (t) => {
  const one = { ...hand, operation: ([x, gain, bias]: tf.Tensor[]) => layerNorm(x, gain, bias) };
  close(t, outcome('native', one).value, [-2, 11, 0, 1], 1e-4);
});

// torch 2.13.0: torch.nn.functional.layer_norm(x, (3,), gain, bias, 1e-5), and backward(dy).
const reference: Case = {
  operation: ([x, gain, bias]) => layerNorm(x, gain, bias),
  inputs: [
    { values: Float32Array.of(0.5, -1.2, 2, 1, 0.25, -0.75), shape: [2, 3] },
    { values: Float32Array.of(1.5, -0.5, 2), shape: [3] },
    { values: Float32Array.of(0.1, 0.2, -0.3), shape: [3] },
  ],
  slope: [1, 2, -1, 0.5, -0.25, 3],
};

nativeTest('layer norm: PyTorch gives the same values and gradients', (t) => {
  const { value, gradients } = outcome('native', reference);
  close(t, value, [0.1764966, 0.8247218, 2.0968919, 1.8436977, 0.1418767, -2.8574228], 1e-6);
  close(t, gradients[0], [1.5438573, -0.7236811, -0.8201761, 1.5174162, -2.6556115, 1.1381948], 1e-6);
  close(t, gradients[1], [0.6322303, -2.5279486, -5.0345802], 1e-6);
  close(t, gradients[2], [1.5, 1.75, 2], 1e-6);
});

test('layer norm: gains of another width are refused', (t) => {
  t.throws(() => layerNorm(tf.zeros([2, 3]), tf.ones([4]), tf.zeros([3])), {
    message: /layer norm: expected .* a row of x has numbers \(3\), received 4 gains and 3 biases/,
  });
});
