import tf from '@tensorflow/tfjs';

/**
 * Runs `work` and disposes the tensors it made; its answer must hold none. tfjs's own tidy looks for tensors in every
 * number of an array that it returns, which costs more than most computations.
 */
export function scoped<T>(work: () => T): T {
  const answers: T[] = [];
  tf.tidy(() => {
    answers.push(work());
  });
  return answers[0];
}
