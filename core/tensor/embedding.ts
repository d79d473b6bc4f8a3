import tf from '@tensorflow/tfjs';
import { complaint } from '../check.js';
import type { Source } from '../random.js';
import { differentiable, type Forward } from './differentiable.js';
import { idsOf, type TableSettings } from './embedding-table.js';
import { floats, fresh, nativeInUse } from './native/memory.js';
import { kernel, run } from './native/run.js';
import { zeros, type Initialiser, type ParameterSet } from './parameters.js';

const bagForward = kernel('embeddingBag');
const bagGradient = kernel('embeddingBagGradient');

/** Ids as they come from features, or as an int32 tensor (an input of a compiled step). */
export type Ids = Int32Array | tf.Tensor;

export interface EmbeddingOptions {
  readonly name: string;
  /** Rows of the table. */
  readonly buckets: number;
  readonly width: number;
  readonly initialise?: Initialiser;
  /** Divide a bag's sum by its number of ids that are not padding. */
  readonly mean?: boolean;
  /**
   * Settings of a table that learns row by row, apart from the other parameters (`EmbeddingTable`): for large tables.
   * Without it the table is a parameter like any other, and every step moves all of it.
   */
  readonly byRows?: Partial<TableSettings>;
  /** How a table that is a parameter is read: by our kernels, plain loops or stock ops. By default the fastest here. */
  readonly by?: Way;
}

type Way = 'kernels' | 'loops' | 'ops';

/**
 * Sum (or mean) of the embeddings of a bag of ids, −1 standing for padding: y_n = Σ_f table[id_nf].
 *
 * @returns a function from ids [rows · bag] (row-major, each in [0, buckets) or −1) to [rows, width]
 */
export function embeddingBag(
  parameters: ParameterSet,
  options: EmbeddingOptions,
  source: Source,
): (ids: Ids, rows: number) => tf.Tensor2D {
  const { name, buckets, width, initialise = zeros, mean = false, byRows } = options;
  if (byRows !== undefined) {
    const { table, anchor } = parameters.table(name, { rows: buckets, width }, byRows, initialise, source);
    return (ids, rows) => table.look(ids, { bags: rows, bag: bagOf(ids, rows), mean }, anchor());
  }
  const table = parameters.add(`${name}.table`, [buckets, width], initialise, source);
  return (ids, rows) => {
    const look: Look = { ids: idsOf(ids), rows, bag: bagOf(ids, rows), buckets, width, mean };
    const way = WAYS[options.by ?? wayHere()];
    return differentiable([table.value()], () => way(table.value(), look)).as2D(rows, width);
  };
}

/** One embedding per id: a bag of one. @returns a function from ids [n] to [n, width] */
export function embedding(
  parameters: ParameterSet,
  options: EmbeddingOptions,
  source: Source,
): (ids: Ids) => tf.Tensor2D {
  const bag = embeddingBag(parameters, options, source);
  return (ids) => bag(ids, countOf(ids));
}

interface Look {
  readonly ids: Int32Array;
  readonly rows: number;
  readonly bag: number;
  readonly buckets: number;
  readonly width: number;
  readonly mean: boolean;
}

const WAYS: Readonly<Record<Way, (table: tf.Tensor, look: Look) => Forward>> = {
  kernels: byKernels,
  loops: byLoops,
  ops: byOps,
};

/** Loops where tensors live in this process's memory (six times faster on wasm than stock ops). */
function wayHere(): Way {
  if (nativeInUse()) return 'kernels';
  return tf.getBackend() === 'wasm' || tf.getBackend() === 'cpu' ? 'loops' : 'ops';
}

function countOf(ids: Ids): number {
  return ids instanceof tf.Tensor ? ids.size : ids.length;
}

function bagOf(ids: Ids, rows: number): number {
  const bag = rows === 0 ? 0 : countOf(ids) / rows;
  if (Number.isInteger(bag)) return bag;
  throw complaint('shape', {
    where: 'embedding bag',
    expected: `a multiple of rows=${rows} ids`,
    received: String(countOf(ids)),
  });
}

function byKernels(table: tf.Tensor, { ids, rows, bag, buckets, width, mean }: Look): Forward {
  const whole = [rows, bag, width, buckets, Number(mean)];
  const value = fresh([rows, width]);
  run(bagForward(), [floats(table), ids], [value.values], whole);
  const gradient = (dy: tf.Tensor): tf.Tensor[] => {
    const slope = fresh([buckets, width]);
    run(bagGradient(), [floats(dy), ids], [slope.values], whole);
    return [slope.tensor];
  };
  return { value: value.tensor, gradient };
}

/** [rows · bag] what each look-up counts: 0 for padding. */
function shares({ ids, rows, bag, mean }: Look): Float32Array {
  const out = new Float32Array(rows * bag);
  for (let n = 0; n < rows; n++) {
    let known = 0;
    for (let f = n * bag; f < (n + 1) * bag; f++) if (ids[f] >= 0) known++;
    for (let f = n * bag; f < (n + 1) * bag; f++) out[f] = ids[f] < 0 ? 0 : mean ? 1 / known : 1;
  }
  return out;
}

/** Gather, weigh and sum; the gradient is one scatter (stock `gather` would sum its gradient over the table per row). */
function byOps(table: tf.Tensor, look: Look): Forward {
  const { ids, rows, bag, buckets, width } = look;
  checkIds(look);
  const weight = (): tf.Tensor => tf.tensor3d(shares(look), [rows, bag, 1]);
  const known = ids.map((id) => Math.max(0, id));
  const picked = tf.gather(table, tf.tensor1d(known, 'int32')).reshape([rows, bag, width]);
  const gradient = (dy: tf.Tensor): tf.Tensor[] => {
    const spread = tf.mul(dy.reshape([rows, 1, width]), weight()).reshape([rows * bag, width]);
    return [tf.scatterND(tf.tensor2d(known, [rows * bag, 1], 'int32'), spread, [buckets, width])];
  };
  return { value: tf.sum(tf.mul(picked, weight()), 1), gradient };
}

function byLoops(table: tf.Tensor, look: Look): Forward {
  const { ids, rows, bag, buckets, width } = look;
  checkIds(look);
  const weight = shares(look);
  const numbers = table.dataSync<'float32'>();
  const sums = new Float32Array(rows * width);
  for (let at = 0; at < rows * bag; at++) {
    if (ids[at] < 0) continue;
    const [from, to] = [ids[at] * width, Math.floor(at / bag) * width];
    for (let k = 0; k < width; k++) sums[to + k] += weight[at] * numbers[from + k];
  }
  const gradient = (dy: tf.Tensor): tf.Tensor[] => {
    const slope = dy.dataSync<'float32'>();
    const out = new Float32Array(buckets * width);
    for (let at = 0; at < rows * bag; at++) {
      if (ids[at] < 0) continue;
      const [to, from] = [ids[at] * width, Math.floor(at / bag) * width];
      for (let k = 0; k < width; k++) out[to + k] += weight[at] * slope[from + k];
    }
    return [tf.tensor2d(out, [buckets, width])];
  };
  return { value: tf.tensor2d(sums, [rows, width]), gradient };
}

function checkIds({ ids, buckets }: Look): void {
  const at = ids.findIndex((id) => !(id >= -1 && id < buckets));
  if (at < 0) return;
  throw complaint('data', {
    where: 'embedding bag',
    expected: `ids in [0, ${buckets}) or -1 for padding`,
    received: `${ids[at]} at place ${at}`,
  });
}
