import { fc } from '@fast-check/ava';
import test, { type ExecutionContext } from 'ava';
import tf from '@tensorflow/tfjs';
import { stream } from '../../random.js';
import { nativeTest } from '../native/native.test.helper.js';
import { close, counts, keepsTheLaws, normals, outcome, type Case } from './laws.test.helper.js';
import { logSoftmaxAt } from './log-softmax-at.js';

function some(seed: number, rows: number, width: number): Case {
  const source = stream(seed);
  return {
    operation: ([logits], [columns]) => logSoftmaxAt(logits, columns),
    inputs: [normals(source, [rows, width], 2)],
    constants: [counts(source, [rows], width)],
  };
}

const cases = fc
  .record({ seed: fc.nat(), rows: fc.integer({ min: 1, max: 40 }), width: fc.integer({ min: 1, max: 70 }) })
  .map(({ seed, rows, width }) => some(seed, rows, width));

keepsTheLaws('log-softmax at columns', cases, () => some(1, 1_000, 50));

const hand: Case = {
  operation: ([logits], [columns]) => logSoftmaxAt(logits, columns),
  inputs: [{ values: Float32Array.of(0, Math.log(3), 500, -500), shape: [2, 2] }],
  constants: [{ values: Int32Array.of(1, 1), shape: [2] }],
  slope: [1, -2],
};

function byHand(t: ExecutionContext, backend: 'cpu' | 'native'): void {
  const { value, gradients } = outcome(backend, hand);
  close(t, value, [Math.log(0.75), -1000], 1e-6);
  close(t, gradients[0], [-0.25, 0.25, 2, -2], 1e-6);
}

test('log-softmax at columns by hand: logits (0, ln 3) give ln ¾, logits ±500 give −1000', (t) => byHand(t, 'cpu'));
nativeTest('log-softmax at columns by hand, native', (t) => byHand(t, 'native'));

test('log-softmax at columns: shapes are checked', (t) => {
  void tf.setBackend('cpu');
  t.throws(() => logSoftmaxAt(tf.zeros([2, 3]), tf.zeros([2])), { message: /int32 columns \[N\], received .*float32/ });
  t.throws(() => logSoftmaxAt(tf.zeros([2, 3]), tf.zeros([3], 'int32')), {
    message: /received \[2, 3\] and int32 \[3\]/,
  });
});
