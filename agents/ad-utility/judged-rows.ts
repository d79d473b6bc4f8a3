import type { Encode } from './context-encoder.js';
import type { NetworkParts } from './network-policy.js';
import { chanceOf, type Heads } from './heads.js';
import type { Piece, RewardUnit } from './rounds.js';

/** A running score of held-out rows, higher is better. */
export interface HeldOutScore {
  /**
   * @param chance π of the action that was taken
   * @param reward less its centre, in standard deviations
   * @param inverse 1/μ
   */
  add(chance: number, reward: number, inverse: number): void;
  value(): number;
}

const ROWS_AT_ONCE = 1024;

/** Rows that only judge, kept encoded. */
export class JudgedRows {
  readonly #encode: Encode;
  readonly #width: number;
  readonly #heads: Heads;
  #x = new Float32Array(0);
  #taken = new Int32Array(0);
  #reward = new Float64Array(0);
  #inverse = new Float64Array(0);
  #rows = 0;

  constructor(encode: Encode, width: number, heads: Heads) {
    this.#encode = encode;
    this.#width = width;
    this.#heads = heads;
  }

  get rows(): number {
    return this.#rows;
  }

  push({ columns, reward }: Piece, pick: Int32Array, unit: RewardUnit): void {
    const from = this.#rows;
    this.#grow(from + pick.length);
    this.#encode(columns, this.#x.subarray(from * this.#width, (from + pick.length) * this.#width), pick);
    pick.forEach((row, n) => {
      this.#taken[from + n] = columns.action[row];
      this.#reward[from + n] = (reward[row] - unit.centre) / unit.deviation;
      this.#inverse[from + n] = 1 / columns.propensity[row];
    });
    this.#rows += pick.length;
  }

  /** The score of the network as it would serve now. */
  score(judge: HeldOutScore, { network }: NetworkParts): number {
    const plain = network.plain();
    for (let from = 0; from < this.#rows; from += ROWS_AT_ONCE) {
      const count = Math.min(ROWS_AT_ONCE, this.#rows - from);
      const outputs = plain.rows(this.#x.subarray(from * this.#width, (from + count) * this.#width), count);
      for (let n = 0; n < count; n++) {
        const chance = chanceOf(this.#heads, outputs, n * plain.outputs, this.#taken[from + n]);
        judge.add(chance, this.#reward[from + n], this.#inverse[from + n]);
      }
    }
    return judge.value();
  }

  #grow(rows: number): void {
    const room = this.#reward.length;
    if (rows <= room) return;
    const size = Math.max(rows, 2 * room);
    const wider = <T extends Float32Array | Float64Array | Int32Array>(old: T, made: T): T => {
      made.set(old);
      return made;
    };
    this.#x = wider(this.#x, new Float32Array(size * this.#width));
    this.#taken = wider(this.#taken, new Int32Array(size));
    this.#reward = wider(this.#reward, new Float64Array(size));
    this.#inverse = wider(this.#inverse, new Float64Array(size));
  }
}
