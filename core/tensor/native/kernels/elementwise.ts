import type tf from '@tensorflow/tfjs';
import { kernel, run } from '../run.js';
import { broadcast } from './broadcast.js';
import type { NativeBackend } from '../backend.js';
import { number, numbers, size, type StockKernel, type StockKernels } from './stock.js';

/** tfjs's name → ours, for functions of one number. */
const UNARY = {
  Abs: 'abs',
  Elu: 'elu',
  Exp: 'exp',
  Expm1: 'expm1',
  Log: 'log',
  Log1p: 'log1p',
  Neg: 'neg',
  Reciprocal: 'reciprocal',
  Relu: 'relu',
  Relu6: 'relu6',
  Rsqrt: 'rsqrt',
  Selu: 'selu',
  Sigmoid: 'sigmoid',
  Sign: 'sign',
  Softplus: 'softplus',
  Sqrt: 'sqrt',
  Square: 'square',
  Tanh: 'tanh',
} as const;

const BINARY = {
  Add: 'add',
  Sub: 'sub',
  Multiply: 'mul',
  RealDiv: 'div',
  Maximum: 'maximum',
  Minimum: 'minimum',
  Pow: 'pow',
  Prelu: 'prelu',
  SquaredDifference: 'squaredDifference',
} as const;

const COMPARISON = {
  Equal: 'equal',
  Greater: 'greater',
  GreaterEqual: 'greaterEqual',
  Less: 'less',
  LessEqual: 'lessEqual',
  NotEqual: 'notEqual',
} as const;

function unary(
  name: string,
  constants: (attrs: Readonly<Record<string, unknown>>) => number[] = () => [],
): StockKernel {
  const code = kernel(name);
  return ({ inputs: { x }, attrs, backend }) => {
    if (x.dtype !== 'float32') return undefined;
    const out = backend.output(x.shape);
    run(code(), [backend.floats(x)], [out.values], [size(x.shape)], constants(attrs));
    return out.info;
  };
}

/** The two operands of a binary kernel; Prelu calls them x and alpha. */
function operands(inputs: Readonly<Record<string, tf.TensorInfo>>): [tf.TensorInfo, tf.TensorInfo] {
  return 'alpha' in inputs ? [inputs['x'], inputs['alpha']] : [inputs['a'], inputs['b']];
}

function binary(name: string): StockKernel {
  const code = kernel(name);
  return ({ inputs, backend }) => {
    const [a, b] = operands(inputs);
    if (a.dtype !== 'float32' || b.dtype !== 'float32') return undefined;
    const laid = broadcast(a.shape, b.shape);
    if (laid === undefined) return undefined;
    const out = backend.output(laid.shape);
    if (out.values.length > 0) run(code(), [backend.floats(a), backend.floats(b)], [out.values], laid.whole);
    return out.info;
  };
}

function comparison(name: string): StockKernel {
  const code = kernel(name);
  return ({ inputs: { a, b }, backend }) => {
    if (a.dtype !== 'float32' || b.dtype !== 'float32') return undefined;
    const laid = broadcast(a.shape, b.shape);
    if (laid === undefined) return undefined;
    const values = backend.takeBytes(size(laid.shape));
    if (values.length > 0) run(code(), [backend.floats(a), backend.floats(b)], [values], laid.whole);
    return backend.makeTensorInfo(laid.shape, 'bool', values);
  };
}

/** Truth values of one shape. */
function truths(name: string): StockKernel {
  const code = kernel(name);
  return ({ inputs, backend }) => {
    const [a, b] = 'x' in inputs ? [inputs['x'], inputs['x']] : [inputs['a'], inputs['b']];
    const same = a.dtype === 'bool' && b.dtype === 'bool' && String(a.shape) === String(b.shape);
    const [left, right] = [backend.numbers(a), backend.numbers(b)];
    if (!same || !(left instanceof Uint8Array) || !(right instanceof Uint8Array)) return undefined;
    const out = backend.takeBytes(left.length);
    run(code(), name === 'not' ? [left] : [left, right], [out], [out.length]);
    return backend.makeTensorInfo(a.shape, 'bool', out);
  };
}

const select = kernel('select');
const addN = kernel('addN');
const byteToFloat = kernel('byteToFloat');
const intToFloat = kernel('intToFloat');
const floatToInt = kernel('floatToInt');
const fill = kernel('fill');

function filled(backend: NativeBackend, shape: number[], value: number): tf.TensorInfo {
  const out = backend.output(shape);
  run(fill(), [], [out.values], [out.values.length], [value]);
  return out.info;
}

function mapped(table: Readonly<Record<string, string>>, make: (name: string) => StockKernel): StockKernels {
  return Object.fromEntries(Object.entries(table).map(([stock, name]) => [stock, make(name)]));
}

/** Element-wise arithmetic on float32; other types stay with the JavaScript kernels. */
export const elementwise: StockKernels = {
  ...mapped(UNARY, unary),
  ...mapped(BINARY, binary),
  ...mapped(COMPARISON, comparison),
  LogicalAnd: truths('and'),
  LogicalOr: truths('or'),
  LogicalNot: truths('not'),
  LeakyRelu: unary('leakyRelu', ({ alpha }) => [number(alpha, 0.2)]),
  Step: unary('step', ({ alpha }) => [number(alpha, 0)]),
  ClipByValue: unary('clip', ({ clipValueMin, clipValueMax }) => [
    number(clipValueMin, -Infinity),
    number(clipValueMax, Infinity),
  ]),
  Select: ({ inputs: { condition, t, e }, backend }) => {
    const plain = condition.dtype === 'bool' && t.dtype === 'float32' && e.dtype === 'float32';
    const even = size(condition.shape) === size(t.shape) && size(t.shape) === size(e.shape);
    if (!plain || !even) return undefined;
    const out = backend.output(t.shape);
    const inputs = [backend.numbers(condition), backend.floats(t), backend.floats(e)];
    run(select(), inputs, [out.values], [size(t.shape)]);
    return out.info;
  },
  AddN: ({ inputs, backend }) => {
    const parts = Object.values(inputs);
    if (parts.some(({ dtype }) => dtype !== 'float32') || parts.length > 32) return undefined;
    const out = backend.output(parts[0].shape);
    run(
      addN(),
      parts.map((part) => backend.floats(part)),
      [out.values],
      [out.values.length, parts.length],
    );
    return out.info;
  },
  Cast: ({ inputs: { x }, attrs: { dtype }, backend }) => {
    if (dtype === x.dtype) return backend.view(x, x.shape);
    if (dtype === 'int32' && x.dtype === 'float32') {
      const whole = backend.takeWholes(size(x.shape));
      run(floatToInt(), [backend.floats(x)], [whole], [whole.length]);
      return backend.makeTensorInfo(x.shape, 'int32', whole);
    }
    if (dtype !== 'float32' || (x.dtype !== 'bool' && x.dtype !== 'int32')) return undefined;
    const from = backend.numbers(x);
    if (!(from instanceof Uint8Array) && !(from instanceof Int32Array)) return undefined;
    const out = backend.output(x.shape);
    run(from instanceof Uint8Array ? byteToFloat() : intToFloat(), [from], [out.values], [from.length]);
    return out.info;
  },
  Fill: ({ attrs: { shape, value, dtype }, backend }) => {
    if (typeof value !== 'number' || (dtype !== undefined && dtype !== 'float32')) return undefined;
    return filled(backend, numbers(shape), value);
  },
  ZerosLike: ({ inputs: { x }, backend }) => (x.dtype === 'float32' ? filled(backend, x.shape, 0) : undefined),
  OnesLike: ({ inputs: { x }, backend }) => (x.dtype === 'float32' ? filled(backend, x.shape, 1) : undefined),
};
