import { fc } from '@fast-check/ava';
import test from 'ava';
import tf from '@tensorflow/tfjs';
import { stream } from '../random.js';
import { averageInto, batchNorm } from './batch-norm.js';
import { keepsTheLaws, normals, type Case } from './ops/laws.test.helper.js';
import { infer } from './train.js';
import { ParameterSet } from './parameters.js';

/** The layer with its input as the only operand; the gain is set so that gradients depend on it. */
function some(seed: number, rows: number, width: number): Case {
  const source = stream(seed);
  const parameters = new ParameterSet();
  const layer = batchNorm(parameters, { name: 'n', width }, source);
  const gains = normals(source, [2 * width]).values;
  parameters.values.set(gains);
  return {
    operation: ([x]) => parameters.run(parameters.tensors(), () => layer(x.as2D(rows, width)).value),
    inputs: [normals(source, [rows, width], 2)],
  };
}

const cases = fc
  .record({ seed: fc.nat(), rows: fc.integer({ min: 3, max: 40 }), width: fc.integer({ min: 1, max: 30 }) })
  .map(({ seed, rows, width }) => some(seed, rows, width));

keepsTheLaws('batch norm', cases, () => some(1, 1_000, 50));

test('batch norm by hand: columns (1, 3) and (2, 2) become (−1, 1) and (0, 0), with gain 2 and bias 1', (t) => {
  void tf.setBackend('cpu');
  const parameters = new ParameterSet();
  const layer = batchNorm(parameters, { name: 'n', width: 2 }, stream(1));
  parameters.numbers('n.gain').fill(2);
  parameters.numbers('n.bias').fill(1);
  const rows = (): tf.Tensor2D => tf.tensor2d([1, 2, 3, 2], [2, 2]);
  const near = (got: Float32Array, wanted: number[]): void => {
    got.forEach((value, i) => t.true(Math.abs(value - wanted[i]) < 1e-4, `${value} for ${wanted[i]}`));
  };
  near(
    infer(parameters, () => layer(rows()).value),
    [-1, 1, 3, 1],
  );
  near(
    infer(parameters, () => layer(rows()).mean),
    [2, 2],
  );
  near(
    infer(parameters, () => layer(rows()).variance),
    [1, 0],
  );
  t.throws(() => infer(parameters, () => layer(tf.zeros([2, 3])).value), { message: /rows of 2 numbers/ });
});

test('running averages move by their share', (t) => {
  const running = Float32Array.of(0, 4);
  averageInto(running, [1, 0], 0.25);
  t.deepEqual([...running], [0.25, 3]);
});
