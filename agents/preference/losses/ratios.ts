import tf from '@tensorflow/tfjs';
import type { PairTerms, ResponseTerms } from '../contract.js';

/** ln π_θ(y|x) − ln π_ref(y|x). */
export function logRatio({ policy, reference }: ResponseTerms): tf.Tensor {
  return tf.sub(policy, reference);
}

/** Δ: the log-ratio of the chosen response less that of the rejected one. */
export function ratioGap({ chosen, rejected }: PairTerms): tf.Tensor {
  return tf.sub(logRatio(chosen), logRatio(rejected));
}

/** −ln σ(x) = ln(1 + e^−x), without overflow. */
export function minusLogSigmoid(x: tf.Tensor): tf.Tensor {
  return tf.softplus(tf.neg(x));
}

/** +1 for good responses, −1 for bad ones. */
export function feedback({ good }: ResponseTerms): tf.Tensor {
  return tf.sub(tf.mul(good, 2), 1);
}

/** Feedback plus the designer's reward. */
export function feedbackAndReward(terms: ResponseTerms): tf.Tensor {
  return tf.add(feedback(terms), terms.reward);
}
