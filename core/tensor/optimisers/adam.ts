import { expectLength } from '../../check.js';
import { nativeInUse } from '../native/memory.js';
import { kernel, run } from '../native/run.js';
import { Stepping, clipping, finite, normOf, type Optimiser, type Update } from './optimiser.js';

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

const adam = kernel('adam');

/**
 * Adam (Kingma and Ba 2015, algorithm 1) with decoupled weight decay (Loshchilov and Hutter 2019), over all parameters
 * of a model in one pass:
 *
 *   m ← β₁m + (1 − β₁)g     v ← β₂v + (1 − β₂)g²
 *   θ ← θ − η·(m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + ε) + λθ)
 */
export class Adam extends Stepping<Required<AdamSettings>> implements Optimiser {
  readonly kind = 'adam';
  /** [parameters] running mean of the gradient, then of its square. */
  readonly state: { readonly mean: Float32Array; readonly square: Float32Array };

  constructor(size: number, settings: AdamSettings) {
    super({ beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, clipNorm: Infinity, ...settings });
    this.state = { mean: new Float32Array(size), square: new Float32Array(size) };
  }

  override begin(learningRate: number): void {
    super.begin(learningRate);
    const { beta1, beta2 } = this.settings;
    this.rates[2] = 1 - beta1 ** this.steps;
    this.rates[3] = Math.sqrt(1 - beta2 ** this.steps);
  }

  apply(update: Update): void {
    const { values, gradient, squares, loss } = update;
    const { mean, square } = this.state;
    expectLength('Adam gradient', gradient, { parameters: values.length });
    const { beta1, beta2, epsilon, weightDecay } = this.settings;
    if (nativeInUse()) {
      const [sizes, constants] = [
        [values.length, squares.length],
        [beta1, beta2, epsilon, weightDecay],
      ];
      run(adam(), [], [values, gradient, mean, square, this.rates, squares, loss], sizes, constants);
      return;
    }
    if (!finite(update)) return;
    const [rate, clip, correction1, correction2] = this.rates;
    const scale = clipping(normOf(squares), clip);
    for (let i = 0; i < values.length; i++) {
      const g = gradient[i] * scale;
      const m = beta1 * mean[i] + (1 - beta1) * g;
      const v = beta2 * square[i] + (1 - beta2) * g * g;
      mean[i] = m;
      square[i] = v;
      const step = m / correction1 / (Math.sqrt(v) / correction2 + epsilon);
      values[i] -= rate * (step + weightDecay * values[i]);
    }
  }

  restore(state: Readonly<Record<string, Float32Array>>, steps: number): void {
    expectLength('Adam mean', state['mean'], { parameters: this.state.mean.length });
    expectLength('Adam square', state['square'], { parameters: this.state.square.length });
    this.state.mean.set(state['mean']);
    this.state.square.set(state['square']);
    this.goOn(steps);
  }
}
