import { hash32, type Source } from './random.js';

/** 2⁻³²: turns an unsigned 32-bit word into a number in [0, 1). */
const UNIT = 2 ** -32;
/** Draws that one step of one visit may take before it would run into the next step's. */
export const DRAWS_PER_STEP = 1 << 11;

/**
 * Random numbers found by address instead of by order: (seed, purpose, world, visit, step) names a sequence of 2,048
 * numbers, the same whatever else was drawn before. Two arms of an A/B simulation that use the same addresses meet the
 * same users and the same luck, world i does not depend on how many worlds there are, and there is no state to save.
 *
 * Threefry-2x32 with 20 rounds (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"), checked against the
 * published known answers: key = (hash of seed and purpose, world), counter = (visit, step · 1024 + block).
 * Each block gives two draws of 32 bits in [0, 1). Nothing is allocated.
 *
 * Ranges: world and visit below 2³², step below 2²².
 */
export class KeyedDraws implements Source {
  readonly #key0: number;
  #key1 = 0;
  #counter0 = 0;
  #counter1 = 0;
  #word = 0;
  #spare = 0;
  #hasSpare = false;

  /** @param purpose one name per kind of luck ("choice", "documents"), so that kinds do not shift each other */
  constructor(seed: number | string, purpose: string) {
    this.#key0 = hash32(`${seed}/${purpose}`) | 0;
  }

  /** Moves to the first draw of an address; returns itself so that it can be handed on as a `Source`. */
  at(world: number, visit: number, step = 0): this {
    this.#key1 = world | 0;
    this.#counter0 = visit | 0;
    this.#counter1 = step << 10;
    this.#hasSpare = false;
    return this;
  }

  /** The next draw of this address, in [0, 1). */
  next(): number {
    if (this.#hasSpare) {
      this.#hasSpare = false;
      return (this.#spare >>> 0) * UNIT;
    }
    this.#block();
    this.#hasSpare = true;
    return (this.#word >>> 0) * UNIT;
  }

  /** Writes the next `out.length` draws of this address: for callers too large for the engine to inline `next` into. */
  fill(out: Float64Array): void {
    for (let i = 0; i < out.length; i++) out[i] = this.next();
  }

  /**
   * Computes the next two words. They are left in fields as signed 32-bit numbers, which the engine stores without
   * allocating; `next` stays small enough to be inlined where it is called, so that its result is not boxed either.
   */
  #block(): void {
    const k0 = this.#key0;
    const k1 = this.#key1;
    const k2 = 0x1bd11bda ^ k0 ^ k1;
    let x = (this.#counter0 + k0) | 0;
    let y = (this.#counter1++ + k1) | 0;
    // prettier-ignore
    {
      x = (x + y) | 0; y = ((y << 13) | (y >>> 19)) ^ x; x = (x + y) | 0; y = ((y << 15) | (y >>> 17)) ^ x;
      x = (x + y) | 0; y = ((y << 26) | (y >>> 6)) ^ x; x = (x + y) | 0; y = ((y << 6) | (y >>> 26)) ^ x;
      x = (x + k1) | 0; y = (y + k2 + 1) | 0;
      x = (x + y) | 0; y = ((y << 17) | (y >>> 15)) ^ x; x = (x + y) | 0; y = ((y << 29) | (y >>> 3)) ^ x;
      x = (x + y) | 0; y = ((y << 16) | (y >>> 16)) ^ x; x = (x + y) | 0; y = ((y << 24) | (y >>> 8)) ^ x;
      x = (x + k2) | 0; y = (y + k0 + 2) | 0;
      x = (x + y) | 0; y = ((y << 13) | (y >>> 19)) ^ x; x = (x + y) | 0; y = ((y << 15) | (y >>> 17)) ^ x;
      x = (x + y) | 0; y = ((y << 26) | (y >>> 6)) ^ x; x = (x + y) | 0; y = ((y << 6) | (y >>> 26)) ^ x;
      x = (x + k0) | 0; y = (y + k1 + 3) | 0;
      x = (x + y) | 0; y = ((y << 17) | (y >>> 15)) ^ x; x = (x + y) | 0; y = ((y << 29) | (y >>> 3)) ^ x;
      x = (x + y) | 0; y = ((y << 16) | (y >>> 16)) ^ x; x = (x + y) | 0; y = ((y << 24) | (y >>> 8)) ^ x;
      x = (x + k1) | 0; y = (y + k2 + 4) | 0;
      x = (x + y) | 0; y = ((y << 13) | (y >>> 19)) ^ x; x = (x + y) | 0; y = ((y << 15) | (y >>> 17)) ^ x;
      x = (x + y) | 0; y = ((y << 26) | (y >>> 6)) ^ x; x = (x + y) | 0; y = ((y << 6) | (y >>> 26)) ^ x;
      x = (x + k2) | 0; y = (y + k0 + 5) | 0;
    }
    this.#word = x;
    this.#spare = y;
  }
}
