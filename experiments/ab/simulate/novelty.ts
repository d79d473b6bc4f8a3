import type { Rows } from './rows.js';

/** How a change is met because it is a change: size · 2^(−days ÷ half-life) on top of 1. */
export interface NoveltySettings {
  /** On the first day; above 0 excites, below 0 has to be learned. */
  readonly size: number;
  readonly halfLifeDays: number;
}

/**
 * Factor of what users do in arms other than the control, by the days since they first met one. It is asked in the
 * order of time.
 */
export class Novelty {
  readonly #settings: NoveltySettings;
  /** [U] first day in a new arm; −1 for never so far. */
  readonly #first: Int32Array;

  constructor(settings: NoveltySettings, users: number) {
    this.#settings = settings;
    this.#first = new Int32Array(users).fill(-1);
  }

  factor(user: number, day: number, arm: number): number {
    if (arm === 0 || day < 0) return 1;
    if (this.#first[user] < 0) this.#first[user] = day;
    const { size, halfLifeDays } = this.#settings;
    return 1 + size * 2 ** (-(day - this.#first[user]) / halfLifeDays);
  }
}

/** Columns that count occasions; novelty leaves them alone. */
const OCCASIONS = new Set(['sessions', 'requests']);

/** Rows in the order of time, with their outcomes multiplied by the factor of their user, day and arm; in place. */
export function exciteRows(rows: Rows, novelty: Novelty): void {
  const outcomes = Object.entries(rows.columns).flatMap(([name, values]) => (OCCASIONS.has(name) ? [] : [values]));
  for (let n = 0; n < rows.user.length; n++) {
    const factor = novelty.factor(rows.user[n], rows.day[n], rows.arm[n]);
    if (factor !== 1) for (const values of outcomes) values[n] *= factor;
  }
}
