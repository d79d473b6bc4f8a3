import test, { type ExecutionContext } from 'ava';
import { messageOf } from '../../check.js';
import { stream } from '../../random.js';
import { addon } from './addon.js';
import { registerNative } from './register.js';

function problem(): string | undefined {
  try {
    registerNative();
    return undefined;
  } catch (error) {
    return messageOf(error).split('\n')[0];
  }
}

const missing = problem();

/** A test of the native kernels; where they were not compiled, it is skipped and its title says why. */
export function nativeTest(title: string, body: (t: ExecutionContext) => void | Promise<void>): void {
  if (missing === undefined) test.serial(title, body);
  else test.serial.skip(`${title} (skipped: ${missing})`, body);
}

/** What `work` answers on every instruction set that this processor knows, best first. */
export function onEveryInstructionSet<T>(work: () => T): { readonly name: string; readonly answer: T }[] {
  const sets = addon().instructionSets();
  try {
    return sets.map((name) => {
      addon().useInstructionSet(name);
      return { name, answer: work() };
    });
  } finally {
    addon().useInstructionSet(sets[0]);
  }
}

/** What `work` answers with so many threads. */
export function withThreads<T>(count: number, work: () => T): T {
  const before = addon().threads();
  addon().threads(count);
  try {
    return work();
  } finally {
    addon().threads(before);
  }
}

/** Numbers in [−1, 1), the same for the same seed. */
export function numbers(length: number, seed = 1): Float32Array {
  const random = stream(seed);
  return Float32Array.from({ length }, () => 2 * random.next() - 1);
}

/** Largest difference, relative to the larger of 1 and the wanted number; ∞ where one is NaN and the other is not. */
export function distance(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  if (found.length !== wanted.length) return Infinity;
  let worst = 0;
  for (let i = 0; i < found.length; i++) {
    if (Object.is(found[i], wanted[i]) || found[i] === wanted[i]) continue;
    const gap = Math.abs(found[i] - wanted[i]) / Math.max(1, Math.abs(wanted[i]));
    worst = Math.max(worst, Number.isNaN(gap) ? Infinity : gap);
  }
  return worst;
}
