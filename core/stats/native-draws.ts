import { kernel, openKernels, run } from '../tensor/native/run.js';

const countDraws = kernel('countDraws');
const NOTHING: readonly never[] = [];

let opened: boolean | undefined;

/** Whether the native kernel is there; without it JavaScript makes the same draws, to the bit. */
export function canCountNatively(): boolean {
  if (opened !== undefined) return opened;
  try {
    openKernels();
    countDraws();
    return (opened = true);
  } catch {
    return (opened = false); // it was not compiled here
  }
}

/** Counts how often each row is drawn in a replicate; `src/resample.cc` says how. */
export function countNatively(counts: Uint8Array, key0: number, key1: number): void {
  run(countDraws(), NOTHING, [counts], [counts.length, key0, key1]);
}
