import tf from '@tensorflow/tfjs';
import { GymError, complaint } from '../check.js';
import type { Source } from '../random.js';
import { differentiable } from './differentiable.js';
import { floats, fresh, nativeInUse, wholes } from './native/memory.js';
import { kernel, run } from './native/run.js';
import { CLIP, RATE, clipping, finite, normOf, type Update } from './optimisers/optimiser.js';
import type { Initialiser } from './parameters.js';

/** How the rows of a table learn. */
export interface TableSettings {
  /** Row-wise Adagrad, or plain descent. */
  readonly optimiser: 'adagrad' | 'sgd';
  /** Step size; Adagrad's first step moves a row by about this much per number. */
  readonly learningRate: number;
  readonly epsilon: number;
}

/** Some look-ups: `bags` sums of `bag` rows each. */
export interface Lookups {
  readonly bags: number;
  readonly bag: number;
  /** Divide each sum by its number of ids that are not padding. */
  readonly mean: boolean;
}

const embeddingBag = kernel('embeddingBag');
const tableGradient = kernel('tableGradient');
const tableSquares = kernel('tableSquares');
const tableUpdate = kernel('tableUpdate');

/**
 * A table of embeddings whose gradient is only the rows that were looked up, with its own optimiser, so that a step
 * costs as much as its look-ups, whatever the size of the table.
 *
 * Row-wise Adagrad (Duchi et al. 2011 with one sum per row, as recommender systems use it): with g_r the gradient of row
 * r, all its look-ups of the step summed,
 *
 *     h_r ← h_r + mean(g_r²)     w_r ← w_r − η·g_r / (√h_r + ε)
 */
export class EmbeddingTable {
  readonly name: string;
  readonly rows: number;
  readonly width: number;
  readonly settings: TableSettings;
  /** [rows, width] */
  readonly values: Float32Array;
  /** [rows] h above. */
  readonly history: Float32Array;
  /** [rows] where in `#sums` a row's gradient lies, −1 for none. */
  readonly #place: Int32Array;
  /** [1] how many rows have a gradient. */
  readonly #count = new Int32Array(1);
  readonly #rates = new Float64Array(4);
  /** Rows with a gradient and their gradients, in the order in which they came. */
  #seen = new Int32Array(0);
  #sums = new Float32Array(0);
  /** Look-ups of the run that goes on; none are counted while nothing is learned. */
  #claimed = 0;
  #learning = false;

  constructor(
    name: string,
    size: { readonly rows: number; readonly width: number },
    settings: Partial<TableSettings>,
    initialise: Initialiser,
    source: Source,
  ) {
    this.name = name;
    this.rows = size.rows;
    this.width = size.width;
    this.settings = { optimiser: 'adagrad', learningRate: 0.05, epsilon: 1e-8, ...settings };
    this.values = new Float32Array(size.rows * size.width);
    this.history = new Float32Array(size.rows);
    this.#place = new Int32Array(size.rows).fill(-1);
    initialise(this.values, [size.rows, size.width], source);
  }

  /**
   * Looks bags up: y_n = Σ_f table[ids[n, f]].
   *
   * @param ids    [bags · bag] row-major, each in [0, rows) or −1 for padding
   * @param anchor a tensor on the way of the gradient; see `ParameterSet.table`
   * @returns [bags, width]
   */
  look(ids: Int32Array | tf.Tensor, lookups: Lookups, anchor: tf.Tensor): tf.Tensor2D {
    const length = ids instanceof tf.Tensor ? ids.size : ids.length;
    if (length !== lookups.bags * lookups.bag) {
      throw complaint('shape', {
        where: `table '${this.name}': ids`,
        expected: `${lookups.bags * lookups.bag} (bags=${lookups.bags} × bag=${lookups.bag})`,
        received: String(length),
      });
    }
    if (this.#learning) this.#claim(length);
    const numbers = idsOf(ids);
    const value = differentiable([anchor], () => ({
      value: nativeInUse() ? this.#lookNatively(numbers, lookups) : this.#lookPlainly(numbers, lookups),
      gradient: (dy) => {
        this.#collect(dy, numbers, lookups);
        return [tf.zeros(anchor.shape)];
      },
    }));
    return value.as2D(lookups.bags, this.width);
  }

  /** Opens a run through the model; one that learns needs room for the gradient of every look-up. */
  open(learning: boolean): void {
    this.#claimed = 0;
    this.#learning = learning;
  }

  /** Opens a step: sets its numbers and forgets the gradients that a broken step left. */
  begin(learningRate: number, clipNorm: number): void {
    this.#rates[RATE] = learningRate;
    this.#rates[CLIP] = clipNorm;
    this.forget();
  }

  /** Forgets the gradients gathered so far. */
  forget(): void {
    for (let i = 0; i < this.#count[0]; i++) this.#place[this.#seen[i]] = -1;
    this.#count[0] = 0;
  }

  /** Writes Σ g² over the rows with a gradient at `squares[at]`. */
  square(squares: Float64Array, at: number): void {
    if (nativeInUse()) {
      run(tableSquares(), [this.#sums, this.#count], [squares], [this.width, at]);
      return;
    }
    let total = 0;
    for (let i = 0; i < this.#count[0] * this.width; i++) total += this.#sums[i] ** 2;
    squares[at] = total;
  }

  /** Moves the rows with a gradient, and forgets it. */
  apply(update: Pick<Update, 'squares' | 'loss'>): void {
    const { optimiser, epsilon } = this.settings;
    if (nativeInUse()) {
      const { squares, loss } = update;
      const outputs = [this.values, this.history, this.#place, this.#seen, this.#sums, this.#count];
      const whole = [this.width, squares.length, Number(optimiser === 'adagrad')];
      run(tableUpdate(), [], [...outputs, this.#rates, squares, loss], whole, [epsilon]);
      return;
    }
    if (finite({ values: this.values, gradient: this.#sums, ...update })) this.#move(normOf(update.squares));
    this.forget();
  }

  #move(norm: number): void {
    const { width } = this;
    const { optimiser, epsilon } = this.settings;
    const scale = clipping(norm, this.#rates[CLIP]);
    for (let i = 0; i < this.#count[0]; i++) {
      const row = this.#seen[i];
      let step = this.#rates[RATE] * scale;
      if (optimiser === 'adagrad') {
        let total = 0;
        for (let k = i * width; k < (i + 1) * width; k++) total += (this.#sums[k] * scale) ** 2;
        this.history[row] += total / width;
        step /= Math.sqrt(this.history[row]) + epsilon;
      }
      for (let k = 0; k < width; k++) this.values[row * width + k] -= step * this.#sums[i * width + k];
    }
  }

  /** Room for the gradients of that many more look-ups. */
  #claim(lookups: number): void {
    this.#claimed += lookups;
    if (this.#claimed <= this.#seen.length) return;
    const seen = new Int32Array(this.#claimed);
    const sums = new Float32Array(this.#claimed * this.width);
    seen.set(this.#seen);
    sums.set(this.#sums);
    this.#seen = seen;
    this.#sums = sums;
  }

  #lookNatively(ids: Int32Array, { bags, bag, mean }: Lookups): tf.Tensor {
    const out = fresh([bags, this.width]);
    run(embeddingBag(), [this.values, ids], [out.values], [bags, bag, this.width, this.rows, Number(mean)]);
    return out.tensor;
  }

  #lookPlainly(ids: Int32Array, { bags, bag, mean }: Lookups): tf.Tensor {
    const { width } = this;
    const sums = new Float32Array(bags * width);
    for (let n = 0; n < bags; n++) {
      const share = shareOf(ids, n * bag, bag, mean);
      for (let f = n * bag; f < (n + 1) * bag; f++) {
        if (!this.#known(ids, f)) continue;
        for (let k = 0; k < width; k++) sums[n * width + k] += share * this.values[ids[f] * width + k];
      }
    }
    return tf.tensor2d(sums, [bags, width]);
  }

  #collect(dy: tf.Tensor, ids: Int32Array, { bags, bag, mean }: Lookups): void {
    const { width } = this;
    if (nativeInUse()) {
      const outputs = [this.#place, this.#seen, this.#sums, this.#count];
      run(tableGradient(), [floats(dy), ids], outputs, [bags, bag, width, this.rows, Number(mean)]);
      return;
    }
    const slope = dy.dataSync<'float32'>();
    for (let n = 0; n < bags; n++) {
      const share = shareOf(ids, n * bag, bag, mean);
      for (let f = n * bag; f < (n + 1) * bag; f++) {
        if (ids[f] < 0) continue;
        let place = this.#place[ids[f]];
        if (place < 0) {
          place = this.#place[ids[f]] = this.#count[0]++;
          this.#seen[place] = ids[f];
          this.#sums.fill(0, place * width, (place + 1) * width);
        }
        for (let k = 0; k < width; k++) this.#sums[place * width + k] += share * slope[n * width + k];
      }
    }
  }

  #known(ids: Int32Array, at: number): boolean {
    const id = ids[at];
    if (id >= -1 && id < this.rows) return id >= 0;
    throw new GymError(
      'data',
      `table '${this.name}': expected ids in [0, ${this.rows}) or -1 for padding, received ${id} at place ${at}. Hash or clip ids to the table's size.`,
    );
  }
}

/** What a row's share in its bag is. */
function shareOf(ids: Int32Array, from: number, bag: number, mean: boolean): number {
  if (!mean) return 1;
  let known = 0;
  for (let f = from; f < from + bag; f++) if (ids[f] >= 0) known++;
  return known === 0 ? 0 : 1 / known;
}

/** The ids in place where they lie in this process, else a copy. */
export function idsOf(ids: Int32Array | tf.Tensor): Int32Array {
  if (!(ids instanceof tf.Tensor)) return ids;
  if (ids.dtype !== 'int32') {
    throw complaint('usage', { where: 'ids', expected: 'an int32 tensor', received: ids.dtype });
  }
  return nativeInUse() ? wholes(ids) : ids.dataSync<'int32'>();
}
