import tf from '@tensorflow/tfjs';
import { ours } from './kernels/stock.js';
import { NATIVE } from './names.js';

/** Whether the native backend is in use, so that layers may call its kernels. */
export function nativeInUse(): boolean {
  return tf.getBackend() === NATIVE;
}

/** The numbers of a float32 tensor of the native backend, in place. */
export function floats(tensor: tf.Tensor): Float32Array {
  return ours(tf.backend()).floats(tensor);
}

/** The numbers of an int32 tensor of the native backend, in place. */
export function wholes(tensor: tf.Tensor): Int32Array {
  const values = ours(tf.backend()).numbers(tensor);
  if (values instanceof Int32Array) return values;
  throw new Error(`native backend: expected an int32 tensor, received ${tensor.dtype}`);
}

/** A new float32 tensor and its memory, to be overwritten by a kernel before anybody reads it. */
export function fresh(shape: readonly number[]): { readonly tensor: tf.Tensor; readonly values: Float32Array } {
  const backend = ours(tf.backend());
  const { info, values } = backend.output([...shape]);
  return { tensor: tf.engine().makeTensorFromTensorInfo(info, backend), values };
}
