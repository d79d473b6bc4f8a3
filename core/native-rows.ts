import { kernel, openKernels, run } from './tensor/native/run.js';

/** Kernels for columns of many sessions; `core/tensor/native/src/sessions.cc` says what their operands are. */
export const mergeLists = kernel('mergeLists');
export const entryRows = kernel('entryRows');
export const historyRows = kernel('historyRows');
export { run as runKernel };

/** Sessions from which on a call of a kernel pays; below, JavaScript makes the same bytes. Measured. */
const LEAST_SESSIONS = 6;

let opened: boolean | undefined;

/** Whether so many sessions are better served by the native kernels, and these are there. */
export function worthKernels(sessions: number): boolean {
  if (sessions < LEAST_SESSIONS) return false;
  if (opened !== undefined) return opened;
  try {
    openKernels();
    for (const found of [mergeLists, entryRows, historyRows]) found();
    return (opened = true);
  } catch {
    return (opened = false); // they were not compiled here
  }
}
