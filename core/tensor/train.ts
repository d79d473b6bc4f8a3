import tf from '@tensorflow/tfjs';
import { GymError, complaint } from '../check.js';
import { floats, nativeInUse } from './native/memory.js';
import { copyFlat } from './native/program.js';
import { kernel, run } from './native/run.js';
import { Adam, type AdamSettings } from './optimisers/adam.js';
import { normOf, type Optimiser } from './optimisers/optimiser.js';
import { Sgd, type SgdSettings } from './optimisers/sgd.js';
import type { ParameterSet } from './parameters.js';
import { scoped } from './scope.js';

/** Builds the loss of one batch out of tensor operations and the layers of this folder; returns a scalar. */
export type Loss = () => tf.Scalar;

/** Adam unless `optimiser` says otherwise. */
export type TrainerSettings =
  (AdamSettings & { readonly optimiser?: 'adam' }) | (SgdSettings & { readonly optimiser: 'sgd' });

export interface StepReport {
  /** The loss before the step. */
  readonly loss: number;
  /** Norm of its gradient before clipping, tables included. */
  readonly gradientNorm: number;
}

const squares = kernel('squares');

/**
 * Computes a tensor from parameters and inputs and hands back its numbers, a copy in row-major order. Tensors made
 * inside are gone when it returns.
 */
export function infer(parameters: ParameterSet, build: () => tf.Tensor): Float32Array {
  return scoped(() => parameters.run(parameters.tensors(), () => build().dataSync<'float32'>().slice()));
}

/** The number in a scalar tensor; for metrics inside a loss. */
export function scalar(tensor: tf.Tensor): number {
  return tensor.dataSync()[0];
}

/** Gradient steps on one parameter set. Owns the optimiser's state and the gradient buffer. */
export class Trainer {
  readonly optimiser: Optimiser;
  readonly parameters: ParameterSet;
  readonly #gradient: Float32Array;
  /** Σ g² of the parameters, then of each table. */
  readonly #squares: Float64Array;
  readonly #loss = new Float32Array(1);
  #attempts = 0;

  constructor(parameters: ParameterSet, settings: TrainerSettings) {
    const size = parameters.values.length;
    this.parameters = parameters;
    this.optimiser = settings.optimiser === 'sgd' ? new Sgd(size, settings) : new Adam(size, settings);
    this.#gradient = new Float32Array(size);
    this.#squares = new Float64Array(1 + parameters.tables.length);
  }

  /**
   * One step of gradient descent on the loss that `build` describes; updates the parameters in place.
   *
   * @param learningRate overrides the settings', for schedules; tables follow in proportion
   * @throws a numeric error, leaving the parameters untouched, when the loss or its gradient is not finite
   */
  step(build: Loss, learningRate?: number): StepReport {
    return this.around(learningRate, () => {
      scoped(() => this.differentiate(build));
      this.apply();
    });
  }

  /**
   * Opens a step, runs its middle (`differentiate` and `apply`, or the recording of both) and closes it. A step that
   * throws counts for nothing.
   */
  around(learningRate: number | undefined, middle: () => void): StepReport {
    this.#begin(learningRate);
    try {
      middle();
      return this.#finish();
    } catch (error) {
      this.optimiser.abandon();
      throw error;
    }
  }

  #begin(learningRate = this.optimiser.learningRate): void {
    const { optimiser, parameters } = this;
    if (parameters.values.length !== this.#gradient.length || parameters.tables.length + 1 !== this.#squares.length) {
      throw complaint('usage', {
        where: 'trainer',
        expected: `the ${this.#gradient.length} parameters it was made for`,
        received: `${parameters.values.length}`,
        try: 'Add every layer before making the trainer.',
      });
    }
    this.#attempts++;
    optimiser.begin(learningRate);
    const share = learningRate / optimiser.learningRate;
    for (const table of parameters.tables) {
      table.begin(table.settings.learningRate * (Number.isFinite(share) ? share : 1), optimiser.clipNorm);
    }
  }

  /** Forgets the gradients of tables, so that the middle of a step may run again. */
  forget(): void {
    for (const table of this.parameters.tables) table.forget();
  }

  /** Loss and gradients of the parameters into this trainer's own arrays; inside a tidy of this folder. */
  differentiate(build: Loss): void {
    const { parameters } = this;
    const { value, grads } = tf.valueAndGrads((...tensors: tf.Tensor[]) => parameters.run(tensors, build, true))(
      parameters.tensors(),
    );
    parameters.flatten(grads, this.#gradient);
    if (nativeInUse()) run(copyFlat(), [floats(value)], [this.#loss], [1]);
    else this.#loss[0] = scalar(value);
  }

  /** Moves the parameters, unless the loss or the gradient is not finite. */
  apply(): void {
    const { optimiser, parameters } = this;
    const update = { values: parameters.values, gradient: this.#gradient, squares: this.#squares, loss: this.#loss };
    if (nativeInUse()) run(squares(), [this.#gradient], [this.#squares], [this.#gradient.length, 0]);
    else this.#squares[0] = this.#gradient.reduce((sum, g) => sum + g * g, 0);
    parameters.tables.forEach((table, i) => table.square(this.#squares, 1 + i));
    optimiser.apply(update);
    for (const table of parameters.tables) table.apply(update);
  }

  /** Says what happened, or that the step was refused. */
  #finish(): StepReport {
    const loss = this.#loss[0];
    const gradientNorm = normOf(this.#squares);
    if (Number.isFinite(loss) && Number.isFinite(gradientNorm)) return { loss, gradientNorm };
    const [what, value, hint] = Number.isFinite(loss)
      ? ['gradient', `a norm of ${gradientNorm}`, 'set clipNorm']
      : ['loss', String(loss), 'look for missing values in the inputs'];
    throw new GymError(
      'numeric',
      `training step ${this.#attempts}: expected a finite ${what}, received ${value}. Lower the learning rate or ${hint}.`,
    );
  }
}
