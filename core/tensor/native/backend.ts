import tf from '@tensorflow/tfjs';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import type { Memory } from './addon.js';
import { recording } from './run.js';

type Values = tf.backend_util.BackendValues;

/** Bytes of given-back memory kept for the next tensors of the same size. */
const MOST_KEPT_BYTES = 512 * 2 ** 20;

/**
 * tfjs's JavaScript backend with other memory and, through the kernels registered under its name, other arithmetic.
 * Tensors are typed arrays that the compiled kernels read and write in place.
 *
 * Memory of float32 outputs is used again once its tensor is disposed: fresh zeroed pages cost more than most kernels.
 * Nobody outside sees such memory: `readSync` hands out a copy, and what is given to a stock JavaScript kernel (whose
 * result may share its memory) leaves the cycle.
 */
export class NativeBackend extends MathBackendCPU {
  readonly #free = new Map<number, Float32Array[]>();
  readonly #recycled = new WeakSet<Values>();
  #keptBytes = 0;

  /** Memory for `length` float32 numbers, not cleared. */
  take(length: number): Float32Array {
    let values = this.#free.get(length)?.pop();
    if (values === undefined) {
      values = new Float32Array(length);
      this.#recycled.add(values);
    } else {
      this.#keptBytes -= values.byteLength;
    }
    recording()?.made(values);
    return values;
  }

  /** Memory for the output of a kernel that is not float32. */
  takeWholes(length: number): Int32Array {
    const values = new Int32Array(length);
    recording()?.made(values);
    return values;
  }

  takeBytes(length: number): Uint8Array {
    const values = new Uint8Array(length);
    recording()?.made(values);
    return values;
  }

  /** Takes the memory of a tensor out of the cycle: somebody else may hold it. */
  release(dataId: tf.DataId): void {
    const { values } = this.data.get(dataId);
    if (values !== undefined) this.#recycled.delete(values);
  }

  /** The numbers of a tensor, in place. */
  numbers(info: tf.TensorInfo): Memory {
    const { values } = this.data.get(info.dataId);
    if (values instanceof Float32Array || values instanceof Int32Array || values instanceof Uint8Array) return values;
    throw new Error(`native backend: no numbers in a tensor of type ${info.dtype}`);
  }

  /** The numbers of a float32 tensor, in place. */
  floats(info: tf.TensorInfo): Float32Array {
    const { values } = this.data.get(info.dataId);
    if (values instanceof Float32Array) return values;
    throw new Error(`native backend: expected a float32 tensor, received ${info.dtype}`);
  }

  /** A new float32 tensor and its memory, to be written by a kernel. */
  output(shape: number[]): { readonly info: tf.TensorInfo; readonly values: Float32Array } {
    const values = this.take(tf.util.sizeFromShape(shape));
    return { info: this.makeTensorInfo(shape, 'float32', values), values };
  }

  /** A tensor of the same numbers under another shape. */
  view(info: tf.TensorInfo, shape: number[]): tf.TensorInfo {
    this.incRef(info.dataId);
    return { dataId: info.dataId, shape, dtype: info.dtype };
  }

  override readSync(dataId: tf.DataId): Values {
    const { values } = this.data.get(dataId);
    if (values instanceof Float32Array || values instanceof Int32Array || values instanceof Uint8Array) {
      recording()?.read(values);
    }
    const read = super.readSync(dataId);
    return read instanceof Float32Array && this.#recycled.has(read) ? read.slice() : read;
  }

  override disposeData(dataId: tf.DataId, force = false): boolean {
    if (!this.data.has(dataId)) return true;
    const { values, refCount } = this.data.get(dataId);
    const gone = super.disposeData(dataId, force);
    if (gone && (force || refCount <= 1) && values instanceof Float32Array && this.#recycled.has(values)) {
      this.#giveBack(values);
    }
    return gone;
  }

  #giveBack(values: Float32Array): void {
    if (this.#keptBytes + values.byteLength > MOST_KEPT_BYTES) return;
    const same = this.#free.get(values.length);
    if (same === undefined) this.#free.set(values.length, [values]);
    else same.push(values);
    this.#keptBytes += values.byteLength;
  }
}
