import test from 'ava';
import tf from '@tensorflow/tfjs';
import { stream } from '../random.js';
import { decode, encode } from '../safetensors.js';
import { startBackend } from './backend.js';
import { loadCheckpoint, saveCheckpoint } from './checkpoint.js';
import { embeddingBag } from './embedding.js';
import { mlp } from './layers.js';
import { ParameterSet, normalInit } from './parameters.js';
import { Trainer, type TrainerSettings } from './train.js';

test.before(async () => {
  await startBackend();
});

interface Model {
  readonly parameters: ParameterSet;
  readonly trainer: Trainer;
  step(): number;
}

function model(seed: number, settings: TrainerSettings = { learningRate: 0.01 }, hidden = 5): Model {
  const random = stream(seed);
  const parameters = new ParameterSet();
  const bag = embeddingBag(
    parameters,
    { name: 'words', buckets: 9, width: 3, initialise: normalInit(0.3), byRows: {} },
    random,
  );
  const net = mlp(parameters, { name: 'net', inputs: 3, hidden: [hidden], outputs: 1, activation: 'tanh' }, random);
  const trainer = new Trainer(parameters, settings);
  const ids = Int32Array.of(0, 1, 2, 3, 3, 8);
  const step = (): number => trainer.step(() => tf.mean(tf.square(tf.sub(net(bag(ids, 3)), 1))).asScalar()).loss;
  return { parameters, trainer, step };
}

for (const settings of [
  { learningRate: 0.01 },
  { optimiser: 'sgd', learningRate: 0.05, momentum: 0.9 },
] satisfies TrainerSettings[]) {
  test(`a model loaded from its file goes on bit for bit (${'optimiser' in settings ? 'sgd' : 'adam'})`, (t) => {
    const [one, other] = [model(1, settings), model(2, settings)];
    for (let i = 0; i < 3; i++) one.step();
    const bytes = saveCheckpoint(one.parameters, one.trainer, { about: 'a test' });
    t.is(loadCheckpoint(bytes, other.parameters, other.trainer)['about'], 'a test');
    t.deepEqual(saveCheckpoint(other.parameters, other.trainer, { about: 'a test' }), bytes);
    for (let i = 0; i < 3; i++) t.is(other.step(), one.step());
    t.deepEqual(saveCheckpoint(other.parameters, other.trainer), saveCheckpoint(one.parameters, one.trainer));
  });
}

test('every parameter is in the file under its name and shape', (t) => {
  const { parameters, trainer } = model(1);
  const { tensors, metadata } = decode(saveCheckpoint(parameters, trainer));
  t.deepEqual(tensors['net.0.weights'].shape, [3, 5]);
  t.deepEqual(tensors['words'].shape, [9, 3]);
  t.deepEqual(tensors['optimiser.mean/net.1.bias'].shape, [1]);
  t.is(metadata['optimiser'], 'adam');
  t.is(metadata['steps'], '0');
});

test('parameters alone can be read from a file with an optimiser in it', (t) => {
  const [one, other] = [model(1), model(2)];
  one.step();
  loadCheckpoint(saveCheckpoint(one.parameters, one.trainer), other.parameters);
  t.deepEqual(other.parameters.values, one.parameters.values);
});

test('files of another model, another optimiser or another program are refused and change nothing', (t) => {
  const { parameters, trainer } = model(1);
  const bytes = saveCheckpoint(parameters, trainer);
  const refused = (load: () => unknown, message: RegExp, kept: Model): void => {
    const before = saveCheckpoint(kept.parameters, kept.trainer);
    t.throws(load, { message });
    t.deepEqual(saveCheckpoint(kept.parameters, kept.trainer), before);
  };
  const wider = model(2, { learningRate: 0.01 }, 6);
  refused(
    () => loadCheckpoint(bytes, wider.parameters, wider.trainer, 'model.safetensors'),
    /^model.safetensors: expected 'net.0.weights' of shape 3×6, received shape 3×5. Was it saved by a model/,
    wider,
  );
  const sgd = model(2, { optimiser: 'sgd', learningRate: 0.01 });
  refused(() => loadCheckpoint(bytes, sgd.parameters, sgd.trainer), /expected optimiser 'sgd', received 'adam'/, sgd);
  const same = model(2);
  refused(() => loadCheckpoint(saveCheckpoint(parameters), same.parameters, same.trainer), /received 'none'/, same);
  const foreign = encode({ metadata: {}, tensors: { x: { shape: [1], values: new Float32Array(1) } } });
  refused(() => loadCheckpoint(foreign, same.parameters), /expected format 'recsys-gym\/checkpoint'/, same);
  const file = decode(bytes);
  const more = encode({ ...file, tensors: { ...file.tensors, extra: { shape: [1], values: new Float32Array(1) } } });
  refused(() => loadCheckpoint(more, same.parameters, same.trainer), /one that also has 'extra'/, same);
  const whole = { ...file.tensors, 'net.0.bias': { shape: [5], values: new Int32Array(5) } };
  refused(
    () => loadCheckpoint(encode({ ...file, tensors: whole }), same.parameters, same.trainer),
    /received shape 5 of another type/,
    same,
  );
});

test('a file cut short anywhere is refused and changes nothing', (t) => {
  const { parameters, trainer } = model(1);
  const bytes = saveCheckpoint(parameters, trainer);
  const same = model(2);
  const before = saveCheckpoint(same.parameters, same.trainer);
  for (let length = 0; length < bytes.length; length += 7) {
    t.throws(() => loadCheckpoint(bytes.subarray(0, length), same.parameters, same.trainer), { code: 'data' });
  }
  t.deepEqual(saveCheckpoint(same.parameters, same.trainer), before);
});
