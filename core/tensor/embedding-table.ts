import tf from '@tensorflow/tfjs';
import { GymError, complaint } from '../check.js';
import type { Source } from '../random.js';
import { differentiable } from './differentiable.js';
import { large } from './native/large.js';
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
  readonly #rates = new Float64Array(4);
  /** [width] where the slopes of a row looked up more than once are summed. */
  readonly #room: Float32Array;
  /** Claims and slopes held; in which half the sorted claims lie. */
  readonly #counts = new Int32Array(3);
  /** [2 · capacity] pairs (row, slope): the look-ups of the step, and room to sort them in. */
  #claims = new Int32Array(0);
  /** [bags, width] what each bag passed on to its rows. */
  #slopes = new Float32Array(0);
  /** Look-ups and bags of the run that goes on; none are counted while nothing is learned. */
  #claimed = { lookups: 0, bags: 0 };
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
    this.values = large(new Float32Array(size.rows * size.width));
    this.history = large(new Float32Array(size.rows));
    this.#room = new Float32Array(size.width);
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
    if (this.#learning) this.#claim(lookups);
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
    this.#claimed = { lookups: 0, bags: 0 };
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
    this.#counts.fill(0);
  }

  /** Writes Σ g² over the rows with a gradient at `squares[at]`. */
  square(squares: Float64Array, at: number): void {
    if (nativeInUse()) {
      const whole = [this.width, this.rows, this.#capacity, at];
      run(tableSquares(), [this.#slopes], [this.#claims, this.#counts, this.#room, squares], whole);
      return;
    }
    let total = 0;
    this.#eachRow((_row, gradient) => {
      for (const g of gradient) total += g * g;
    });
    squares[at] = total;
  }

  /** Moves the rows with a gradient, and forgets it. */
  apply(update: Pick<Update, 'squares' | 'loss'>): void {
    const { optimiser, epsilon } = this.settings;
    const { squares, loss } = update;
    if (nativeInUse()) {
      const outputs = [this.values, this.history, this.#slopes, this.#claims, this.#counts, this.#room];
      const whole = [this.width, squares.length, Number(optimiser === 'adagrad'), this.#capacity];
      run(tableUpdate(), [], [...outputs, this.#rates, squares, loss], whole, [epsilon]);
      return;
    }
    if (finite(update)) this.#move(normOf(squares));
    this.forget();
  }

  #move(norm: number): void {
    const { width, values, history } = this;
    const { optimiser, epsilon } = this.settings;
    const scale = clipping(norm, this.#rates[CLIP]);
    this.#eachRow((row, gradient) => {
      let step = this.#rates[RATE] * scale;
      if (optimiser === 'adagrad') {
        history[row] += gradient.reduce((sum, g) => sum + (g * scale) ** 2, 0) / width;
        step /= Math.sqrt(history[row]) + epsilon;
      }
      for (let k = 0; k < width; k++) values[row * width + k] -= step * gradient[k];
    });
  }

  /** Rows with a gradient, upwards; the slopes of a row summed in the order of the look-ups. */
  #eachRow(visit: (row: number, gradient: Float32Array) => void): void {
    const claims = Array.from({ length: this.#counts[0] }, (_, i) => i);
    claims.sort((a, b) => this.#claims[2 * a] - this.#claims[2 * b] || a - b);
    for (let i = 0; i < claims.length;) {
      const row = this.#claims[2 * claims[i]];
      this.#room.fill(0);
      for (; i < claims.length && this.#claims[2 * claims[i]] === row; i++) {
        const from = this.#claims[2 * claims[i] + 1] * this.width;
        for (let k = 0; k < this.width; k++) this.#room[k] += this.#slopes[from + k];
      }
      visit(row, this.#room);
    }
  }

  /** Claims that there is room for. */
  get #capacity(): number {
    return this.#claims.length / 4;
  }

  /** Room for that many more look-ups. */
  #claim({ bags, bag }: Lookups): void {
    this.#claimed.lookups += bags * bag;
    this.#claimed.bags += bags;
    const { lookups } = this.#claimed;
    if (lookups > this.#capacity) this.#claims = new Int32Array(4 * lookups);
    const slopes = this.#claimed.bags * this.width;
    if (slopes > this.#slopes.length) this.#slopes = new Float32Array(slopes);
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
      const outputs = [this.#slopes, this.#claims, this.#counts];
      run(tableGradient(), [floats(dy), ids], outputs, [bags, bag, width, this.rows, Number(mean)]);
      return;
    }
    const slope = dy.dataSync<'float32'>();
    for (let n = 0; n < bags; n++) {
      const share = shareOf(ids, n * bag, bag, mean);
      const own = this.#counts[1]++;
      for (let k = 0; k < width; k++) this.#slopes[own * width + k] = share * slope[n * width + k];
      for (let f = n * bag; f < (n + 1) * bag; f++) {
        if (ids[f] >= 0) this.#claims.set([ids[f], own], 2 * this.#counts[0]++);
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
