import tf from '@tensorflow/tfjs';
import type { InputTensors } from '../../core/tensor/compiled-programs.js';
import type { StepTensors } from '../../core/tensor/compile.js';
import type { JudgedResponses, LossSettings, PreferenceLoss, ResponseTerms } from './contract.js';
import { advantageWeighted } from './losses/advantage-weighted.js';
import { expectileLoss } from './value.js';

/**
 * The number to minimise on one batch, L = mean of `each` + γ_aux · mean of the auxiliary term + c_v · mean of L_V, each
 * over pairs or responses. With γ_aux = 0 neither the auxiliary term nor its value function is there.
 *
 * @param inputs `good0`, `reward0` … of every side, [B], beside what the model put in
 */
export function preferenceObjective(
  loss: PreferenceLoss,
  settings: LossSettings,
  judged: JudgedResponses,
  inputs: InputTensors,
): StepTensors {
  const sides = judged.policy.map((policy, side): ResponseTerms => ({
    policy,
    reference: judged.reference[side],
    reward: inputs[`reward${side}`],
    good: inputs[`good${side}`],
    value: judged.value,
    divergence: judged.divergence,
  }));
  const responses = together(sides);
  const each =
    loss.kind === 'pairs'
      ? loss.each({ chosen: sides[0], rejected: sides[1] }, settings)
      : loss.each(responses, settings);
  const preference = tf.mean(each);
  const divergence = tf.mean(judged.divergence);
  // A value that nothing reads stays where it is; its parameters still want a gradient.
  const untouched = tf.mul(tf.mean(judged.value), 0);
  const weight = loss.auxiliary?.(settings);
  if (loss.target === undefined || weight === 0)
    return { loss: tf.add(preference, untouched).asScalar(), outputs: { preference, divergence } };
  const fit = tf.mean(expectileLoss(loss.target(responses), responses.value, settings.expectile));
  let total = tf.add(preference, tf.mul(fit, settings.valueWeight));
  if (weight !== undefined) total = tf.add(total, tf.mul(tf.mean(advantageWeighted(responses, settings)), weight));
  return { loss: total.asScalar(), outputs: { preference, divergence, value: fit } };
}

/** The responses of all sides, one after the other. */
function together(sides: readonly ResponseTerms[]): ResponseTerms {
  if (sides.length === 1) return sides[0];
  const all = (name: keyof ResponseTerms): tf.Tensor => tf.concat(sides.map((side) => side[name].as1D()));
  return {
    policy: all('policy'),
    reference: all('reference'),
    reward: all('reward'),
    good: all('good'),
    value: all('value'),
    divergence: all('divergence'),
  };
}
