import tf from '@tensorflow/tfjs';
import { stopGradient } from '../../../core/tensor/ops/stop-gradient.js';
import type { LossSettings, PreferenceLoss, ResponseTerms } from '../contract.js';

/**
 * Advantage-weighted likelihood of one response, the projection of π_ref exp(A/λ) onto the policy:
 *
 *     L_aux = −min(exp(A/λ), w_max) · ln π_θ(y|x),    A = R(x, y) − V_ψ(x),    no gradient through A
 *
 * A constant R makes A = 0 once V has learned it: the term is then plain cloning.
 *
 * @returns [n]
 */
export function advantageWeighted(terms: ResponseTerms, settings: LossSettings): tf.Tensor {
  const { temperature, maxWeight, auxiliaryOn } = settings;
  const advantage = stopGradient(tf.sub(terms.reward, terms.value));
  // The limit is taken before the exponential, which then cannot overflow.
  const weight = tf.exp(tf.minimum(tf.mul(advantage, 1 / temperature), Math.log(maxWeight)));
  const loss = tf.neg(tf.mul(weight, terms.policy));
  return auxiliaryOn === 'chosen' ? tf.mul(loss, terms.good) : loss;
}

/** What the value function of the auxiliary term regresses on. */
export const auxiliaryTarget = ({ reward }: ResponseTerms): tf.Tensor => reward;

/** The designer's reward alone, by advantage-weighted regression; the labels are not read. */
export const advantageWeightedOnly: PreferenceLoss = {
  kind: 'responses',
  summary: 'advantage-weighted likelihood of the designer’s reward alone',
  paper: 'Peng et al. 2019 (AWR), arXiv:1910.00177; expectile value of Kostrikov et al. 2021 (IQL), arXiv:2110.06169',
  target: auxiliaryTarget,
  each: advantageWeighted,
};
