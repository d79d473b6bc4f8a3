import tf from '@tensorflow/tfjs';
import { compileStep, type StepTensors } from '../core/tensor/compile.js';
import type { InputTensors } from '../core/tensor/compiled-programs.js';
import type { AgentKind } from './contract.js';
import { OnPolicyAgent, type OnPolicyParts, type OnPolicySettings, type Update } from './on-policy.js';
import type { PolicyNetworks } from './policy/networks.js';
import { discountedReturns, standardise } from './returns.js';

export interface ReinforceSettings extends OnPolicySettings {
  /** Steps of every world between two updates; worlds × steps decisions make one gradient step. 8 to 512. */
  readonly steps: number;
  /** γ, discount per step. 0.9 to 1; 0 where decisions do not influence each other. */
  readonly discount: number;
  /** Adam's step size at the start. 1e-3 to 1e-2. */
  readonly learningRate: number;
  /** … and at the end of the run, reached along a straight line. */
  readonly learningRateEnd: number;
  /** Weight of the baseline's loss beside the policy's. 0.25 to 1. */
  readonly valueWeight: number;
  /** Weight of the entropy, in units of (standardised) advantage per nat. 0 to 0.05. */
  readonly entropyWeight: number;
  /** Whether return minus baseline is standardised within each lesson. */
  readonly standardise: boolean;
  /** Longest gradient, over all parameters. 0.5 to 5. */
  readonly clipNorm: number;
  readonly hidden: readonly number[];
  /** tanh, relu or linear. */
  readonly activation: string;
}

const defaults: ReinforceSettings = {
  steps: 8,
  discount: 0.98,
  learningRate: 3e-3,
  learningRateEnd: 0,
  valueWeight: 0.5,
  entropyWeight: 0.01,
  standardise: true,
  clipNorm: 0.5,
  hidden: [64, 64],
  activation: 'tanh',
};

/**
 * REINFORCE with a learned baseline (Williams 1992, theorem 1): one gradient step per lesson on
 *
 *     maximise mean( (G − V) · ln π(a) ) − c_v · mean( (V − G)² ) + c_e · mean(entropy)
 *
 * where G is the discounted return and G − V does not carry a gradient. Williams waits for sessions to end; here a
 * session that still runs when the lesson ends, or that was cut off by a limit, goes on with the baseline's value.
 */
export const reinforce: AgentKind<ReinforceSettings> = {
  summary: 'REINFORCE: policy gradient of whole returns against a learned baseline',
  defaults,
  make: (spec, settings, random, totalSteps) =>
    new OnPolicyAgent(
      { id: 'reinforce', prepare: (parts) => ({ update: reinforceUpdate(settings, parts) }) },
      spec,
      settings,
      random,
      totalSteps,
    ),
};

/** Learns from each lesson as `reinforce` says. */
export function reinforceUpdate(settings: ReinforceSettings, { networks, trainer }: OnPolicyParts): Update {
  const step = compileStep(trainer, (inputs) => lossOf(settings, networks, inputs));
  return ({ rows, encoded, value, trace, progress }) => {
    const learningRate = settings.learningRate + progress * (settings.learningRateEnd - settings.learningRate);
    const returns = new Float32Array(rows);
    discountedReturns(trace, settings.discount, returns);
    const gain = returns.map((g, i) => g - value[i]);
    if (settings.standardise) standardise(gain);
    const columns = { returns: { values: returns, shape: [rows] }, gain: { values: gain, shape: [rows] } };
    const { loss, gradientNorm, outputs } = step({ ...encoded, ...columns }, learningRate);
    const { policyLoss, valueLoss, entropy } = outputs;
    return {
      loss,
      policyLoss: policyLoss[0],
      valueLoss: valueLoss[0],
      entropy: entropy[0],
      gradientNorm,
      learningRate,
    };
  };
}

function lossOf(settings: ReinforceSettings, networks: PolicyNetworks, inputs: InputTensors): StepTensors {
  const { logProbability, entropy, value: guess } = networks.judge(inputs);
  const policyLoss = tf.neg(tf.mean(tf.mul(logProbability, inputs['gain'])));
  const valueLoss = tf.mean(tf.squaredDifference(guess, inputs['returns']));
  const meanEntropy = tf.mean(entropy);
  const bonus = tf.mul(meanEntropy, settings.entropyWeight);
  const loss = tf.sub(tf.add(policyLoss, tf.mul(valueLoss, settings.valueWeight)), bonus).asScalar();
  return { loss, outputs: { policyLoss, valueLoss, entropy: meanEntropy } };
}
