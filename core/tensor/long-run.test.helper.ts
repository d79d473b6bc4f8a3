// Run by compile.test.ts in a process of its own: trains and infers for many rounds and prints what was left behind.
import tf from '@tensorflow/tfjs';
import { startBackend } from './backend.js';
import { compileInference, compileStep } from './compile.js';
import { batch, eager, model } from './model.test.helper.js';

await startBackend();
const rounds = Number(process.argv[2]);
const [one, other] = [model(), model()];
const step = compileStep(other.trainer, other.build);
const forward = compileInference(other.parameters, (inputs) => ({ y: other.build(inputs).outputs['logits'] }));
const batches = [batch(8, 1), batch(64, 2)];
const round = (i: number): void => {
  eager(one, batches[i % 2]);
  step(batches[i % 2]);
  forward(batches[i % 2]);
};
for (let i = 0; i < rounds / 5; i++) round(i);
const before = tf.memory();
const resident = process.memoryUsage().rss;
for (let i = 0; i < rounds; i++) round(i);
const after = tf.memory();
process.stdout.write(
  JSON.stringify({
    tensors: after.numTensors - before.numTensors,
    bytes: after.numBytes - before.numBytes,
    residentMiB: (process.memoryUsage().rss - resident) / 2 ** 20,
  }),
);
