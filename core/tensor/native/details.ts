import { messageOf } from '../../check.js';
import { addon } from './addon.js';

/** What the native kernels run on here. */
export interface NativeDetails {
  /** In use: the best that both the processor and the build know. */
  readonly instructionSet: string;
  readonly instructionSets: readonly string[];
  /** Most threads for large work. */
  readonly threads: number;
}

/** The native kernels of this machine, or why there are none. */
export function nativeDetails(): NativeDetails | { readonly problem: string } {
  try {
    const native = addon();
    const instructionSets = native.instructionSets();
    return { instructionSet: instructionSets[0], instructionSets, threads: native.threads() };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

/**
 * Bounds the threads that the native kernels use for large work; by default as many as the machine has cores. Results
 * do not depend on it.
 *
 * @throws when the kernels were not compiled
 */
export function setNativeThreads(count: number): void {
  addon().threads(count);
}
