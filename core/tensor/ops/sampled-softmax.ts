import tf from '@tensorflow/tfjs';
import { complaint, expectNumber } from '../../check.js';
import { softmaxCrossEntropy } from './cross-entropy.js';

export interface SampledSoftmax {
  /** [N, D] */
  readonly queries: tf.Tensor;
  /** [C, D], positives and negatives together. */
  readonly candidates: tf.Tensor;
  /** int32 [N]: which candidate is each query's own; −1 leaves the query out. */
  readonly positive: tf.Tensor;
  /** int32 [C]: what each candidate is. */
  readonly candidateIds: tf.Tensor;
  /** int32 [N]: what each query's own candidate is. */
  readonly positiveIds: tf.Tensor;
  /** [C]: logarithm of the probability with which each candidate came in; the same for all, if omitted. */
  readonly logQ?: tf.Tensor;
  /** Divides the products: small for vectors of length one (0.05 to 0.2), 1 if omitted. */
  readonly temperature?: number;
  /** [N] non-negative weights of the queries; equal, if omitted. */
  readonly weights?: tf.Tensor;
}

/**
 * Softmax cross-entropy over a sample of candidates instead of all of them. With s_nc = q_n·k_c/temperature − ln Q_c
 *
 *     loss = mean_n ( ln Σ_c e^s_nc − s_n,own )
 *
 * Subtracting ln Q, the probability of being sampled, makes up for popular candidates coming in more often (Bengio and
 * Senécal 2008; Yi et al. 2019, "Sampling-bias-corrected neural modeling for large corpus item recommendations", eq. 3
 * and 4). Another candidate with the id of the query's own is an accidental hit and leaves that query's sum.
 *
 * Negatives from the same batch are the case C = N, positive = 0 … N − 1, candidateIds = positiveIds.
 *
 * Gradients go to queries and candidates.
 *
 * @throws a shape error; a positive outside [−1, C)
 */
export function sampledSoftmax(sample: SampledSoftmax): tf.Scalar {
  const { queries, candidates, positive, candidateIds, positiveIds, logQ, temperature = 1, weights } = sample;
  expectNumber('sampled softmax: temperature', temperature, Number.MIN_VALUE);
  if (queries.rank !== 2 || candidates.rank !== 2 || queries.shape[1] !== candidates.shape[1]) {
    throw complaint('shape', {
      where: 'sampled softmax',
      expected: 'queries [N, D] and candidates [C, D]',
      received: `[${queries.shape.join(', ')}] and [${candidates.shape.join(', ')}]`,
    });
  }
  const products = tf.matMul(queries, candidates, false, true);
  return softmaxCrossEntropy(products, positive, {
    scale: 1 / temperature,
    ids: { rows: positiveIds, columns: candidateIds },
    ...(logQ === undefined ? {} : { columnOffset: tf.neg(logQ) }),
    ...(weights === undefined ? {} : { weights }),
  });
}
