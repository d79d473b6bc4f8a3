import { KeyedDraws } from '../../core/draws.js';
import { highOf, lowOf } from './luck.js';

/** Requests that share an address of luck; each takes one draw at most, of the 2,048 there are. */
const BLOCK = 1024;

/**
 * Walks through the requests of the exploration slice in order: each request is in it with probability ε, independent of
 * all others. Gaps between them are geometric, so that requests outside cost nothing; they are drawn anew in every block,
 * so that whether a request is in the slice does not depend on where the walk began.
 */
export class Slice {
  readonly #luck: KeyedDraws;
  readonly #logOutside: number;
  #block: number;
  #offset = -1;

  /**
   * @param seed of the luck: `luckOf` the market's settings
   * @param exploration ε in (0, 1]
   * @param first the walk begins with this request
   */
  constructor(seed: number | string, exploration: number, first = 0) {
    this.#luck = new KeyedDraws(seed, 'ad-market exploration');
    this.#logOutside = Math.log1p(-exploration);
    this.#block = Math.floor(first / BLOCK);
    this.#luck.at(highOf(this.#block), lowOf(this.#block));
    while (this.#peek() < first);
  }

  /** The request that `next` will return. */
  get ahead(): number {
    return this.#block * BLOCK + this.#offset;
  }

  /** Number of the next request of the slice. */
  next(): number {
    const found = this.ahead;
    this.#peek();
    return found;
  }

  #peek(): number {
    for (;;) {
      this.#offset += 1 + Math.floor(Math.log1p(-this.#luck.next()) / this.#logOutside);
      if (this.#offset < BLOCK) return this.ahead;
      this.#block++;
      this.#offset = -1;
      this.#luck.at(highOf(this.#block), lowOf(this.#block));
    }
  }
}
