import tf from '@tensorflow/tfjs';
import { complaint } from '../../check.js';
import { floats, fresh, nativeInUse } from '../native/memory.js';
import { kernel, run } from '../native/run.js';
import { composeAttention } from './attention.js';

const cachedKernel = kernel('attentionCached');

/** Heads are worked on in so many runs at most, each with scratch memory of its own. */
const MOST_RUNS = 32;
/** The kernel keeps rows of probabilities at multiples of so many numbers. */
const ROW = 16;

export interface AttentionCacheOptions {
  readonly rows: number;
  /** Most places of a row. */
  readonly capacity: number;
  /** Numbers of a key over all heads, D. */
  readonly width: number;
  readonly heads: number;
  /** What products of queries and keys are multiplied by: 1/√(width of a head) if omitted. */
  readonly scale?: number;
}

/**
 * Keys and values of the places that rows have gone through, so that a sequence can be decoded place by place without
 * going through its beginning again: what `attend` gives is what causal `selfAttention` gives at these places of the
 * whole sequence. For inference; nothing here has a gradient.
 *
 * The arrays belong to the cache and stay the same ones for its whole life, so that recorded steps may point into them.
 */
export class AttentionCache {
  /** [rows, capacity, D]; only the places before a row's position mean anything. */
  readonly keys: Float32Array;
  readonly values: Float32Array;
  /** [rows]: places that each row has. Set one to 0 to start its row again. */
  readonly positions: Int32Array;
  readonly options: Required<AttentionCacheOptions>;

  constructor(options: AttentionCacheOptions) {
    const { rows, capacity, width, heads, scale = 1 / Math.sqrt(width / heads) } = options;
    if (width % heads !== 0) {
      throw complaint('usage', {
        where: 'attention cache',
        expected: `a width that is a multiple of ${heads} heads`,
        received: String(width),
      });
    }
    this.options = { rows, capacity, width, heads, scale };
    this.keys = new Float32Array(rows * capacity * width);
    this.values = new Float32Array(rows * capacity * width);
    this.positions = new Int32Array(rows);
  }

  /**
   * Takes in n further places of every row and lets their queries look at everything so far, themselves included.
   *
   * @param qkv [rows, n, 3·D]: query | key | value
   * @returns [rows, n, D]
   * @throws a shape error; a usage error past the capacity, with nothing taken in
   */
  attend(qkv: tf.Tensor): tf.Tensor {
    const y = this.attendAt(qkv);
    this.advance(qkv.shape[1] ?? 0);
    return y;
  }

  /**
   * `attend` without moving on: the next call writes the same places. Recorded steps use this, because they are run
   * twice, and call `advance` outside.
   */
  attendAt(qkv: tf.Tensor): tf.Tensor {
    const { rows, width } = this.options;
    const [batch, places, packed] = qkv.shape;
    if (qkv.rank !== 3 || batch !== rows || packed !== 3 * width) {
      throw complaint('shape', {
        where: 'attention cache',
        expected: `[rows=${rows}, n, 3·D=${3 * width}]`,
        received: `[${qkv.shape.join(', ')}]`,
      });
    }
    this.#expectRoom(places);
    return nativeInUse() ? this.#fused(qkv) : this.#composed(qkv);
  }

  /** Counts n places more in every row. */
  advance(places: number): void {
    this.#expectRoom(places);
    for (let b = 0; b < this.positions.length; b++) this.positions[b] += places;
  }

  /** Forgets everything. */
  reset(): void {
    this.positions.fill(0);
  }

  /**
   * Row i goes on from what row `from[i]` has gone through; for beam search, where some rows end and others split.
   *
   * @param from [rows], each in [0, rows)
   */
  pickRows(from: Int32Array): void {
    const { rows, capacity, width } = this.options;
    const wrong = from.findIndex((row) => row < 0 || row >= rows);
    if (from.length !== rows || wrong >= 0) {
      throw complaint('usage', {
        where: 'attention cache: pickRows',
        expected: `${rows} rows from 0 to ${rows - 1}`,
        received: wrong < 0 ? `${from.length} rows` : `${from[wrong]} at place ${wrong}`,
      });
    }
    const positions = from.map((row) => this.positions[row]);
    const row = capacity * width;
    for (const array of [this.keys, this.values]) {
      const before = array.slice();
      from.forEach((old, b) => {
        if (old !== b) array.set(before.subarray(old * row, old * row + positions[b] * width), b * row);
      });
    }
    this.positions.set(positions);
  }

  #expectRoom(places: number): void {
    const { capacity } = this.options;
    const row = this.positions.findIndex((position) => position + places > capacity);
    if (row < 0) return;
    throw complaint('usage', {
      where: 'attention cache',
      expected: `at most ${capacity} places in a row`,
      received: `${places} more on top of ${this.positions[row]} in row ${row}`,
      try: 'Raise its capacity, or reset it between sequences.',
    });
  }

  #fused(qkv: tf.Tensor): tf.Tensor {
    const { rows, capacity, width, heads, scale } = this.options;
    const [, places] = qkv.shape;
    const stride = Math.ceil(capacity / ROW) * ROW;
    const runs = Math.min(MOST_RUNS, rows * heads);
    const y = fresh([rows, places, width]);
    const [chances, scratch] = [fresh([rows, heads, places, stride]), fresh([runs, width / heads, stride])];
    const { keys, values, positions } = this;
    run(
      cachedKernel(),
      [floats(qkv), positions, keys, values],
      [keys, values, y.values, chances.values, scratch.values],
      [rows, heads, places, capacity, width / heads, stride, runs],
      [scale],
    );
    return y.tensor;
  }

  #composed(qkv: tf.Tensor): tf.Tensor {
    const { rows, capacity, width, heads, scale } = this.options;
    const places = qkv.shape[1] ?? 0;
    const numbers = qkv.dataSync<'float32'>();
    const queries = new Float32Array(rows * places * width);
    for (let b = 0, from = 0; b < rows; b++) {
      for (let t = 0; t < places; t++, from += 3 * width) {
        const to = (b * capacity + this.positions[b] + t) * width;
        queries.set(numbers.subarray(from, from + width), (b * places + t) * width);
        this.keys.set(numbers.subarray(from + width, from + 2 * width), to);
        this.values.set(numbers.subarray(from + 2 * width, from + 3 * width), to);
      }
    }
    // Copies: a backend may hold on to the arrays of its tensors.
    const [keys, values] = [this.keys, this.values].map((array) => tf.tensor3d(array.slice(), [rows, capacity, width]));
    const first = tf.tensor(this.positions.slice(), [rows, 1, 1, 1], 'int32');
    const last = tf.add(first, tf.range(0, places, 1, 'int32').reshape([1, 1, places, 1]));
    const seen = tf.lessEqual(tf.range(0, capacity, 1, 'int32').reshape([1, 1, 1, capacity]), last);
    const parts = [tf.tensor3d(queries, [rows, places, width]), keys, values] as const;
    return composeAttention(parts, tf.cast(seen, 'float32'), heads, scale);
  }
}
