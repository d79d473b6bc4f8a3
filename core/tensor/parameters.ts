import tf from '@tensorflow/tfjs';
import type { Source } from '../random.js';
import { complaint } from '../check.js';
import { normal } from '../distributions.js';
import { EmbeddingTable, type TableSettings } from './embedding-table.js';
import { floats, nativeInUse } from './native/memory.js';
import { copyFlat } from './native/program.js';
import { run } from './native/run.js';

/** Fills the numbers of a new parameter. `shape` is [inputs, outputs] for weights. */
export type Initialiser = (out: Float32Array, shape: readonly number[], source: Source) => void;

interface Slot {
  readonly name: string;
  readonly shape: number[];
  readonly at: number;
  readonly size: number;
}

/** A handle to one parameter; `value()` gives its tensor and may only be called while a step or an inference runs. */
export interface Parameter {
  readonly name: string;
  value(): tf.Tensor;
}

/**
 * The parameters of one model: a single Float32Array that the model owns, cut into named slots. Optimisers and
 * checkpoints see one flat array; tensors on it exist only while `run` runs, so there is nothing to dispose.
 */
export class ParameterSet {
  readonly #slots: Slot[] = [];
  readonly #tables: EmbeddingTable[] = [];
  #values = new Float32Array(0);
  #bound: readonly tf.Tensor[] | undefined;

  /** All numbers, slot after slot. Write into it to load; its length changes only while parameters are added. */
  get values(): Float32Array {
    return this.#values;
  }

  /** Adds a parameter of that shape, filled by `initialise` from `source`. Names must be distinct. */
  add(name: string, shape: readonly number[], initialise: Initialiser, source: Source): Parameter {
    this.#distinct(name);
    const size = shape.reduce((product, n) => product * n, 1);
    const at = this.#values.length;
    const grown = new Float32Array(at + size);
    grown.set(this.#values);
    initialise(grown.subarray(at), shape, source);
    this.#values = grown;
    const index = this.#slots.push({ name, shape: [...shape], at, size }) - 1;
    return { name, value: () => this.#tensor(index) };
  }

  /**
   * Adds a table of embeddings that learns row by row (see `EmbeddingTable`); it is not part of `values`. Its gradient
   * finds its way through `anchor`, a tensor that stands for the table in the list of tensors that are differentiated.
   */
  table(
    name: string,
    size: { readonly rows: number; readonly width: number },
    settings: Partial<TableSettings>,
    initialise: Initialiser,
    source: Source,
  ): { readonly table: EmbeddingTable; readonly anchor: () => tf.Tensor } {
    this.#distinct(name);
    const table = new EmbeddingTable(name, size, settings, initialise, source);
    const index = this.#tables.push(table) - 1;
    return { table, anchor: () => this.#bind(this.#slots.length + index, name) };
  }

  /** The tables, in the order in which they were added. */
  get tables(): readonly EmbeddingTable[] {
    return this.#tables;
  }

  /** Names and shapes of the parameters, in order. */
  get shapes(): readonly { readonly name: string; readonly shape: readonly number[] }[] {
    return this.#slots;
  }

  /** The parameter of that name. */
  named(name: string): Parameter {
    const index = this.#slots.findIndex((slot) => slot.name === name);
    if (index < 0) {
      const known = this.#slots.map((slot) => slot.name).join(', ');
      throw complaint('usage', { where: 'parameters', expected: `one of ${known}`, received: `'${name}'` });
    }
    return { name, value: () => this.#tensor(index) };
  }

  /** The current numbers of one parameter: a view, valid until another parameter is added. */
  numbers(name: string): Float32Array {
    const slot = this.#slots.find((known) => known.name === name);
    if (slot === undefined) throw complaint('usage', { where: 'parameters', expected: 'a known name', received: name });
    return this.#values.subarray(slot.at, slot.at + slot.size);
  }

  /** Fresh tensors on the current numbers, in slot order, then the tables' anchors; only inside a tidy of this folder. */
  tensors(): tf.Tensor[] {
    const tensors = this.#slots.map(({ shape, at, size }) =>
      tf.tensor(this.#values.subarray(at, at + size), shape, 'float32'),
    );
    for (const _ of this.#tables) tensors.push(tf.tensor1d(new Float32Array(1)));
    return tensors;
  }

  /** Runs `work` with the given tensors standing for the parameters; `learning` where gradients will be asked for. */
  run<T>(tensors: readonly tf.Tensor[], work: () => T, learning = false): T {
    const outer = this.#bound;
    this.#bound = tensors;
    for (const table of this.#tables) table.open(learning);
    try {
      return work();
    } finally {
      this.#bound = outer;
    }
  }

  /** Copies gradients, in slot order, into one flat array of the same layout as `values`. */
  flatten(gradients: readonly tf.Tensor[], out: Float32Array): void {
    const here = nativeInUse();
    this.#slots.forEach(({ at, size }, i) => {
      if (here) run(copyFlat(), [floats(gradients[i])], [out.subarray(at, at + size)], [size]);
      else out.set(gradients[i].dataSync<'float32'>(), at);
    });
  }

  /** Replaces all numbers by saved ones; another model's numbers are refused. */
  load(values: Float32Array, where = 'parameters'): void {
    if (values.length !== this.#values.length) {
      throw complaint('data', {
        where,
        expected: `${this.#values.length} numbers (${this.#slots.map((slot) => `${slot.name} ${slot.shape.join('×')}`).join(', ')})`,
        received: String(values.length),
        try: 'Was it saved by a model with other settings?',
      });
    }
    this.#values.set(values);
  }

  #distinct(name: string): void {
    if ([...this.#slots, ...this.#tables].some((known) => known.name === name)) {
      throw complaint('usage', { where: 'parameters', expected: 'distinct names', received: `'${name}' twice` });
    }
  }

  #tensor(index: number): tf.Tensor {
    return this.#bind(index, this.#slots[index].name);
  }

  #bind(index: number, name: string): tf.Tensor {
    if (this.#bound === undefined) {
      throw complaint('usage', {
        where: `parameter '${name}'`,
        expected: 'to be read inside infer() or Trainer.step()',
        received: 'a read outside',
      });
    }
    return this.#bound[index];
  }
}

export const zeros: Initialiser = (out) => {
  out.fill(0);
};

/** Uniform in ±√(6 / (inputs + outputs)) (Glorot and Bengio 2010). */
export const glorot: Initialiser = (out, shape, source) => {
  const limit = Math.sqrt(6 / (shape[0] + (shape[1] ?? 1)));
  for (let i = 0; i < out.length; i++) out[i] = limit * (2 * source.next() - 1);
};

/** Independent normal numbers of that standard deviation. */
export function normalInit(deviation: number): Initialiser {
  return (out, _shape, source) => {
    for (let i = 0; i < out.length; i++) out[i] = normal(source, 0, deviation);
  };
}

/**
 * A matrix with orthonormal rows or columns times `gain` (Saxe et al. 2014), by Gram–Schmidt on normal vectors; the
 * usual choice for policy-gradient networks.
 */
export function orthogonal(gain = 1): Initialiser {
  return (out, shape, source) => {
    const [rows, columns] = shape;
    const count = Math.min(rows, columns);
    const length = Math.max(rows, columns);
    const basis: Float64Array[] = [];
    while (basis.length < count) {
      const vector = Float64Array.from({ length }, () => normal(source, 0, 1));
      for (const other of basis) {
        const overlap = vector.reduce((sum, value, i) => sum + value * other[i], 0);
        for (let i = 0; i < length; i++) vector[i] -= overlap * other[i];
      }
      const norm = Math.hypot(...vector);
      if (norm > 1e-6) basis.push(vector.map((value) => value / norm));
    }
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) out[r * columns + c] = gain * (rows < columns ? basis[r][c] : basis[c][r]);
    }
  };
}
