import { fc } from '@fast-check/ava';
import { createHash } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import tf from '@tensorflow/tfjs';
import { normal } from '../../distributions.js';
import { stream, type Source } from '../../random.js';
import { compileInference } from '../compile.js';
import { nativeTest, onEveryInstructionSet, withThreads } from '../native/native.test.helper.js';
import { ParameterSet } from '../parameters.js';

/** What every operation of this folder must keep. */

// Silences tfjs's advertisement for tfjs-node; nothing else depends on this flag outside its debug mode.
tf.env().set('PROD', true);

/** The numbers of one operand. */
export interface Operand {
  readonly values: Float32Array | Int32Array;
  readonly shape: readonly number[];
}

/** One use of an operation. */
export interface Case {
  /** Receives `inputs` and `constants` as tensors. */
  readonly operation: (inputs: tf.Tensor[], constants: tf.Tensor[]) => tf.Tensor;
  /** Operands with a gradient. */
  readonly inputs: readonly Operand[];
  readonly constants?: readonly Operand[];
  /** Slope of the value; normal numbers if omitted. */
  readonly slope?: readonly number[];
}

export interface Outcome {
  readonly shape: readonly number[];
  readonly value: Float32Array;
  readonly gradients: readonly Float32Array[];
}

/** Normal numbers of that shape, from a stream. */
export function normals(source: Source, shape: readonly number[], deviation = 1): Operand {
  const size = shape.reduce((product, n) => product * n, 1);
  return { values: Float32Array.from({ length: size }, () => normal(source, 0, deviation)), shape };
}

/** Whole numbers from 0 up to `below`, from a stream. */
export function counts(source: Source, shape: readonly number[], below: number): Operand {
  const size = shape.reduce((product, n) => product * n, 1);
  return { values: Int32Array.from({ length: size }, () => Math.floor(source.next() * below)), shape };
}

function tensorOf({ values, shape }: Operand): tf.Tensor {
  return tf.tensor(values, [...shape], values instanceof Int32Array ? 'int32' : 'float32');
}

/** Switches the backend at once: those used here start without waiting. */
function use(backend: 'native' | 'cpu'): void {
  void tf.setBackend(backend);
}

function slopeOf({ slope }: Case, shape: readonly number[]): Float32Array | Int32Array {
  return slope === undefined ? normals(stream(1), shape).values : Float32Array.from(slope);
}

/** Value and gradients under a fixed slope of the value. */
export function outcome(backend: 'native' | 'cpu', one: Case): Outcome {
  const { operation, inputs, constants = [] } = one;
  use(backend);
  const before = tf.memory().numTensors;
  const result = tf.tidy(() => {
    const [from, fixed] = [inputs.map(tensorOf), constants.map(tensorOf)];
    const value = operation(from, fixed);
    const slope = tensorOf({ values: slopeOf(one, value.shape), shape: value.shape });
    const gradients = tf.grads((...xs: tf.Tensor[]) => operation(xs, fixed))(from, slope);
    return {
      shape: value.shape,
      value: value.dataSync<'float32'>().slice(),
      gradients: gradients.map((part) => part.dataSync<'float32'>().slice()),
    };
  });
  if (tf.memory().numTensors !== before) throw new Error(`${tf.memory().numTensors - before} tensors were left behind`);
  return result;
}

/** Fails unless all numbers are equal up to `tolerance` times the greatest size among the wanted ones, or 1. */
export function close(t: ExecutionContext, got: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number): void {
  t.is(got.length, wanted.length);
  const scale = Math.max(1, ...Array.from(wanted, Math.abs));
  for (let i = 0; i < got.length; i++) {
    const same = Object.is(got[i], wanted[i]) || Math.abs(got[i] - wanted[i]) <= tolerance * scale;
    if (!same) t.fail(`number ${i}: ${got[i]} against ${wanted[i]}, scale ${scale}`);
  }
}

export function closeOutcomes(t: ExecutionContext, got: Outcome, wanted: Outcome, tolerance: number): void {
  close(t, got.value, wanted.value, tolerance);
  got.gradients.forEach((gradient, i) => {
    close(t, gradient, wanted.gradients[i], tolerance);
  });
}

/** Differences of Σ value·slope over every number of every input: (8·(f₁ − f₋₁) − (f₂ − f₋₂)) / 12h. */
function differences(one: Case, step: number): Float64Array[] {
  const along = (inputs: readonly Operand[]): number =>
    tf.tidy(() => {
      const value = one.operation(inputs.map(tensorOf), (one.constants ?? []).map(tensorOf));
      const slope = slopeOf(one, value.shape);
      return value.dataSync<'float32'>().reduce((sum, y, i) => sum + y * slope[i], 0);
    });
  return one.inputs.map((input, k) =>
    Float64Array.from(input.values, (kept, i) => {
      const [f1, f2, f3, f4] = [1, -1, 2, -2].map((steps) => {
        const values = Float32Array.from(input.values);
        values[i] = kept + steps * step;
        return along(one.inputs.map((other, j) => (j === k ? { ...input, values } : other)));
      });
      return (8 * (f1 - f2) - (f3 - f4)) / (12 * step);
    }),
  );
}

/** Value and gradients as `outcome` gives them on the native backend, but recorded with other numbers and then replayed. */
function replayed(one: Case): Outcome {
  const { operation, inputs, constants = [] } = one;
  const shape = outcome('native', one).shape;
  const slope = { values: slopeOf(one, shape), shape };
  const named = (operands: readonly Operand[]): Record<string, Operand> =>
    Object.fromEntries([...operands, ...constants, slope].map((operand, i) => [String(i), operand]));
  const compute = compileInference(new ParameterSet(), (given) => {
    const from = inputs.map((_, i) => given[i]);
    const fixed = constants.map((_, i) => given[inputs.length + i]);
    const gradients = tf.grads((...xs: tf.Tensor[]) => operation(xs, fixed))(
      from,
      given[inputs.length + constants.length],
    );
    const slopes = Object.fromEntries(gradients.map((gradient, i) => [String(i), gradient]));
    return { value: operation(from, fixed), ...slopes };
  });
  compute(named(inputs.map((input) => ({ ...input, values: input.values.map((x) => x / 2) }))));
  const outputs = compute(named(inputs));
  return { shape, value: outputs['value'], gradients: inputs.map((_, i) => outputs[i]) };
}

function bitsOf({ value, gradients }: Outcome): string[] {
  return [value, ...gradients].map(({ buffer, byteOffset, byteLength }) =>
    createHash('sha256')
      .update(new Uint8Array(buffer, byteOffset, byteLength))
      .digest('hex'),
  );
}

/**
 * Declares the tests of one operation: native kernels against stock operations, finite differences, threads,
 * instruction sets, recording.
 *
 * @param cases any use of the operation, from a random seed
 * @param large a use with work enough for two threads
 */
export function keepsTheLaws(name: string, cases: fc.Arbitrary<Case>, large: () => Case): void {
  nativeTest(`${name}: native values and gradients are those of stock operations`, (t) => {
    fc.assert(
      fc.property(cases, (one) => {
        closeOutcomes(t, outcome('native', one), outcome('cpu', one), 1e-5);
      }),
      { numRuns: 60, includeErrorInReport: true },
    );
    t.pass();
  });

  nativeTest(`${name}: gradients are finite differences`, (t) => {
    const few = cases.filter(({ inputs }) => inputs.every(({ values }) => values.length < 80));
    fc.assert(
      fc.property(few, (one) => {
        const { gradients } = outcome('native', one);
        differences(one, 1e-2).forEach((wanted, i) => {
          close(t, gradients[i], wanted, 2e-3);
        });
      }),
      { numRuns: 8 },
    );
    t.pass();
  });

  nativeTest(`${name}: the same bits on one thread and on two`, (t) => {
    const [one, two] = [1, 2].map((threads) => withThreads(threads, () => outcome('native', large())));
    t.deepEqual(bitsOf(two), bitsOf(one));
  });

  nativeTest(`${name}: recorded and replayed, the same bits`, (t) => {
    const one = large();
    t.deepEqual(bitsOf(replayed(one)), bitsOf(outcome('native', one)));
  });

  nativeTest(`${name}: instruction sets agree`, (t) => {
    fc.assert(
      fc.property(cases, (one) => {
        const [best, ...others] = onEveryInstructionSet(() => outcome('native', one));
        for (const { answer } of others) closeOutcomes(t, answer, best.answer, 1e-5);
      }),
      { numRuns: 30 },
    );
    t.pass();
  });
}
