import { GymError, expectLength } from '../check.js';

export interface AdamSettings {
  /** Step size; 1e-4 to 1e-2 is usual. */
  readonly learningRate: number;
  /** Decay of the mean of gradients. */
  readonly beta1?: number;
  /** Decay of the mean of squared gradients. */
  readonly beta2?: number;
  readonly epsilon?: number;
  /** Decoupled weight decay per step, times the learning rate (AdamW); 0 is plain Adam. */
  readonly weightDecay?: number;
  /** Largest norm of the whole gradient; longer ones are scaled down. */
  readonly clipNorm?: number;
}

/**
 * Adam (Kingma and Ba 2015, algorithm 1) with decoupled weight decay (Loshchilov and Hutter 2019), over all parameters
 * of a model in one pass:
 *
 *   m ← β₁m + (1 − β₁)g     v ← β₂v + (1 − β₂)g²
 *   θ ← θ − η·(m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + ε) + λθ)
 */
export class Adam {
  readonly settings: Required<AdamSettings>;
  /** [parameters] running mean of the gradient, then of its square. Part of every checkpoint. */
  readonly mean: Float32Array;
  readonly square: Float32Array;
  #steps = 0;

  constructor(size: number, settings: AdamSettings) {
    this.settings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, clipNorm: Infinity, ...settings };
    this.mean = new Float32Array(size);
    this.square = new Float32Array(size);
  }

  get steps(): number {
    return this.#steps;
  }

  /** Applies one update in place and returns the gradient's norm before clipping. */
  update(values: Float32Array, gradient: Float32Array, learningRate = this.settings.learningRate): number {
    expectLength('Adam gradient', gradient, { parameters: values.length });
    const { beta1, beta2, epsilon, weightDecay, clipNorm } = this.settings;
    let sum = 0;
    for (let i = 0; i < gradient.length; i++) sum += gradient[i] * gradient[i];
    const norm = Math.sqrt(sum);
    if (!Number.isFinite(norm)) {
      throw new GymError(
        'numeric',
        `Adam step ${this.#steps + 1}: expected a finite gradient, received a norm of ${norm}. Lower the learning rate or set clipNorm.`,
      );
    }
    const scale = norm > clipNorm ? clipNorm / norm : 1;
    this.#steps++;
    const correction1 = 1 - beta1 ** this.#steps;
    const correction2 = Math.sqrt(1 - beta2 ** this.#steps);
    const { mean, square } = this;
    for (let i = 0; i < values.length; i++) {
      const g = gradient[i] * scale;
      const m = beta1 * mean[i] + (1 - beta1) * g;
      const v = beta2 * square[i] + (1 - beta2) * g * g;
      mean[i] = m;
      square[i] = v;
      const step = m / correction1 / (Math.sqrt(v) / correction2 + epsilon);
      values[i] -= learningRate * (step + weightDecay * values[i]);
    }
    return norm;
  }

  /** Goes on from saved moments. */
  restore(mean: Float32Array, square: Float32Array, steps: number): void {
    expectLength('Adam mean', mean, { parameters: this.mean.length });
    expectLength('Adam square', square, { parameters: this.square.length });
    this.mean.set(mean);
    this.square.set(square);
    this.#steps = steps;
  }
}
