import tf from '@tensorflow/tfjs';
import type { NativeBackend } from '../backend.js';
import { kernel, run } from '../run.js';
import { isNumbers, number, numbers, size, type StockKernels } from './stock.js';

/** Most axes that the copying kernel walks (`MOST_AXES` in `shape.cc`). */
const MOST_AXES = 8;
/** Longest list that the top-k kernel keeps sorted by insertion. */
const MOST_BEST = 256;

const copy = kernel('copy');
const gather = kernel('gather');
const segmentSum = kernel('segmentSum');
const oneHot = kernel('oneHot');
const topK = kernel('topK');
const fill = kernel('fill');

/** A strided walk over the numbers of an array. */
interface Walk {
  readonly strides: readonly number[];
  readonly from: number;
}

/** Row-major strides. */
function dense(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let k = shape.length - 1; k >= 0; k--) {
    strides[k] = step;
    step *= shape[k];
  }
  return strides;
}

/** Whether a tensor holds four-byte numbers; the JavaScript kernels leave int32 tensors in other arrays at times. */
function isWord(backend: NativeBackend, info: tf.TensorInfo): boolean {
  if (info.dtype === 'float32') return true;
  return info.dtype === 'int32' && backend.numbers(info) instanceof Int32Array;
}

/** A new tensor of the type of `like`; only types of four-byte numbers. */
function outputLike(backend: NativeBackend, like: tf.TensorInfo, shape: number[]): Output {
  if (like.dtype === 'float32') return backend.output(shape);
  const values = backend.takeWholes(size(shape));
  return { info: backend.makeTensorInfo(shape, 'int32', values), values };
}

interface Output {
  readonly info: tf.TensorInfo;
  readonly values: Float32Array | Int32Array;
}

/**
 * Copies a block of the given shape from one walk to another, neighbouring axes merged where both allow it.
 *
 * @returns false when more axes remain than the kernel walks; nothing was copied then
 */
function copied(
  backend: NativeBackend,
  shape: readonly number[],
  [x, from]: readonly [tf.TensorInfo, Walk],
  [out, to]: readonly [Output, Walk],
): boolean {
  const [sizes, stridesIn, stridesOut]: number[][] = [[], [], []];
  for (let k = 0; k < shape.length; k++) {
    if (shape[k] === 1) continue;
    const last = sizes.length - 1;
    const [si, so] = [from.strides[k], to.strides[k]];
    if (last >= 0 && stridesIn[last] === si * shape[k] && stridesOut[last] === so * shape[k]) {
      sizes[last] *= shape[k];
      [stridesIn[last], stridesOut[last]] = [si, so];
    } else {
      sizes.push(shape[k]);
      stridesIn.push(si);
      stridesOut.push(so);
    }
  }
  if (sizes.length > MOST_AXES) return false;
  // The kernel's innermost axis runs along the output.
  if (sizes.length > 0 && stridesOut[sizes.length - 1] !== 1) {
    sizes.push(1);
    stridesIn.push(1);
    stridesOut.push(1);
  }
  const whole = [sizes.length, ...sizes, ...stridesIn, ...stridesOut, from.from, to.from];
  if (size(shape) > 0) run(copy(), [backend.numbers(x)], [out.values], whole);
  return true;
}

/** A block of x, from `begin`, of the given shape. */
function slice(
  backend: NativeBackend,
  x: tf.TensorInfo,
  begin: readonly number[],
  shape: number[],
): tf.TensorInfo | undefined {
  const strides = dense(x.shape);
  const from = begin.reduce((place, at, k) => place + at * strides[k], 0);
  const out = outputLike(backend, x, shape);
  if (copied(backend, shape, [x, { strides, from }], [out, { strides: dense(shape), from: 0 }])) return out.info;
  backend.disposeIntermediateTensorInfo(out.info);
  return undefined;
}

/** Parts laid one after the other along an axis. */
function concat(backend: NativeBackend, parts: readonly tf.TensorInfo[], axis: number): tf.TensorInfo | undefined {
  const [head] = parts;
  if (parts.some((part) => !isWord(backend, part) || part.dtype !== head.dtype || part.shape.length > MOST_AXES))
    return undefined;
  const shape = [...head.shape];
  shape[axis] = parts.reduce((sum, part) => sum + part.shape[axis], 0);
  const out = outputLike(backend, head, shape);
  const strides = dense(shape);
  let from = 0;
  for (const part of parts) {
    copied(backend, part.shape, [part, { strides: dense(part.shape), from: 0 }], [out, { strides, from }]);
    from += part.shape[axis] * strides[axis];
  }
  return out.info;
}

/** Slices of the given lengths along an axis. */
function split(
  backend: NativeBackend,
  x: tf.TensorInfo,
  axis: number,
  lengths: readonly number[],
): tf.TensorInfo[] | undefined {
  if (!isWord(backend, x) || x.shape.length > MOST_AXES) return undefined;
  let at = 0;
  return lengths.flatMap((length) => {
    const begin = x.shape.map((_, k) => (k === axis ? at : 0));
    const shape = x.shape.map((n, k) => (k === axis ? length : n));
    at += length;
    return slice(backend, x, begin, shape) ?? [];
  });
}

function axisOf(axis: unknown, shape: number[]): number {
  return tf.util.parseAxisParam(number(axis, 0), shape)[0];
}

/** Moving numbers of float32 and int32; lists by index. */
export const shapes: StockKernels = {
  Transpose: ({ inputs: { x }, attrs: { perm }, backend }) => {
    const order = numbers(perm);
    if (!isWord(backend, x) || order.length > MOST_AXES) return undefined;
    const shape = order.map((k) => x.shape[k]);
    const strides = dense(x.shape);
    const out = outputLike(backend, x, shape);
    const turned = { strides: order.map((k) => strides[k]), from: 0 };
    copied(backend, shape, [x, turned], [out, { strides: dense(shape), from: 0 }]);
    return out.info;
  },
  Slice: ({ inputs: { x }, attrs: { begin, size: extent }, backend }) => {
    if (!isWord(backend, x)) return undefined;
    const sizes = extent === undefined ? undefined : numbers(extent);
    const [first, shape] = tf.slice_util.parseSliceParams(x, numbers(begin), sizes);
    tf.slice_util.assertParamsValid(x, first, shape);
    return slice(backend, x, first, shape);
  },
  Concat: ({ inputs, attrs: { axis }, backend }) => {
    const parts = Object.values(inputs);
    const at = axisOf(axis, parts[0].shape);
    const filled = parts.filter((part) => size(part.shape) > 0);
    if (filled.length < 2) return undefined;
    tf.backend_util.assertParamsConsistent(
      parts.map((part) => part.shape),
      at,
    );
    return concat(backend, filled, at);
  },
  Pack: ({ inputs, attrs: { axis }, backend }) => {
    const parts = Object.values(inputs);
    const [{ shape, dtype }] = parts;
    const at = number(axis, 0) < 0 ? number(axis, 0) + shape.length + 1 : number(axis, 0);
    if (parts.some((part) => part.dtype !== dtype || String(part.shape) !== String(shape))) return undefined;
    const raised = parts.map((part) => ({ ...part, shape: [...shape.slice(0, at), 1, ...shape.slice(at)] }));
    return concat(backend, raised, at);
  },
  Unpack: ({ inputs: { value }, attrs: { axis }, backend }) => {
    const at = axisOf(axis, value.shape);
    const parts = split(backend, value, at, new Array<number>(value.shape[at]).fill(1));
    return parts?.map((part) => ({ ...part, shape: part.shape.filter((_, k) => k !== at) }));
  },
  SplitV: ({ inputs: { x }, attrs: { numOrSizeSplits, axis }, backend }) => {
    const at = axisOf(axis, x.shape);
    if (typeof numOrSizeSplits !== 'number' && !isNumbers(numOrSizeSplits)) return undefined;
    return split(backend, x, at, tf.backend_util.prepareSplitSize(x, numOrSizeSplits, at));
  },
  Tile: ({ inputs: { x }, attrs: { reps }, backend }) => {
    const times = numbers(reps);
    if (!isWord(backend, x) || 2 * times.length > MOST_AXES) return undefined;
    const strides = dense(x.shape);
    const shape = x.shape.map((n, k) => n * times[k]);
    const apart = x.shape.flatMap((n, k) => [times[k], n]);
    const out = outputLike(backend, x, shape);
    const walk = { strides: strides.flatMap((step) => [0, step]), from: 0 };
    copied(backend, apart, [x, walk], [out, { strides: dense(apart), from: 0 }]);
    return out.info;
  },
  PadV2: ({ inputs: { x }, attrs: { paddings, constantValue }, backend }) => {
    if (x.dtype !== 'float32' || !Array.isArray(paddings) || x.shape.length > MOST_AXES) return undefined;
    const edges = paddings.map((pair) => numbers(pair));
    const shape = x.shape.map((n, k) => n + edges[k][0] + edges[k][1]);
    const out = backend.output(shape);
    run(fill(), [], [out.values], [out.values.length], [number(constantValue, 0)]);
    const strides = dense(shape);
    const from = edges.reduce((place, [before], k) => place + before * strides[k], 0);
    copied(backend, x.shape, [x, { strides: dense(x.shape), from: 0 }], [out, { strides, from }]);
    return out.info;
  },
  GatherV2: ({ inputs: { x, indices }, attrs: { axis, batchDims }, backend }) => {
    const ids = backend.numbers(indices);
    if (x.dtype !== 'float32' || !(ids instanceof Int32Array) || number(batchDims, 0) !== 0) return undefined;
    const at = axisOf(axis, x.shape);
    const [outer, inner] = [x.shape.slice(0, at), x.shape.slice(at + 1)];
    const out = backend.output([...outer, ...indices.shape, ...inner]);
    const whole = [size(outer), x.shape[at], size(inner), ids.length];
    if (out.values.length > 0) run(gather(), [backend.floats(x), ids], [out.values], whole);
    return out.info;
  },
  UnsortedSegmentSum: ({ inputs: { x, segmentIds }, attrs: { numSegments }, backend }) => {
    const ids = backend.numbers(segmentIds);
    if (x.dtype !== 'float32' || !(ids instanceof Int32Array) || segmentIds.shape.length !== 1) return undefined;
    const segments = number(numSegments, 0);
    const inner = x.shape.slice(1);
    const out = backend.output([segments, ...inner]);
    run(segmentSum(), [backend.floats(x), ids], [out.values], [ids.length, size(inner), segments]);
    return out.info;
  },
  OneHot: ({ inputs: { indices }, attrs: { dtype, depth, onValue, offValue }, backend }) => {
    const ids = backend.numbers(indices);
    if (dtype !== 'float32' || !(ids instanceof Int32Array)) return undefined;
    const width = number(depth, 0);
    const out = backend.output([...indices.shape, width]);
    run(oneHot(), [ids], [out.values], [ids.length, width], [number(onValue, 1), number(offValue, 0)]);
    return out.info;
  },
  TopK: ({ inputs: { x }, attrs: { k }, backend }) => {
    const best = number(k, 1);
    const width = x.shape[x.shape.length - 1];
    if (x.dtype !== 'float32' || best > MOST_BEST || best === 0 || size(x.shape) === 0) return undefined;
    const shape = [...x.shape.slice(0, -1), best];
    const out = backend.output(shape);
    const places = backend.takeWholes(size(shape));
    run(topK(), [backend.floats(x)], [out.values, places], [size(shape) / best, width, best]);
    return [out.info, backend.makeTensorInfo(shape, 'int32', places)];
  },
};
