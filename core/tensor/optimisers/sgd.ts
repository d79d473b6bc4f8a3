import { expectLength } from '../../check.js';
import { nativeInUse } from '../native/memory.js';
import { kernel, run } from '../native/run.js';
import { Stepping, clipping, finite, normOf, type Optimiser, type Update } from './optimiser.js';

export interface SgdSettings {
  /** Step size; 1e-3 to 1 is usual. */
  readonly learningRate: number;
  /** Share of the last step's direction that is kept; 0 is plain descent, 0.9 is usual. */
  readonly momentum?: number;
  /** Decay of every parameter per step, times the learning rate. */
  readonly weightDecay?: number;
  /** Largest norm of the whole gradient; longer ones are scaled down. */
  readonly clipNorm?: number;
}

const sgd = kernel('sgd');

/**
 * Gradient descent with momentum (Polyak 1964; the form of Sutskever et al. 2013 without Nesterov's look-ahead):
 *
 *   u ← μu + g     θ ← θ − η·(u + λθ)
 */
export class Sgd extends Stepping<Required<SgdSettings>> implements Optimiser {
  readonly kind = 'sgd';
  /** [parameters] u; without momentum it is never touched. */
  readonly state: { readonly velocity: Float32Array };

  constructor(size: number, settings: SgdSettings) {
    super({ momentum: 0, weightDecay: 0, clipNorm: Infinity, ...settings });
    this.state = { velocity: new Float32Array(size) };
  }

  apply(update: Update): void {
    const { values, gradient, squares, loss } = update;
    const { velocity } = this.state;
    expectLength('SGD gradient', gradient, { parameters: values.length });
    const { momentum, weightDecay } = this.settings;
    if (nativeInUse()) {
      const sizes = [values.length, squares.length];
      run(sgd(), [], [values, gradient, velocity, this.rates, squares, loss], sizes, [momentum, weightDecay]);
      return;
    }
    if (!finite(update)) return;
    const [rate, clip] = this.rates;
    const scale = clipping(normOf(squares), clip);
    for (let i = 0; i < values.length; i++) {
      let direction = gradient[i] * scale;
      if (momentum !== 0) velocity[i] = direction += momentum * velocity[i];
      values[i] -= rate * (direction + weightDecay * values[i]);
    }
  }

  restore(state: Readonly<Record<string, Float32Array>>, steps: number): void {
    expectLength('SGD velocity', state['velocity'], { parameters: this.state.velocity.length });
    this.state.velocity.set(state['velocity']);
    this.goOn(steps);
  }
}
