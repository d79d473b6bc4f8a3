import tf from '@tensorflow/tfjs';
import test from 'ava';
import { stream } from '../random.js';
import { startBackend } from './backend.js';
import { compileInference, compileStep } from './compile.js';
import { distance, numbers } from './native/native.test.helper.js';
import { ParameterSet } from './parameters.js';
import { gruLayer, transformerBlock } from './sequence-layers.js';
import { Trainer, infer } from './train.js';

test.before(async () => {
  await startBackend();
});

const [B, T, D] = [3, 6, 8];

test('decoding place by place through a block is the causal block on the whole sequence', (t) => {
  const parameters = new ParameterSet();
  const block = transformerBlock(parameters, { name: 'block', width: D, heads: 2 }, stream(1));
  const x = numbers(B * T * D);
  const whole = infer(parameters, () => block.forward(tf.tensor3d(x, [B, T, D])));
  const cache = block.cache(B, T);
  for (const [from, to] of [
    [0, 1],
    [1, 4],
    [4, 5],
    [5, 6],
  ]) {
    // prettier-ignore
    const part = infer(parameters, () =>
      block.decode(tf.slice(tf.tensor3d(x, [B, T, D]), [0, from, 0], [B, to - from, D]), cache),
    );
    cache.advance(to - from);
    const wanted = tf.tidy(() =>
      tf
        .slice(tf.tensor3d(whole, [B, T, D]), [0, from, 0], [B, to - from, D])
        .dataSync<'float32'>()
        .slice(),
    );
    t.true(distance(part, wanted) < 1e-5, `places ${from} to ${to}`);
  }
});

test('a compiled decoding step is played place after place', (t) => {
  const parameters = new ParameterSet();
  const block = transformerBlock(parameters, { name: 'block', width: D, heads: 2 }, stream(1));
  const [eager, played] = [block.cache(B, T), block.cache(B, T)];
  const step = compileInference(parameters, ({ x }) => ({ y: block.decode(x.as3D(B, 1, D), played) }));
  for (let place = 0; place < T; place++) {
    const x = numbers(B * D, place);
    const wanted = infer(parameters, () => block.decode(tf.tensor3d(x, [B, 1, D]), eager));
    t.deepEqual(step({ x: { values: x, shape: [B, 1, D] } })['y'], wanted, `place ${place}`);
    eager.advance(1);
    played.advance(1);
  }
  t.throws(() => eager.advance(1), { message: /attention cache/ });
});

test('a block and a recurrent layer learn to tell what came first, compiled as eager', (t) => {
  const random = stream(2);
  const x = new Float32Array(64 * 4 * 2);
  const y = new Float32Array(64);
  for (let n = 0; n < 64; n++) {
    for (let i = 0; i < 4; i++) x[n * 8 + i * 2 + (random.next() < 0.5 ? 0 : 1)] = 1;
    y[n] = x[n * 8];
  }
  const train = (compiled: boolean): number[] => {
    const parameters = new ParameterSet();
    const recurrent = gruLayer(parameters, { name: 'gru', inputs: 2, width: 8 }, stream(3));
    const block = transformerBlock(parameters, { name: 'block', width: 8, heads: 2, causal: false }, stream(3));
    const trainer = new Trainer(parameters, { learningRate: 0.02, clipNorm: 1 });
    const lossOf = (input: tf.Tensor, wanted: tf.Tensor): tf.Scalar => {
      const states = block.forward(recurrent(input.as3D(64, 4, 2)));
      const last = tf.sum(tf.slice(states, [0, 3, 0], [64, 1, 8]), [1, 2]);
      return tf.mean(tf.squaredDifference(last, wanted)).asScalar();
    };
    const step = compileStep(trainer, (inputs) => ({ loss: lossOf(inputs['x'], inputs['y']) }));
    const inputs = { x: { values: x, shape: [64, 4, 2] }, y: { values: y, shape: [64] } };
    return Array.from({ length: 250 }, () =>
      compiled ? step(inputs).loss : trainer.step(() => lossOf(tf.tensor3d(x, [64, 4, 2]), tf.tensor1d(y))).loss,
    );
  };
  const eager = train(false);
  t.deepEqual(train(true), eager);
  t.true((eager.at(-1) ?? 1) < 0.05, `${eager[0]} → ${eager.at(-1)}`);
});
