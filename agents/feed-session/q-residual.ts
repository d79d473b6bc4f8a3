import tf from '@tensorflow/tfjs';
import { compileStep, type StepTensors } from '../../core/tensor/compile.js';
import type { InputTensors } from '../../core/tensor/compiled-programs.js';
import type { Learner, Lesson, OnPolicyParts } from '../on-policy.js';
import { take, takeRows } from '../policy/networks.js';
import { oneHot } from '../policy/one-hot.js';
import { overMinibatches } from '../minibatches.js';
import type { FeedNetworks } from './networks.js';

export interface QResidualSettings {
  readonly minibatch: number;
  readonly epochs: number;
  readonly discount: number;
  readonly learningRate: number;
  readonly learningRateEnd: number;
  /** Lessons from one copy of the target network to the next. */
  readonly targetEvery: number;
  /** κ: scores are κ · Q. */
  readonly sharpness: number;
  /** Weight of the loss of V, which the loop asks for and nobody here reads. */
  readonly valueWeight: number;
}

/**
 * Q-learning over the candidates (Watkins 1989; target network: Mnih et al. 2015) from fresh lessons:
 *
 *     minimise mean( (Q(s, a) − y)² ) + c_v · mean( (V(s) − y)² ),   y = r + γ · max_{a' ∈ C(s')} Q̄(s', a')
 *
 * Nothing is added beyond a terminated session; a session that was cut off goes on from its last observation. C holds
 * the candidates of the greedy choice. Q̄ is a copy of Q that stands still for `targetEvery` lessons.
 *
 * @param target networks of the same shape, whose numbers are overwritten
 */
export function qResidual(
  settings: QResidualSettings,
  networks: FeedNetworks,
  target: FeedNetworks,
  { trainer, random }: OnPolicyParts,
): Learner {
  const step = compileStep(trainer, (inputs) => lossOf(networks, settings, inputs));
  return {
    kept: { target: target.parameters.values },
    update: (lesson) => {
      const { rows, encoded, trajectory, progress, index } = lesson;
      if (index % settings.targetEvery === 0) target.parameters.load(networks.parameters.values);
      const learningRate = settings.learningRate + progress * (settings.learningRateEnd - settings.learningRate);
      const wanted = nextValues(lesson, networks, target, settings.sharpness);
      for (let i = 0; i < rows; i++) wanted[i] = trajectory.reward[i] + settings.discount * wanted[i];
      const means = overMinibatches(rows, settings, random, (pick) =>
        step(
          { ...takeRows(encoded, pick), wanted: { values: take(wanted, pick, 1), shape: [pick.length] } },
          learningRate,
        ),
      );
      return { ...means, learningRate };
    },
  };
}

function lossOf(
  networks: FeedNetworks,
  { sharpness, valueWeight }: QResidualSettings,
  inputs: InputTensors,
): StepTensors {
  const z = networks.scoreTensors(inputs);
  const K = z.shape[1];
  const wanted = inputs['wanted'].as1D();
  const taken = oneHot(inputs['actions'].as1D(), K);
  const q = tf.div(tf.sum(tf.mul(z, taken), 1), sharpness).as1D();
  const qLoss = tf.mean(tf.squaredDifference(q, wanted));
  const valueLoss = tf.mean(tf.squaredDifference(networks.valueTensor(inputs), wanted));
  const loss = tf.add(qLoss, tf.mul(valueLoss, valueWeight)).asScalar();
  return { loss, outputs: { qLoss, valueLoss, meanQ: tf.mean(q) } };
}

/** max Q̄ of the state that followed each row, 0 where the session terminated, [T, B]. */
function nextValues(
  { rows, trajectory, now }: Lesson,
  networks: FeedNetworks,
  target: FeedNetworks,
  sharpness: number,
): Float32Array {
  const { worlds: B, steps, observation, observationWidth: O, notes, noteWidth, terminated, truncated } = trajectory;
  const { K, H } = networks.options.places;
  const { exploration, scores } = networks.options;
  const ranked = scores === undefined ? 0 : K * H;
  const out = new Float32Array(rows);
  /** Writes the best values of B observations. */
  const write = (x: Float32Array, probabilities: Float32Array, best: Float32Array): void => {
    const z = target.scores(x, probabilities, B);
    for (let b = 0; b < B; b++) {
      let highest = -Infinity;
      for (let k = 0; k < exploration.greedy; k++) highest = Math.max(highest, z[b * K + k]);
      best[b] = highest / sharpness;
    }
  };
  const probabilities = new Float32Array(B * ranked);
  for (let t = 1; t < steps; t++) {
    for (let b = 0; b < B; b++) {
      const from = (t * B + b) * noteWidth;
      probabilities.set(notes.subarray(from, from + ranked), b * ranked);
    }
    write(observation.subarray(t * B * O, (t + 1) * B * O), probabilities, out.subarray((t - 1) * B, t * B));
  }
  write(now, networks.rank(now, B), out.subarray((steps - 1) * B));

  const cut = [...truncated.keys()].filter((row) => truncated[row] !== 0);
  const ends = new Float32Array(B * O);
  const best = new Float32Array(B);
  for (let from = 0; from < cut.length; from += B) {
    const some = cut.slice(from, from + B);
    some.forEach((row, i) => ends.set(trajectory.final.subarray(row * O, (row + 1) * O), i * O));
    write(ends, networks.rank(ends, B), best);
    some.forEach((row, i) => (out[row] = best[i]));
  }
  for (let row = 0; row < rows; row++) if (terminated[row] !== 0) out[row] = 0;
  return out;
}
