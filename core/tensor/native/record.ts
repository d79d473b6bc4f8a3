import { GymError } from '../../check.js';
import type { Memory } from './addon.js';
import type { KernelCall, Recorder } from './run.js';

/** Where an operand lies: in memory made during the recording (it gets a place in the arena), or in memory that stays. */
export type Operand = { readonly made: number } | { readonly kept: Memory };

/** A kernel call with its operands named. */
export interface RecordedCall {
  readonly code: number;
  readonly operands: readonly Operand[];
  /** The first this many operands are read, the others written. */
  readonly inputs: number;
  readonly whole: readonly number[];
  readonly real: readonly number[];
}

/** The kernel calls of one run of a step, in order. */
export class Tape implements Recorder {
  readonly calls: RecordedCall[] = [];
  /** Bytes of every array made during the recording. */
  readonly sizes: number[] = [];
  /** The latest array made at each memory: memory goes round while a step runs. */
  readonly #made = new Map<Memory, number>();

  made(values: Memory): void {
    this.#made.set(values, this.sizes.push(values.byteLength) - 1);
  }

  call({ code, inputs, outputs, whole, real }: KernelCall): void {
    const operands = [...inputs, ...outputs].map((memory) => this.operand(memory));
    this.calls.push({ code, operands, inputs: inputs.length, whole: [...whole], real: [...real] });
  }

  read(values: Memory): void {
    if (this.#made.has(values)) {
      throw new GymError(
        'usage',
        'compiled step: JavaScript reads numbers that the step computes. Return the tensor as an output instead, and ' +
          'write what depends on it with tensor operations.',
      );
    }
  }

  operand(memory: Memory): Operand {
    const made = this.#made.get(memory);
    return made === undefined ? { kept: memory } : { made };
  }
}

/**
 * Whether two recordings of the same step are the same program: a step that depends on anything but its inputs and the
 * parameters (random numbers, a counter, numbers captured from outside) gives itself away here.
 *
 * @returns undefined, or what differs
 */
export function difference(a: Tape, b: Tape): string | undefined {
  if (a.calls.length !== b.calls.length) return `${a.calls.length} kernel calls the first time, then ${b.calls.length}`;
  for (const [i, one] of a.calls.entries()) {
    const other = b.calls[i];
    if (one.code !== other.code || !sameNumbers(one.whole, other.whole) || !sameNumbers(one.real, other.real)) {
      return `kernel call ${i + 1} of ${a.calls.length}`;
    }
    for (const [k, operand] of one.operands.entries()) {
      if (!sameOperand(operand, other.operands[k])) return `numbers given to kernel call ${i + 1} of ${a.calls.length}`;
    }
  }
  return undefined;
}

function sameOperand(a: Operand, b: Operand): boolean {
  if ('made' in a || 'made' in b) return 'made' in a && 'made' in b && a.made === b.made;
  const [x, y] = [a.kept, b.kept];
  if (x === y || (x.buffer === y.buffer && x.byteOffset === y.byteOffset)) return true;
  return x.length === y.length && x.every((value, i) => Object.is(value, y[i]));
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}
