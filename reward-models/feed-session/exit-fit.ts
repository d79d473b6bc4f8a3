import tf from '@tensorflow/tfjs';
import { complaint } from '../../core/check.js';
import { compileInference, compileStep } from '../../core/tensor/compile.js';
import { sigmoidCrossEntropy } from '../../core/tensor/ops/cross-entropy.js';
import { Trainer } from '../../core/tensor/train.js';
import { placesOf } from '../../logs/feed-session/layout.js';
import { qualityOf } from '../quality.js';
import { descendInPasses, lossOfLogit } from './epochs.js';
import { buildExitNetwork, exitReader, type ExitNetwork } from './exit-network.js';
import { leaveOutOfExit } from './leave-out.js';
import { calibrated } from './response-model.js';
import { lineOf, type Fitted, type Ground, type Judged } from './response-rows.js';

/** Rows whose exit is predicted in one go. */
const CHUNK = 2048;

/** Fits the exit on the rows after which it is known whether the session ended. */
export function fitExit({
  request,
  rows,
  states: { states, at },
}: Ground): Fitted<ExitNetwork> & { readonly rate: number } {
  const { sessions, settings, random, onProgress } = request;
  const { layout, left, unknown } = sessions;
  const { width: S } = placesOf(layout);
  const [learn, check] = [rows.learn, rows.check].map((some) => some.filter((r) => unknown[r] === 0));
  const known = Int32Array.from(unknown, (_, r) => r).filter((r) => unknown[r] === 0);
  if (learn.length === 0) {
    throw complaint('data', {
      where: `feed log '${sessions.log.name}', split '${request.split}'`,
      expected: 'items after which it is known whether the session went on',
      received: 'none',
    });
  }
  const events = learn.reduce((sum, r) => sum + left[r], 0);
  const rate = (events + 0.5) / (learn.length + 1);
  const base = Math.log(rate / (1 - rate));
  const network = buildExitNetwork(layout, settings.exitHidden, base, random.fork('exit'));
  leaveOutOfExit(network.parameters, layout, settings.leaveOut);
  const reader = exitReader(layout);
  const I = reader.inputs;
  const trainer = new Trainer(network.parameters, { learningRate: settings.learningRate });
  const pull = settings.l2 / (2 * Math.max(1, learn.length));
  const play = compileStep(trainer, (inputs) => {
    const loss = sigmoidCrossEntropy(network.forward(inputs), inputs['labels']);
    return { loss: tf.add(loss, tf.mul(pull, network.squares())).asScalar() };
  });
  const [x, labels] = [new Float32Array(settings.batch * I), new Float32Array(settings.batch)];
  const step = (some: Int32Array, learningRate: number): void => {
    some.forEach((r, i) => {
      reader.read(states, at[r] + S, x, i * I);
      labels[i] = left[r];
    });
    const n = some.length;
    const inputs = {
      exit: { values: x.subarray(0, n * I), shape: [n, I] },
      labels: { values: labels.subarray(0, n), shape: [n, 1] },
    };
    play(inputs, learningRate);
  };
  const infer = compileInference(network.parameters, (inputs) => ({ z: network.forward(inputs) }));
  const chunk = new Float32Array(CHUNK * I);
  const judge = (which: Int32Array): Judged => {
    const logits = new Float64Array(which.length);
    for (let from = 0; from < which.length; from += CHUNK) {
      const some = which.subarray(from, from + CHUNK);
      some.forEach((r, i) => reader.read(states, at[r] + S, chunk, i * I));
      logits.set(infer({ exit: { values: chunk, shape: [CHUNK, I] } })['z'].subarray(0, some.length), from);
    }
    return { logits, observed: Uint8Array.from(which, (r) => left[r]) };
  };
  const score = (): number => {
    const { logits, observed } = judge(check);
    return logits.reduce((sum, logit, i) => sum + lossOfLogit(logit, observed[i]), 0) / Math.max(1, check.length);
  };
  const progress = onProgress === undefined ? {} : { onProgress };
  const passes = { parameters: network.parameters, learn: learn.slice(), step, score, name: 'exit', ...progress };
  const epochs = descendInPasses({ ...passes, random: random.fork('exit shuffle') }, settings);
  const held = judge(check);
  const calibration = Float64Array.from(lineOf(base, held, judge(known)));
  const predicted = held.logits.map((logit) => calibrated(calibration, 0, logit));
  const quality = { exit: qualityOf({ unit: 'probability', mean: rate }, predicted, held.observed) };
  return { network, epochs, calibration, quality, rate };
}
