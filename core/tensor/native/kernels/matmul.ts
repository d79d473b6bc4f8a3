import type tf from '@tensorflow/tfjs';
import { kernel, run } from '../run.js';
import { size, type KernelRequest, type StockKernels } from './stock.js';

const matmul = kernel('matmul');
/** Codes of `Activation` in `src/matmul.h`; the others of tfjs stay with the JavaScript kernel. */
const ACTIVATIONS: Readonly<Record<string, number>> = { linear: 0, relu: 1, sigmoid: 3 };

/** a·b over the last two axes, for float32 whose leading axes are the same or absent on one side. */
function product(
  { inputs: { a, b }, attrs, backend }: KernelRequest,
  bias?: tf.TensorInfo,
  activation = 0,
): tf.TensorInfo | undefined {
  if (a.dtype !== 'float32' || b.dtype !== 'float32') return undefined;
  if (a.shape.length < 2 || b.shape.length < 2) {
    throw new Error(
      `matMul: expected at least two axes, received shapes [${a.shape.join(', ')}] and [${b.shape.join(', ')}].`,
    );
  }
  const [turnA, turnB] = [attrs['transposeA'] === true, attrs['transposeB'] === true];
  const [rowsA, columnsA] = a.shape.slice(-2);
  const [rowsB, columnsB] = b.shape.slice(-2);
  const [M, K] = turnA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [inner, N] = turnB ? [columnsB, rowsB] : [rowsB, columnsB];
  const [leadA, leadB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const [batchA, batchB] = [size(leadA), size(leadB)];
  const even = String(leadA) === String(leadB) || batchA === 1 || batchB === 1;
  if (!even || (bias !== undefined && size(bias.shape) !== N)) return undefined;
  if (inner !== K) {
    throw new Error(
      `matMul: expected inner sizes to agree, received ${a.shape.join('×')}${turnA ? ' (transposed)' : ''} and ` +
        `${b.shape.join('×')}${turnB ? ' (transposed)' : ''}.`,
    );
  }
  const batch = Math.max(batchA, batchB) * Math.min(1, batchA, batchB);
  const lead = leadA.length > leadB.length || (leadA.length === leadB.length && batchA !== 1) ? leadA : leadB;
  const out = backend.output([...lead, M, N]);
  const [stepA, stepB] = [batchA === 1 ? 0 : M * K, batchB === 1 ? 0 : K * N];
  const whole = [batch, M, N, K, Number(turnA), Number(turnB), stepA, stepB, Number(bias !== undefined), activation];
  const [valuesA, valuesB] = [backend.floats(a), backend.floats(b)];
  run(matmul(), [valuesA, valuesB, bias === undefined ? valuesB : backend.floats(bias)], [out.values], whole);
  return out.info;
}

/** Matrix products, plain, batched and fused with bias and activation. */
export const matmuls: StockKernels = {
  BatchMatMul: (request) => product(request),
  _FusedMatMul: (request) => {
    const { activation = 'linear' } = request.attrs;
    if (typeof activation !== 'string' || !Object.hasOwn(ACTIVATIONS, activation)) return undefined;
    return product(request, request.inputs['bias'], ACTIVATIONS[activation]);
  },
};
