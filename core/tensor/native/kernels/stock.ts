import type tf from '@tensorflow/tfjs';
import { NativeBackend } from '../backend.js';

/** What tfjs hands to a kernel, with the backend known to be ours. */
export interface KernelRequest {
  /** Those that were given. */
  readonly inputs: Readonly<Record<string, tf.TensorInfo>>;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly backend: NativeBackend;
}

/** A native implementation of a kernel of tfjs: undefined for what it leaves to the JavaScript kernel (other types). */
export type StockKernel = (request: KernelRequest) => tf.TensorInfo | tf.TensorInfo[] | undefined;

/** Native kernels under tfjs's own names. */
export type StockKernels = Readonly<Record<string, StockKernel>>;

export function number(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}

export function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((part) => typeof part === 'number');
}

/** A list of numbers; a single number counts as a list of one. */
export function numbers(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  if (isNumbers(value)) return value;
  throw new Error(`native backend: expected a list of numbers, received ${String(value)}`);
}

export function size(shape: readonly number[]): number {
  let product = 1;
  for (const n of shape) product *= n;
  return product;
}

/** The inputs that are really there. */
export function given(inputs: tf.NamedTensorInfoMap): Record<string, tf.TensorInfo> {
  const present: Record<string, tf.TensorInfo> = {};
  for (const [name, info] of Object.entries(inputs)) if (info !== undefined) present[name] = info;
  return present;
}

/** The backend of a kernel request. */
export function ours(backend: unknown): NativeBackend {
  if (backend instanceof NativeBackend) return backend;
  throw new Error('native backend: a kernel was asked to work for another backend');
}
