import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** What `src/addon.cc` exports; its head comment says what each call does. */
export interface Addon {
  kernels(): string[];
  instructionSets(): string[];
  useInstructionSet(name: string): void;
  threads(count?: number): number;
  large(array: Memory): void;
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
    const found: unknown = load();
    if (!isAddon(found)) throw new Error('native kernels: the addon is of another version; run: npm run build:native');
    loaded = found;
  }
  return loaded;
}

function load(): unknown {
  const folder = new URL('../../../../core/tensor/native/', import.meta.url);
  const file = fileURLToPath(new URL('build/Release/recsys_gym_native.node', folder));
  if (existsSync(file)) return createRequire(import.meta.url)(file);
  const failure = new URL('build.failed', folder);
  const reason = existsSync(failure) ? ` (${readFileSync(failure, 'utf8').trim()})` : '';
  throw new Error(`the kernels were not compiled on this machine${reason}; to try again: npm run build:native`);
}

function isAddon(found: unknown): found is Addon {
  const calls = [
    'kernels',
    'instructionSets',
    'useInstructionSet',
    'threads',
    'large',
    'share',
    'run',
    'program',
    'replay',
  ];
  return typeof found === 'object' && found !== null && calls.every((name) => name in found);
}
