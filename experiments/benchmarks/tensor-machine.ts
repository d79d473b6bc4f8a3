import { cpus, loadavg } from 'node:os';
import { addon } from '../../core/tensor/native/addon.js';

/** Sets how many threads the native kernels use. @returns what sets it back */
export function useThreads(threads: number): () => void {
  const before = addon().threads();
  addon().threads(threads);
  return () => {
    addon().threads(before);
  };
}

/** Load of the machine, to be asked before and handed to `machineNotes` after. */
export function loadNow(): number {
  return loadavg()[0];
}

/** The processor, how busy it was, and a warning where there were not cores enough for everybody. */
export function machineNotes(before: number, threads: number): string[] {
  const cores = cpus().length;
  const after = loadNow().toFixed(1);
  const notes = [
    `${cpus()[0]?.model ?? 'Unknown processor'}, ${cores} cores; load average ${before.toFixed(1)} before, ${after} after.`,
  ];
  if (before + threads <= cores + 0.5) return notes;
  return [
    ...notes,
    'Other programs kept the cores busy: repeat on a quiet machine before believing a ratio, above all with several ' +
      'threads, which wait for each other.',
  ];
}
