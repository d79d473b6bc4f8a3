import { complaint, GymError } from '../../core/check.js';

/** Bad rows that are told one by one; the others are only counted. */
const LISTED = 20;

/** A row that could not be used. Lines count from 1 and include the header. */
export interface BadRow {
  readonly line: number;
  readonly reason: string;
}

/** What was left out of an import. */
export interface BadRowCount {
  readonly count: number;
  /** The first 20. */
  readonly first: readonly BadRow[];
}

/**
 * Counts the rows that cannot be used and ends the import when they are too many: at once when none is allowed and
 * enough are known to be shown, else at the end, when their share is known.
 */
export class BadRows {
  readonly #where: string;
  readonly #maxShare: number;
  readonly #first: BadRow[] = [];
  #count = 0;

  constructor(where: string, maxShare: number) {
    if (!(maxShare >= 0 && maxShare <= 1)) {
      throw new GymError('usage', `--max-bad-share: expected a share from 0 to 1, received ${maxShare}.`);
    }
    this.#where = where;
    this.#maxShare = maxShare;
  }

  add(line: number, reason: string, goodRows: number): void {
    this.#count++;
    if (this.#first.length < LISTED) this.#first.push({ line, reason });
    if (this.#maxShare === 0 && this.#count === LISTED) throw this.#tooMany(goodRows, 'at least ');
  }

  /** @throws a data error when more than the allowed share of the rows was bad, or no row was good */
  finish(goodRows: number): BadRowCount {
    if (this.#count > this.#maxShare * (this.#count + goodRows)) throw this.#tooMany(goodRows, '');
    if (goodRows === 0) {
      throw complaint('data', {
        where: this.#where,
        expected: 'rows below the header',
        received: this.#count === 0 ? 'none' : `${this.#count} bad rows and no good one${this.#list()}`,
      });
    }
    return { count: this.#count, first: this.#first };
  }

  #list(): string {
    const lines = this.#first.map(({ line, reason }) => `\n  line ${line}: ${reason}`);
    const more = this.#count > lines.length ? `\n  and ${this.#count - lines.length} more` : '';
    return `:${lines.join('')}${more}\n`;
  }

  #tooMany(goodRows: number, atLeast: string): GymError {
    const rows = this.#count + goodRows;
    const allowed = this.#maxShare === 0 ? 'no bad rows' : `at most a share of ${this.#maxShare} bad rows`;
    const enough = Math.ceil((this.#count / rows) * 1e4) / 1e4;
    return complaint('data', {
      where: this.#where,
      expected: allowed,
      received: `${atLeast}${this.#count} among ${rows} rows${this.#list()}`,
      try: `Mend them, or raise --max-bad-share (${atLeast}${enough} here) to leave them out. Nothing was stored.`,
    });
  }
}
