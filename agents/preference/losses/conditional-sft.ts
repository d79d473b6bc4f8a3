import tf from '@tensorflow/tfjs';
import type { PreferenceLoss } from '../contract.js';

/** Cloning of every response given whether it is good, L = −ln π_θ(y | x, quality); served with quality = good. */
export const conditionalSft: PreferenceLoss = {
  kind: 'responses',
  summary: 'conditional fine-tuning: clones all responses under a mark of their quality',
  paper: 'Korbak et al. 2023, arXiv:2302.08582 (token of quality); baseline "CSFT" of arXiv:2402.01306',
  conditional: true,
  each: ({ policy }) => tf.neg(policy),
};
