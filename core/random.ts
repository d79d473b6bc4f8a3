import seedrandom from 'seedrandom';

/** Anything that gives numbers in [0, 1). Distributions take one and nothing else. */
export interface Source {
  next(): number;
}

/** A named stream of random numbers that can be forked by name, saved and restored. */
export interface Rng extends Source {
  /** The path of names that led here, e.g. "7/users/12". Same path, same stream. */
  readonly path: string;
  /**
   * A stream of its own, found by name and not by order: forking neither draws from nor moves this stream, so adding
   * an "items" stream never changes yesterday's users.
   */
  fork(name: string | number): Rng;
  /** Where the stream stands, as plain JSON; `stream(seed, state)` goes on from there. */
  save(): RngState;
  restore(state: RngState): void;
}

/** A saved stream. */
export interface RngState {
  readonly path: string;
  readonly generator: seedrandom.State.Arc4;
}

/**
 * Opens the stream of a seed: seedrandom's ARC4 with 53-bit numbers in [0, 1), keyed by the stream's whole path.
 * For set-up and slow paths; hot loops use `core/draws.ts`.
 *
 * @param seed any whole number or text; it becomes the first name of the path
 */
export function stream(seed: number | string): Rng {
  return open(String(seed).replaceAll('/', '∕'));
}

function open(path: string): Rng {
  let generator = seedrandom(path, { state: true });
  return {
    path,
    next: () => generator(),
    fork: (name) => open(`${path}/${String(name).replaceAll('/', '∕')}`),
    save: () => ({ path, generator: generator.state() }),
    restore: (state) => {
      if (state.path !== path) throw new Error(`random stream '${path}': cannot restore the state of '${state.path}'.`);
      generator = seedrandom('', { state: state.generator });
    },
  };
}

/** A 32-bit number from a name or seed (FNV-1a, then a strong mixer), for keys and hashed features. */
export function hash32(text: string, salt = 0): number {
  let h = (0x811c9dc5 ^ salt) | 0;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  return (h ^ (h >>> 15)) >>> 0;
}
