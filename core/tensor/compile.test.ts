import tf from '@tensorflow/tfjs';
import test from 'ava';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startBackend } from './backend.js';
import { compileInference, compileStep } from './compile.js';
import type { InputTensors } from './compiled-programs.js';
import { batch, eager, model } from './model.test.helper.js';
import { nativeTest, onEveryInstructionSet, withThreads } from './native/native.test.helper.js';
import { infer, type TrainerSettings } from './train.js';

test.before(async () => {
  await startBackend();
});
test.beforeEach(() => startBackend(process.env['RECSYS_GYM_BACKEND']).then(() => undefined));

function stateOf({ parameters, trainer }: ReturnType<typeof model>): unknown {
  const tables = parameters.tables.map(({ values, history }) => [values, history]);
  return [parameters.values, trainer.optimiser.state, trainer.optimiser.steps, tables];
}

for (const settings of [
  { learningRate: 0.01, clipNorm: 0.05 },
  { optimiser: 'sgd', learningRate: 0.1, momentum: 0.9, weightDecay: 0.01 },
] satisfies TrainerSettings[]) {
  test(`compiled and eager steps are the same bits, through changing shapes and rates (${'optimiser' in settings ? 'sgd' : 'adam'})`, (t) => {
    const [one, other] = [model(settings), model(settings)];
    const step = compileStep(other.trainer, other.build);
    for (const [i, rows] of [8, 8, 3, 8, 1, 3, 8, 40, 8].entries()) {
      const inputs = batch(rows, i);
      const rate = i > 4 ? 0.02 : undefined;
      const wanted = eager(one, inputs, rate);
      const { loss, gradientNorm, outputs } = step(inputs, rate);
      t.deepEqual([loss, gradientNorm, ...outputs['logits']], wanted, `step ${i}`);
      t.is(outputs['mean'].length, 1);
      t.deepEqual(stateOf(other), stateOf(one), `step ${i}`);
    }
  });
}

test('compiled inference gives what infer gives, for every shape', (t) => {
  const { parameters, build } = model();
  const forward = compileInference(parameters, (inputs) => build(inputs).outputs);
  for (const [i, rows] of [5, 1, 5, 9, 1].entries()) {
    const inputs = batch(rows, i);
    const { logits } = forward(inputs);
    const tensors = (): InputTensors =>
      Object.fromEntries(
        Object.entries(inputs).map(([name, { values, shape }]) => [
          name,
          tf.tensor(values, [...shape], values instanceof Int32Array ? 'int32' : 'float32'),
        ]),
      );
    t.deepEqual([...logits], [...infer(parameters, () => build(tensors()).outputs['logits'])]);
  }
});

nativeTest('a step is the same bits on one thread and on two, and near itself on every instruction set', async (t) => {
  await startBackend('native');
  const run = (): number[] => {
    const made = model();
    const step = compileStep(made.trainer, made.build);
    return Array.from({ length: 4 }, (_, i) => step(batch(300, i)).loss).concat([...made.parameters.values]);
  };
  const one = withThreads(1, run);
  t.deepEqual(withThreads(2, run), one);
  for (const { name, answer } of onEveryInstructionSet(run)) {
    const gap = answer.reduce((worst, value, i) => Math.max(worst, Math.abs(value - one[i])), 0);
    t.true(gap < 1e-4, `${name}: ${gap}`);
  }
});

nativeTest('what cannot be compiled is said when it is recorded', async (t) => {
  await startBackend('native');
  const { trainer, parameters, build } = model();
  const before = parameters.values.slice();
  const refuse = (loss: (built: ReturnType<typeof build>) => tf.Tensor, message: RegExp): void => {
    const step = compileStep(trainer, (inputs) => ({ loss: loss(build(inputs)).asScalar() }));
    t.throws(() => step(batch(4, 1)), { message });
    t.deepEqual(parameters.values, before);
    t.is(trainer.optimiser.steps, 0);
  };
  let luck = 0;
  refuse(
    ({ loss }) => tf.mul(loss, tf.scalar(luck++)),
    /compiled step: expected the same kernel calls each time it runs/,
  );
  refuse(
    ({ loss }) => tf.mul(loss, loss.dataSync()[0]),
    /compiled step: JavaScript reads numbers that the step computes/,
  );
  refuse(({ loss }) => tf.sin(loss), /compiled step: 'Sin' has no native kernel/);
  const step = compileStep(trainer, build);
  t.throws(() => step({ ...batch(4, 1), x: { values: new Float32Array(5), shape: [4, 3] } }), {
    message: /step input 'x': expected 12 numbers/,
  });
});

test('a loss that is not finite is refused, compiled too, and moves nothing', (t) => {
  const made = model();
  const step = compileStep(made.trainer, made.build);
  step(batch(6, 1));
  const kept = JSON.stringify(stateOf(made));
  const broken = batch(6, 2);
  broken['x'].values[3] = NaN;
  t.throws(() => step(broken), { message: /training step 2: expected a finite loss, received NaN/ });
  t.true(JSON.stringify(stateOf(made)) === kept, 'something moved');
  t.notThrows(() => step(batch(6, 3)));
});

test('ids outside their table are refused by name of the bounds', (t) => {
  const made = model();
  const step = compileStep(made.trainer, made.build);
  step(batch(6, 1));
  const kept = JSON.stringify(stateOf(made));
  for (const bad of [500, -2, 2 ** 31 - 1]) {
    const broken = batch(6, 2);
    broken['far'].values[3] = bad;
    t.throws(() => step(broken), { message: new RegExp(`\\[0, 500\\) or -1 for padding, received ${bad}`) });
  }
  t.true(JSON.stringify(stateOf(made)) === kept, 'something moved');
});

test('10,000 steps leave no tensor and no memory behind', async (t) => {
  const rounds = process.env['RECSYS_GYM_BACKEND'] === undefined ? 10_000 : 300;
  const script = fileURLToPath(new URL('long-run.test.helper.js', import.meta.url));
  // In a process of its own: the memory of this one is shared with other tests.
  const { stdout } = await promisify(execFile)(process.execPath, [script, String(rounds)]);
  const { tensors, bytes, residentMiB } = JSON.parse(stdout) as Record<string, number>;
  t.is(tensors, 0);
  t.is(bytes, 0);
  t.true(residentMiB < 96, `${residentMiB.toFixed(1)} MiB more after ${rounds} rounds`);
});
