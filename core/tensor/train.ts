import tf from '@tensorflow/tfjs';
import { GymError } from '../check.js';
import type { ParameterSet } from './parameters.js';
import { Adam, type AdamSettings } from './adam.js';

/** Builds the loss of one batch out of stock tensor ops and the layers of this folder; returns a scalar. */
export type Loss = () => tf.Scalar;

/**
 * Computes a tensor from parameters and inputs and hands back its numbers, a copy in row-major order. Tensors made
 * inside are gone when it returns.
 */
export function infer(parameters: ParameterSet, build: () => tf.Tensor): Float32Array {
  return tf.tidy(() => parameters.run(parameters.tensors(), () => build().dataSync<'float32'>().slice()));
}

/** The number in a scalar tensor; for metrics inside a loss. */
export function scalar(tensor: tf.Tensor): number {
  return tensor.dataSync()[0];
}

/** Gradient steps on one parameter set. Owns the optimiser's state and the gradient buffer. */
export class Trainer {
  readonly adam: Adam;
  readonly #parameters: ParameterSet;
  readonly #gradient: Float32Array;
  #steps = 0;

  constructor(parameters: ParameterSet, settings: AdamSettings) {
    this.#parameters = parameters;
    this.#gradient = new Float32Array(parameters.values.length);
    this.adam = new Adam(parameters.values.length, settings);
  }

  /**
   * One step of gradient descent on the loss that `build` describes; updates the parameters in place.
   *
   * @param learningRate overrides the settings', for schedules
   * @returns the loss before the step and the norm of its gradient before clipping
   * @throws a numeric error, leaving the parameters untouched, when the loss or its gradient is not finite
   */
  step(build: Loss, learningRate?: number): { loss: number; gradientNorm: number } {
    const parameters = this.#parameters;
    const loss = tf.tidy(() => {
      const { value, grads } = tf.valueAndGrads((...tensors: tf.Tensor[]) => parameters.run(tensors, build))(
        parameters.tensors(),
      );
      parameters.flatten(grads, this.#gradient);
      return scalar(value);
    });
    this.#steps++;
    if (!Number.isFinite(loss)) {
      throw new GymError(
        'numeric',
        `training step ${this.#steps}: expected a finite loss, received ${loss}. Lower the learning rate or look for missing values in the inputs.`,
      );
    }
    const gradientNorm = this.adam.update(parameters.values, this.#gradient, learningRate);
    return { loss, gradientNorm };
  }
}
