import { createRequire } from 'node:module';

/** What `src/addon.cc` exports; its head comment says what each call does. */
export interface Addon {
  kernels(): string[];
  instructionSets(): string[];
  useInstructionSet(name: string): void;
  threads(count?: number): number;
  share(ints: Int32Array, reals: Float64Array): void;
  run(code: number, ...arrays: readonly Memory[]): void;
  program(words: Int32Array, reals: Float64Array, arrays: readonly (Memory | ArrayBuffer)[]): object;
  replay(program: object): void;
}

/** Numbers that a kernel reads or writes in place. */
export type Memory = Float32Array | Float64Array | Int32Array | Uint8Array;

let loaded: Addon | undefined;

/**
 * The compiled kernels, loaded once.
 *
 * @throws when they were not compiled on this machine
 */
export function addon(): Addon {
  if (loaded === undefined) {
    const found: unknown = createRequire(import.meta.url)(
      '../../../../core/tensor/native/build/Release/recsys_gym_native.node',
    );
    if (!isAddon(found)) throw new Error('native kernels: the addon is of another version; run: npm run build:native');
    loaded = found;
  }
  return loaded;
}

function isAddon(found: unknown): found is Addon {
  const calls = ['kernels', 'instructionSets', 'useInstructionSet', 'threads', 'share', 'run', 'program', 'replay'];
  return typeof found === 'object' && found !== null && calls.every((name) => name in found);
}
