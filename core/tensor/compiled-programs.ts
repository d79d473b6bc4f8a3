import tf from '@tensorflow/tfjs';
import { expectLength } from '../check.js';
import type { Program } from './native/program.js';
import type { ParameterSet } from './parameters.js';

/** Numbers for one input of a step, row-major. */
export interface Numbers {
  readonly values: Float32Array | Int32Array;
  readonly shape: readonly number[];
}

export type Inputs = Readonly<Record<string, Numbers>>;
/** The inputs as tensors, float32 or int32 as their array is. */
export type InputTensors = Readonly<Record<string, tf.Tensor>>;

/** Programs kept per step, one per combination of input shapes; the one recorded first makes room. */
const MOST_PROGRAMS = 16;

/** Inputs as tensors on their own arrays. */
export function tensorsOf(inputs: Inputs): InputTensors {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { values, shape }]) => {
      expectLength(`step input '${name}'`, values, Object.fromEntries(shape.map((n, k) => [`axis ${k}`, n])));
      return [name, tf.tensor(values, [...shape], values instanceof Int32Array ? 'int32' : 'float32')];
    }),
  );
}

/** One recording: the arrays it reads its inputs from, the arrays it leaves its outputs in, and its calls. */
export interface Recording {
  readonly slots: Inputs;
  readonly outputs: Readonly<Record<string, Float32Array>>;
  readonly program: Program;
}

/** Copies of the inputs, to stay. */
export function slotsFor(inputs: Inputs): Inputs {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { values, shape }]) => [name, { values: values.slice(), shape: [...shape] }]),
  );
}

/** The recordings of one step, found by the names, types and shapes of its inputs. */
export class Recordings {
  readonly #parameters: ParameterSet;
  /** What the recordings point into: a model that has grown since has other memory. */
  #values: Float32Array;
  #kept: Recording[] = [];

  constructor(parameters: ParameterSet) {
    this.#parameters = parameters;
    this.#values = parameters.values;
  }

  /** The recording for such inputs, with the inputs copied into its slots. */
  ready(inputs: Inputs): Recording | undefined {
    if (this.#values !== this.#parameters.values) this.#kept = [];
    this.#values = this.#parameters.values;
    for (const recording of this.#kept) {
      if (!fits(recording.slots, inputs)) continue;
      for (const name in inputs) recording.slots[name].values.set(inputs[name].values);
      return recording;
    }
    return undefined;
  }

  keep(recording: Recording): void {
    if (this.#kept.length >= MOST_PROGRAMS) this.#kept.shift();
    this.#kept.push(recording);
  }
}

function fits(slots: Inputs, inputs: Inputs): boolean {
  let count = 0;
  for (const name in slots) {
    if (!(name in inputs)) return false;
    const [own, given] = [slots[name], inputs[name]];
    if (own.values.length !== given.values.length || own.shape.length !== given.shape.length) return false;
    if (own.values instanceof Int32Array !== given.values instanceof Int32Array) return false;
    for (let k = 0; k < own.shape.length; k++) if (own.shape[k] !== given.shape[k]) return false;
    count++;
  }
  return count === Object.keys(inputs).length;
}
