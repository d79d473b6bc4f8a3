/** What one update works on; everything is changed in place. */
export interface Update {
  /** [parameters] */
  readonly values: Float32Array;
  /** [parameters] d loss / d values. */
  readonly gradient: Float32Array;
  /** Parts of the squared gradient norm, one per kind of parameter; complete before `apply`. */
  readonly squares: Float64Array;
  /** [1] the loss: where it or the norm is not finite, nothing is moved. */
  readonly loss: Float32Array;
}

/** Moves all parameters of a model at once. Its arrays and its count of steps decide its future and go into checkpoints. */
export interface Optimiser {
  readonly kind: string;
  /** Step size where a step names no other. */
  readonly learningRate: number;
  /** Longest gradient, over everything that the trainer moves; ∞ for no limit. */
  readonly clipNorm: number;
  /** Named arrays, each laid out like the parameters. */
  readonly state: Readonly<Record<string, Float32Array>>;
  /** Updates so far. */
  readonly steps: number;
  /** Opens a step: sets the numbers that change from one to the next. */
  begin(learningRate: number): void;
  /** Takes back `begin`, for a step that was refused. */
  abandon(): void;
  apply(update: Update): void;
  /** Goes on from saved arrays. */
  restore(state: Readonly<Record<string, Float32Array>>, steps: number): void;
}

/** What every optimiser counts and keeps of its settings. */
export abstract class Stepping<Settings extends { readonly learningRate: number; readonly clipNorm: number }> {
  readonly settings: Settings;
  /** Numbers of the present step: learning rate, clip, and two of the optimiser's own. */
  protected readonly rates = new Float64Array(4);
  #steps = 0;

  constructor(settings: Settings) {
    this.settings = settings;
  }

  get learningRate(): number {
    return this.settings.learningRate;
  }
  get clipNorm(): number {
    return this.settings.clipNorm;
  }
  get steps(): number {
    return this.#steps;
  }

  begin(learningRate: number): void {
    this.#steps++;
    this.rates[RATE] = learningRate;
    this.rates[CLIP] = this.settings.clipNorm;
  }

  abandon(): void {
    this.#steps--;
  }

  protected goOn(steps: number): void {
    this.#steps = steps;
  }
}

/** Places in `rates`, as `src/optimise.cc` reads them. */
export const RATE = 0;
export const CLIP = 1;

/** The norm that the parts make up. */
export function normOf(squares: Float64Array): number {
  let total = 0;
  for (const part of squares) total += part;
  return Math.sqrt(total);
}

/** The factor that brings a gradient of this norm under the limit. */
export function clipping(norm: number, clipNorm: number): number {
  return norm > clipNorm ? clipNorm / norm : 1;
}

/** Whether the step can be taken. */
export function finite({ squares, loss }: Pick<Update, 'squares' | 'loss'>): boolean {
  return Number.isFinite(normOf(squares)) && Number.isFinite(loss[0]);
}
