import tf from '@tensorflow/tfjs';
import { compileStep, type StepTensors } from '../core/tensor/compile.js';
import type { InputTensors, Numbers } from '../core/tensor/compiled-programs.js';
import type { AgentKind } from './contract.js';
import { overMinibatches } from './minibatches.js';
import { OnPolicyAgent, type OnPolicyParts, type OnPolicySettings, type Update } from './on-policy.js';
import { take, takeRows, type PolicyNetworks } from './policy/networks.js';
import { advantages, standardise } from './returns.js';

export interface PpoSettings extends OnPolicySettings {
  /** Steps of every world between two updates; worlds × steps decisions make a lesson. 16 to 2,048. */
  readonly steps: number;
  /** Decisions per gradient step; at most worlds × steps. 32 to 4,096. */
  readonly minibatch: number;
  /** Passes over each lesson. 3 to 30. */
  readonly epochs: number;
  /** γ, discount per step. 0.9 to 1; 0 where decisions do not influence each other. */
  readonly discount: number;
  /** λ of the advantage estimates: 0 trusts the value network, 1 the returns. 0.8 to 1. */
  readonly lambda: number;
  /** Adam's step size at the start. 1e-4 to 3e-3. */
  readonly learningRate: number;
  /** … and at the end of the run, reached along a straight line. */
  readonly learningRateEnd: number;
  /** ε: how far, as a share, one lesson may move the probability of an action. 0.1 to 0.3. */
  readonly clip: number;
  /** … and at the end of the run, reached along a straight line. */
  readonly clipEnd: number;
  /** Weight of the value loss beside the policy's. 0.25 to 1. */
  readonly valueWeight: number;
  /** Weight of the entropy, in units of (standardised) advantage per nat. 0 to 0.02. */
  readonly entropyWeight: number;
  /** Whether advantages are standardised within each minibatch. */
  readonly standardise: boolean;
  /** Longest gradient, over all parameters. 0.5 to 5. */
  readonly clipNorm: number;
  readonly hidden: readonly number[];
  /** tanh, relu or linear. */
  readonly activation: string;
}

/** RL-Zoo's settings for CartPole-v1 (with 8 worlds): 500 of 500 within 100,000 steps. */
const defaults: PpoSettings = {
  steps: 32,
  minibatch: 256,
  epochs: 20,
  discount: 0.98,
  lambda: 0.8,
  learningRate: 1e-3,
  learningRateEnd: 0,
  clip: 0.2,
  clipEnd: 0,
  valueWeight: 0.5,
  entropyWeight: 0,
  standardise: true,
  clipNorm: 0.5,
  hidden: [64, 64],
  activation: 'tanh',
};

/**
 * Proximal policy optimisation (Schulman et al. 2017, equations 7 and 9): several passes over each lesson, where the
 * ratio r = π(a) / π_old(a) earns nothing for leaving [1 − ε, 1 + ε],
 *
 *     maximise mean( min(r · Â, clip(r, 1 − ε, 1 + ε) · Â) ) − c_v · mean( (V − (Â + V_old))² ) + c_e · mean(entropy)
 *
 * with generalised advantage estimates Â. Details that matter, as in Stable-Baselines3: a session cut off by a limit
 * goes on with V(final); Â is standardised per minibatch; Adam with ε = 10⁻⁵; no clipping of the value; one gradient
 * over both networks, clipped by its norm; step size and clip fall along a line.
 */
export const ppo: AgentKind<PpoSettings> = {
  summary: 'proximal policy optimisation: clipped policy gradient with generalised advantages',
  defaults,
  make: (spec, settings, random, totalSteps) =>
    new OnPolicyAgent(
      { id: 'ppo', prepare: (parts) => ({ update: ppoUpdate(settings, parts) }) },
      spec,
      settings,
      random,
      totalSteps,
    ),
};

/** Learns from each lesson as `ppo` says. */
export function ppoUpdate(settings: PpoSettings, parts: OnPolicyParts): Update {
  const { networks, trainer, random } = parts;
  const step = compileStep(trainer, (inputs) => lossOf(settings, networks, inputs));
  return (lesson) => {
    const { rows, trajectory, encoded, value, trace, progress } = lesson;
    const { discount, lambda } = settings;
    const learningRate = settings.learningRate + progress * (settings.learningRateEnd - settings.learningRate);
    const clip = settings.clip + progress * (settings.clipEnd - settings.clip);
    const advantage = new Float32Array(rows);
    advantages(trace, value, discount, lambda, advantage);
    const target = advantage.map((a, i) => a + value[i]);

    const means = overMinibatches(rows, settings, random, (pick) => {
      const gain = take(advantage, pick, 1);
      if (settings.standardise) standardise(gain);
      const column = (values: Float32Array): Numbers => ({ values, shape: [pick.length] });
      const inputs = {
        ...takeRows(encoded, pick),
        old: column(take(trajectory.logProbability, pick, 1)),
        wanted: column(take(target, pick, 1)),
        gain: column(gain),
        clip: { values: Float32Array.of(clip), shape: [] },
      };
      return step(inputs, learningRate);
    });
    return { ...means, learningRate, clip };
  };
}

function lossOf(settings: PpoSettings, networks: PolicyNetworks, inputs: InputTensors): StepTensors {
  const { old, wanted, gain, clip } = inputs;
  const { logProbability, entropy, value: guess } = networks.judge(inputs);
  const logRatio = tf.sub(logProbability, old);
  const ratio = tf.exp(logRatio);
  const clipped = tf.minimum(tf.maximum(ratio, tf.sub(1, clip)), tf.add(1, clip));
  const policyLoss = tf.neg(tf.mean(tf.minimum(tf.mul(ratio, gain), tf.mul(clipped, gain))));
  const valueLoss = tf.mean(tf.squaredDifference(guess, wanted));
  const meanEntropy = tf.mean(entropy);
  let loss = tf.add(policyLoss, tf.mul(valueLoss, settings.valueWeight));
  if (settings.entropyWeight !== 0) loss = tf.sub(loss, tf.mul(meanEntropy, settings.entropyWeight));
  // r − 1 − ln r: never negative, and its mean is the divergence KL(old ‖ new) (Schulman 2020).
  const divergence = tf.mean(tf.sub(tf.sub(ratio, 1), logRatio));
  return { loss: loss.asScalar(), outputs: { policyLoss, valueLoss, entropy: meanEntropy, divergence } };
}
