import { solveLinear } from '../../core/stats/linear-solve.js';
import type { ActionFactors } from '../../logs/ad-utility/weight-grid.js';
import type { Log } from '../../logs/record.js';

/**
 * Guesses of the reward for the direct method and doubly robust estimates: ridge regression of the reward on the context
 * and, per group of weights, the level that was chosen, with their products,
 *
 *   q(x, a) = Σ_b φ_b · (θ_b + Σ_g θ_{g, level_g(a), b}),    φ = (1, numeric features, one-hot categorical ones)
 *
 * fitted in one pass. Simple on purpose: doubly robust estimates need no right model, and it is fast.
 */
export class LinearGuesses {
  readonly #log: Log;
  readonly #factors: ActionFactors;
  /** First coefficient of every level of every group. */
  readonly #offset: readonly (readonly number[])[];
  /** B, length of φ. */
  readonly #width: number;
  readonly #theta: Float64Array;
  readonly #phi: Float64Array;

  /** @param rows of the log that it is fitted on @param reward [N] of the whole log */
  constructor(log: Log, factors: ActionFactors, rows: Int32Array, reward: Float64Array) {
    this.#log = log;
    this.#factors = factors;
    const codes = log.categoricalValues.reduce((sum, { values }) => sum + values.length, 0);
    this.#width = 1 + log.schema.numericNames.length + codes;
    this.#phi = new Float64Array(this.#width);
    // Block 0 is the context alone; the lowest level of every group is the one that the others are told from.
    let block = 1;
    this.#offset = factors.levels.map((levels) => levels.map((_, l) => (l === 0 ? -1 : block++ * this.#width)));
    this.#theta = this.#fit(rows, reward, block * this.#width);
  }

  #fit(rows: Int32Array, reward: Float64Array, size: number): Float64Array {
    const B = this.#width;
    const matrix = new Float64Array(size * size);
    const right = new Float64Array(size);
    for (const n of rows) {
      const phi = this.#look(n);
      const blocks = [0, ...this.#blocksOf(this.#log.action[n])];
      for (const p of blocks) {
        for (let i = 0; i < B; i++) right[p + i] += phi[i] * reward[n];
        for (const q of blocks) {
          for (let i = 0; i < B; i++) {
            if (phi[i] === 0) continue;
            const at = (p + i) * size + q;
            for (let j = 0; j < B; j++) matrix[at + j] += phi[i] * phi[j];
          }
        }
      }
    }
    // One row's worth of ridge: features may be constant or sum to one.
    for (let i = 0; i < size; i++) matrix[i * size + i] += 1;
    return solveLinear(matrix, right);
  }

  #blocksOf(action: number): number[] {
    const G = this.#offset.length;
    return this.#offset.flatMap((own, g) => {
      const at = own[this.#factors.level[action * G + g]];
      return at < 0 ? [] : [at];
    });
  }

  #look(n: number): Float64Array {
    const { numeric, categorical, schema, categoricalValues } = this.#log;
    const M = schema.numericNames.length;
    const C = categoricalValues.length;
    this.#phi.fill(0);
    this.#phi[0] = 1;
    for (let m = 0; m < M; m++) this.#phi[1 + m] = numeric[n * M + m];
    let at = 1 + M;
    for (let c = 0; c < C; c++) {
      const code = categorical[n * C + c];
      if (code >= 0) this.#phi[at + code] = 1;
      at += categoricalValues[c].values.length;
    }
    return this.#phi;
  }

  /** Writes q(x_n, a) of one row for every action, [A]. */
  write(n: number, out: Float64Array): void {
    const phi = this.#look(n);
    const G = this.#offset.length;
    const dot = (from: number): number => {
      let sum = 0;
      for (let i = 0; i < phi.length; i++) sum += phi[i] * this.#theta[from + i];
      return sum;
    };
    const base = dot(0);
    const levels = this.#offset.map((own) => own.map((at) => (at < 0 ? 0 : dot(at))));
    for (let a = 0; a < out.length; a++) {
      let value = base;
      for (let g = 0; g < G; g++) value += levels[g][this.#factors.level[a * G + g]];
      out[a] = value;
    }
  }
}
