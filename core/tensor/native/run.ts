import { addon, type Memory } from './addon.js';

/** Notes down what happens while a step is recorded; see `record.ts`. */
export interface Recorder {
  /** Memory for a new tensor was handed out. */
  made(values: Memory): void;
  /** A kernel ran. */
  call(call: KernelCall): void;
  /** A tensor made of `values` was read by JavaScript. */
  read(values: Memory): void;
}

/** One kernel on its operands. Inputs may be kept by a recorder; outputs are overwritten. */
export interface KernelCall {
  readonly code: number;
  readonly inputs: readonly Memory[];
  readonly outputs: readonly Memory[];
  readonly whole: readonly number[];
  readonly real: readonly number[];
}

const MOST_INTS = 256;
const MOST_REALS = 32;
const NONE: readonly number[] = [];

let codes: ReadonlyMap<string, number> | undefined;
let ints = new Int32Array(0);
let reals = new Float64Array(0);
let recorder: Recorder | undefined;

/** Opens the door to the kernels; see `addon()` for when it throws. */
export function openKernels(): void {
  if (codes !== undefined) return;
  const native = addon();
  ints = new Int32Array(MOST_INTS);
  reals = new Float64Array(MOST_REALS);
  native.share(ints, reals);
  codes = new Map(native.kernels().map((name, code) => [name, code]));
}

/** A kernel by name, looked up when first used, so that modules may be loaded where nothing was compiled. */
export function kernel(name: string): () => number {
  let code = -1;
  return () => {
    if (code >= 0) return code;
    openKernels();
    const found = codes?.get(name);
    if (found === undefined) throw new Error(`native kernels: there is no '${name}'; run: npm run build:native`);
    return (code = found);
  };
}

/**
 * Runs a kernel now. The comment of the kernel in `src/` says what its operands and numbers are.
 *
 * @throws what the kernel complains of, e.g. an index outside its table
 */
export function run(
  code: number,
  inputs: readonly Memory[],
  outputs: readonly Memory[],
  whole: readonly number[],
  real: readonly number[] = NONE,
): void {
  for (let i = 0; i < whole.length; i++) ints[i] = whole[i];
  for (let i = 0; i < real.length; i++) reals[i] = real[i];
  addon().run(code, ...inputs, ...outputs);
  recorder?.call({ code, inputs, outputs, whole, real });
}

/** Who is recording, if anybody. */
export function recording(): Recorder | undefined {
  return recorder;
}

/** Runs `work` while `by` notes down every kernel call. */
export function whileRecording<T>(by: Recorder, work: () => T): T {
  const outer = recorder;
  recorder = by;
  try {
    return work();
  } finally {
    recorder = outer;
  }
}
