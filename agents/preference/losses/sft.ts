import tf from '@tensorflow/tfjs';
import type { PreferenceLoss } from '../contract.js';

/** Cloning of what was preferred: L = −[y is good] · ln π_θ(y|x). */
export const sft: PreferenceLoss = {
  kind: 'responses',
  summary: 'supervised fine-tuning: clones the good responses',
  paper: 'Ouyang et al. 2022, arXiv:2203.02155',
  each: ({ policy, good }) => tf.neg(tf.mul(good, policy)),
};
