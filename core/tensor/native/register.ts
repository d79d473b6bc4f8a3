import tf from '@tensorflow/tfjs';
import { GymError } from '../../check.js';
import { NativeBackend } from './backend.js';
import { elementwise } from './kernels/elementwise.js';
import { matmuls } from './kernels/matmul.js';
import { reductions } from './kernels/reduce.js';
import { shapes } from './kernels/shape.js';
import { given, ours, type StockKernels } from './kernels/stock.js';
import { NATIVE } from './names.js';
import { openKernels, recording } from './run.js';

/** Kernels of tfjs that we run natively, by tfjs's names. */
const NATIVE_KERNELS: StockKernels = { ...elementwise, ...matmuls, ...reductions, ...shapes };

/** Kernels that only give the same memory another name. */
const VIEWS = new Set(['Identity', 'Reshape', 'ExpandDims']);

let registered = false;
const NOTHING = {};

/**
 * Registers the backend and a kernel for every one of the JavaScript backend: native where we have it, else that
 * kernel itself, which works on the same memory.
 *
 * @throws when the addon was not compiled
 */
export function registerNative(): void {
  openKernels();
  if (registered) return;
  registered = true;
  tf.registerBackend(NATIVE, () => new NativeBackend(), 4);
  for (const { kernelName, kernelFunc } of tf.getKernelsForBackend('cpu')) {
    const native = Object.hasOwn(NATIVE_KERNELS, kernelName) ? NATIVE_KERNELS[kernelName] : undefined;
    tf.registerKernel({
      kernelName,
      backendName: NATIVE,
      kernelFunc: VIEWS.has(kernelName)
        ? kernelFunc
        : (request) => {
            const { inputs, attrs = NOTHING, backend } = request;
            return (
              native?.({ inputs: given(inputs), attrs, backend: ours(backend) }) ??
              inJavaScript(kernelName, kernelFunc, request)
            );
          },
    });
  }
}

/** A kernel of the JavaScript backend on our memory. */
function inJavaScript(
  name: string,
  kernelFunc: tf.KernelFunc,
  request: Parameters<tf.KernelFunc>[0],
): tf.TensorInfo | tf.TensorInfo[] {
  const backend = ours(request.backend);
  for (const input of Object.values(request.inputs))
    if (input !== undefined) for (const part of [input].flat()) backend.release(part.dataId);
  if (recording() !== undefined) {
    throw new GymError(
      'usage',
      `compiled step: '${name}' has no native kernel for these operands. Write it with other operations, or step without compiling.`,
    );
  }
  return kernelFunc(request);
}
