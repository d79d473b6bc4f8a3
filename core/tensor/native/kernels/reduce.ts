import tf from '@tensorflow/tfjs';
import { kernel, run } from '../run.js';
import { number, numbers, size, type KernelRequest, type StockKernel, type StockKernels } from './stock.js';

/** A shape seen as [outer, reduced, inner], and what remains of it. */
interface Reduction {
  readonly outer: number;
  readonly reduced: number;
  readonly inner: number;
  readonly shape: number[];
}

/** The axes to reduce as one, where they are neighbours; undefined where they are not. */
function reduction(shape: number[], axis: unknown, keepDims: boolean): Reduction | undefined {
  const all = axis === undefined || axis === null;
  const axes = tf.util.parseAxisParam(all ? shape.map((_, k) => k) : numbers(axis), shape).sort((a, b) => a - b);
  const [first, last] = axes.length === 0 ? [0, -1] : [axes[0], axes[axes.length - 1]];
  if (last - first + 1 !== axes.length) return undefined;
  const kept = keepDims
    ? shape.map((n, k) => (k >= first && k <= last ? 1 : n))
    : shape.filter((_, k) => k < first || k > last);
  return {
    outer: size(shape.slice(0, first)),
    reduced: size(shape.slice(first, last + 1)),
    inner: size(shape.slice(last + 1)),
    shape: kept,
  };
}

function reducing(name: string): StockKernel {
  const code = kernel(name);
  return ({ inputs: { x }, attrs, backend }: KernelRequest) => {
    const found = reduction(x.shape, attrs['axis'] ?? attrs['reductionIndices'], attrs['keepDims'] === true);
    if (x.dtype !== 'float32' || found === undefined || found.reduced === 0) return undefined;
    const { outer, reduced, inner, shape } = found;
    const out = backend.output(shape);
    if (out.values.length > 0) run(code(), [backend.floats(x)], [out.values], [outer, reduced, inner]);
    return out.info;
  };
}

function finding(name: string): StockKernel {
  const code = kernel(name);
  return ({ inputs: { x }, attrs, backend }) => {
    const found = reduction(x.shape, number(attrs['axis'], 0), false);
    if (x.dtype !== 'float32' || found === undefined || found.reduced === 0) return undefined;
    const values = backend.takeWholes(size(found.shape));
    if (values.length > 0) run(code(), [backend.floats(x)], [values], [found.outer, found.reduced, found.inner]);
    return backend.makeTensorInfo(found.shape, 'int32', values);
  };
}

function overRows(name: string, axisOf: (attrs: Readonly<Record<string, unknown>>) => unknown): StockKernel {
  const code = kernel(name);
  return ({ inputs: { logits }, attrs, backend }) => {
    const rank = logits.shape.length;
    const axis = number(axisOf(attrs), -1);
    if (logits.dtype !== 'float32' || rank === 0 || (axis !== -1 && axis !== rank - 1)) return undefined;
    const out = backend.output(logits.shape);
    const width = logits.shape[rank - 1];
    if (out.values.length > 0) run(code(), [backend.floats(logits)], [out.values], [out.values.length / width, width]);
    return out.info;
  };
}

/** Reductions of float32 over neighbouring axes, and the softmax of the last one. */
export const reductions: StockKernels = {
  Sum: reducing('sum'),
  Mean: reducing('mean'),
  Prod: reducing('prod'),
  Max: reducing('max'),
  Min: reducing('min'),
  ArgMax: finding('argmax'),
  ArgMin: finding('argmin'),
  Softmax: overRows('softmax', ({ dim }) => dim),
  LogSoftmax: overRows('logSoftmax', ({ axis }) => axis),
};
