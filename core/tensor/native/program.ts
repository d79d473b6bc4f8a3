import { addon, type Memory } from './addon.js';
import type { Plan } from './plan.js';
import { kernel } from './run.js';

/** A recorded step, ready to be played from C++: kernel calls on fixed memory. */
export class Program {
  readonly #handle: object;
  /** Everything that the program points into; it must outlive it. */
  readonly #memory: readonly (Memory | ArrayBuffer)[];
  readonly calls: number;
  readonly arenaBytes: number;

  constructor({ bytes, calls, places, direct }: Plan) {
    const arrays: (Memory | ArrayBuffer)[] = [new ArrayBuffer(bytes)];
    const seen = new Map<Memory, number>();
    const arrayOf = (memory: Memory): number => {
      const known = seen.get(memory);
      if (known !== undefined) return known;
      const index = arrays.push(memory) - 1;
      seen.set(memory, index);
      return index;
    };
    const words: number[] = [];
    const reals: number[] = [];
    for (const { code, operands, whole, real } of calls) {
      words.push(code, operands.length, whole.length, real.length);
      for (const operand of operands) {
        const kept = 'made' in operand ? direct.get(operand.made) : operand.kept;
        if (kept !== undefined) words.push(arrayOf(kept), 0);
        else words.push(0, 'made' in operand ? places[operand.made] : 0);
      }
      words.push(...whole);
      reals.push(...real);
    }
    this.calls = calls.length;
    this.arenaBytes = bytes;
    this.#memory = arrays;
    this.#handle = addon().program(Int32Array.from(words), Float64Array.from(reals), arrays);
  }

  /** Plays every call. Allocates nothing and returns to JavaScript once, at the end. */
  replay(): void {
    addon().replay(this.#handle);
  }

  /** Arrays that are pointed into, the arena first. */
  get memory(): readonly (Memory | ArrayBuffer)[] {
    return this.#memory;
  }
}

/** Code of the kernel that copies one array into another. */
export const copyFlat = kernel('copyFlat');
