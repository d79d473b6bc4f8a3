import tf from '@tensorflow/tfjs';
import { compileStep, type StepTensors } from '../../core/tensor/compile.js';
import type { InputTensors } from '../../core/tensor/compiled-programs.js';
import type { Lesson, OnPolicyParts, Update } from '../on-policy.js';
import { take, takeRows } from '../policy/networks.js';
import { discountedReturns } from '../returns.js';
import { overMinibatches } from '../minibatches.js';
import type { FeedNetworks } from './networks.js';

export interface CloneSettings {
  readonly minibatch: number;
  readonly epochs: number;
  readonly discount: number;
  readonly learningRate: number;
  readonly valueWeight: number;
}

/**
 * Behaviour cloning: moves the policy towards the supervised one on the states that the policy itself met,
 *
 *     minimise −mean( Σ_a softmax(κ f / T)(a) · ln softmax(z / T)(a) ) + c_v · mean( (V − G)² )
 *
 * over the candidates of the greedy choice, with the returns G of the lesson.
 */
export function cloneUpdate(settings: CloneSettings, networks: FeedNetworks, parts: OnPolicyParts): Update {
  const { trainer, random } = parts;
  const step = compileStep(trainer, (inputs) => lossOf(settings, networks, inputs));
  return ({ rows, encoded, trace }: Lesson) => {
    const returns = new Float32Array(rows);
    discountedReturns(trace, settings.discount, returns);
    return overMinibatches(rows, settings, random, (pick) =>
      step({ ...takeRows(encoded, pick), returns: { values: take(returns, pick, 1), shape: [pick.length] } }),
    );
  };
}

function lossOf({ valueWeight }: CloneSettings, networks: FeedNetworks, inputs: InputTensors): StepTensors {
  const { sharpness, temperature, exploration } = networks.options;
  const n = exploration.greedy;
  const z = networks.scoreTensors(inputs);
  const [rows] = z.shape;
  const logs = tf.logSoftmax(tf.slice(tf.div(z, temperature), [0, 0], [rows, n]));
  const teacher = tf.slice(inputs['supervised'], [0, 0], [rows, n]);
  const wanted = tf.softmax(tf.mul(teacher, sharpness / temperature));
  const cloneLoss = tf.neg(tf.mean(tf.sum(tf.mul(wanted, logs), 1)));
  const valueLoss = tf.mean(tf.squaredDifference(networks.valueTensor(inputs), inputs['returns'].as1D()));
  const entropy = tf.mean(tf.neg(tf.sum(tf.mul(tf.exp(logs), logs), 1)));
  const loss = tf.add(cloneLoss, tf.mul(valueLoss, valueWeight)).asScalar();
  return { loss, outputs: { cloneLoss, valueLoss, entropy } };
}
