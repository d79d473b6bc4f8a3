import test from 'ava';
import tf from '@tensorflow/tfjs';
import { stream } from '../random.js';
import { backendInUse, startBackend } from './backend.js';
import { embeddingBag } from './embedding.js';
import { dense, mlp } from './layers.js';
import { sigmoidCrossEntropy } from './ops/cross-entropy.js';
import { ParameterSet, normalInit, orthogonal } from './parameters.js';
import { Trainer, infer } from './train.js';

test.before(async () => {
  await startBackend(process.env['RECSYS_GYM_BACKEND']);
});

/** Central differences of a loss over every parameter, for comparison with one recorded gradient step. */
function numericGradient(parameters: ParameterSet, loss: () => tf.Scalar): Float64Array {
  const step = 1e-2;
  return Float64Array.from(parameters.values, (kept, i) => {
    parameters.values[i] = kept + step;
    const above = infer(parameters, loss)[0];
    parameters.values[i] = kept - step;
    const below = infer(parameters, loss)[0];
    parameters.values[i] = kept;
    return (above - below) / (2 * step);
  });
}

/** The gradient that the first Adam step saw: its running mean is (1 − β₁) times it. */
function recordedGradient(parameters: ParameterSet, loss: () => tf.Scalar): Float64Array {
  const trainer = new Trainer(parameters, { learningRate: 0 });
  trainer.step(loss);
  return Float64Array.from(trainer.optimiser.state['mean'], (value) => value / 0.1);
}

test('the gradient of an embedding bag with repeated ids and an MLP on top matches finite differences', (t) => {
  const random = stream(1);
  const parameters = new ParameterSet();
  const bag = embeddingBag(parameters, { name: 'bag', buckets: 7, width: 3, initialise: normalInit(0.5) }, random);
  const net = mlp(parameters, { name: 'net', inputs: 3, hidden: [4], outputs: 1, activation: 'tanh' }, random);
  const ids = Int32Array.of(0, 3, 3, 6, 2, 2);
  const labels = Float32Array.of(1, 0, 1);
  const loss = (): tf.Scalar => sigmoidCrossEntropy(net(bag(ids, 3)).as1D(), tf.tensor1d(labels));
  const exact = recordedGradient(parameters, loss);
  const near = numericGradient(parameters, loss);
  exact.forEach((value, i) => t.true(Math.abs(value - near[i]) < 2e-3, `parameter ${i}: ${value} against ${near[i]}`));
});

for (const activation of ['linear', 'relu', 'tanh'] as const) {
  for (const onNumbers of [false, true]) {
    test(`dense (${activation}${onNumbers ? ', on numbers' : ''}): values and gradients are those of stock ops`, (t) => {
      const random = stream(3);
      const numbers = (n: number): Float32Array => Float32Array.from({ length: n }, () => 2 * random.next() - 1);
      const parameters = new ParameterSet();
      const x = parameters.add('x', [4, 3], (out) => out.set(numbers(out.length)), random);
      const layer = dense(parameters, { name: 'layer', inputs: 3, outputs: 2, activation, onNumbers }, random);
      const weights = numbers(8);
      parameters.values.set(weights, 12);
      const act = { linear: (z: tf.Tensor) => z, relu: tf.relu, tanh: tf.tanh }[activation];
      const stock = (): tf.Tensor =>
        act(
          tf.add(
            tf.matMul(x.value().as2D(4, 3), tf.tensor2d(weights.slice(0, 6), [3, 2])),
            tf.tensor1d(weights.slice(6)),
          ),
        );
      const value = infer(parameters, () => layer(x.value().as2D(4, 3)));
      infer(parameters, stock).forEach((y, i) => t.true(Math.abs(y - value[i]) < 1e-6));
      const exact = recordedGradient(parameters, () => {
        const loss = tf.sum(tf.square(layer(x.value().as2D(4, 3))));
        // tfjs wants every parameter to lie on the way to the loss; this way carries a gradient of 0.
        return tf.add(loss, tf.mul(tf.sum(x.value()), 0)).asScalar();
      });
      const reference = tf.tidy(() => {
        const inputs = [tf.tensor2d(parameters.values.slice(0, 12), [4, 3]), tf.tensor2d(weights.slice(0, 6), [3, 2])];
        const loss = (from: tf.Tensor, w: tf.Tensor, b: tf.Tensor): tf.Scalar =>
          tf.sum(tf.square(act(tf.add(tf.matMul(from.as2D(4, 3), w.as2D(3, 2)), b)))).asScalar();
        return tf
          .grads(loss)([...inputs, tf.tensor1d(weights.slice(6))])
          .flatMap((part) => [...part.dataSync()]);
      });
      reference.forEach((slope, i) => {
        const wanted = onNumbers && i < 12 ? 0 : slope;
        t.true(Math.abs(wanted - exact[i]) < 1e-4, `parameter ${i}: ${exact[i]}, stock ${wanted}`);
      });
    });
  }
}

test('an embedding bag by loops and by stock ops: the same sums and the same gradient', (t) => {
  const run = (by: 'loops' | 'ops'): [Float32Array, Float64Array] => {
    const parameters = new ParameterSet();
    const options = { name: 'bag', buckets: 11, width: 4, initialise: normalInit(0.5), by };
    const bag = embeddingBag(parameters, options, stream(2));
    const ids = Int32Array.from({ length: 24 }, (_, i) => (i * i) % 11);
    const labels = tf.tensor2d(
      Float32Array.from({ length: 32 }, (_, i) => i % 2),
      [8, 4],
    );
    const result = [
      infer(parameters, () => bag(ids, 8)),
      recordedGradient(parameters, () => sigmoidCrossEntropy(bag(ids, 8), labels)),
    ] as [Float32Array, Float64Array];
    labels.dispose();
    return result;
  };
  const [sums, gradient] = run('loops');
  const [otherSums, otherGradient] = run('ops');
  t.true(sums.every((value, i) => Math.abs(value - otherSums[i]) < 1e-6));
  t.true(gradient.every((value, i) => Math.abs(value - otherGradient[i]) < 1e-7));
});

test('cross-entropy from logits: hand values and no overflow', (t) => {
  const value = (logit: number, label: number): number =>
    infer(new ParameterSet(), () => sigmoidCrossEntropy(tf.tensor1d([logit]), tf.tensor1d([label])))[0];
  t.true(Math.abs(value(0, 1) - Math.LN2) < 1e-6);
  t.true(Math.abs(value(2, 0) - 2.126928) < 1e-5);
  t.true(Math.abs(value(200, 0) - 200) < 1e-3);
  t.is(value(200, 1), 0);
});

test('a two-layer network learns exclusive-or, the same way every time, and leaves no tensor behind', (t) => {
  const before = tf.memory().numTensors;
  const train = (): Float32Array => {
    const parameters = new ParameterSet();
    const net = mlp(parameters, { name: 'net', inputs: 2, hidden: [8], outputs: 1, activation: 'tanh' }, stream(4));
    const trainer = new Trainer(parameters, { learningRate: 0.05, clipNorm: 5 });
    const x = Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1);
    const loss = (): tf.Scalar => sigmoidCrossEntropy(net(tf.tensor2d(x, [4, 2])).as1D(), tf.tensor1d([0, 1, 1, 0]));
    for (let i = 0; i < 200; i++) trainer.step(loss);
    return infer(parameters, () => tf.sigmoid(net(tf.tensor2d(x, [4, 2]))));
  };
  const [a, b, c, d] = train();
  t.true(a < 0.1 && b > 0.9 && c > 0.9 && d < 0.1, `${a} ${b} ${c} ${d}`);
  t.deepEqual([...train()], [a, b, c, d]);
  t.is(tf.memory().numTensors, before);
});

test('a loss that is not finite stops the step and leaves the parameters as they were', (t) => {
  const parameters = new ParameterSet();
  const weight = parameters.add('w', [1], normalInit(1), stream(1));
  const trainer = new Trainer(parameters, { learningRate: 0.1 });
  const kept = parameters.values.slice();
  t.throws(() => trainer.step(() => tf.sum(tf.div(weight.value(), 0)).asScalar()), {
    message: /training step 1: expected a finite loss/,
  });
  t.deepEqual(parameters.values, kept);
  t.throws(() => weight.value(), { message: /read inside infer\(\) or Trainer.step\(\)/ });
});

test('an orthogonal start has orthonormal columns times its gain', (t) => {
  const out = new Float32Array(5 * 3);
  orthogonal(2)(out, [5, 3], stream(1));
  for (let a = 0; a < 3; a++) {
    for (let b = 0; b < 3; b++) {
      let dot = 0;
      for (let r = 0; r < 5; r++) dot += out[r * 3 + a] * out[r * 3 + b];
      t.true(Math.abs(dot - (a === b ? 4 : 0)) < 1e-5);
    }
  }
});

test('an unknown backend is answered with the known ones', async (t) => {
  await t.throwsAsync(startBackend('wsam'), {
    message: /No backend called 'wsam'. Did you mean 'wasm'\? Known: tensorflow-gpu, native/,
  });
  t.truthy(backendInUse());
});
