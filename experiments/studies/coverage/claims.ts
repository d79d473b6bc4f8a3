/** What an interval promises, and what was seen of it. */
export interface Covered {
  /** Where: the data and its size. */
  readonly where: string;
  /** What was estimated, and how the interval was made. */
  readonly estimate: string;
  readonly method: string;
  /** nominal: covers about as often as its level says. conservative: never less. */
  readonly claim: 'nominal' | 'conservative';
  readonly tests: number;
  readonly covered: number;
  /** Mean width of the intervals. */
  readonly width: number;
}

/** The score fixed before running, for intervals of 95 %. */
export const SCORE = { least: 0.93, most: 0.97, conservative: 0.95, errors: 2 } as const;

export const LEVEL = 0.95;

export const share = ({ covered, tests }: Covered): number => covered / tests;

/** Standard error of a share near the level over so many tests. */
export const shareError = (tests: number): number => Math.sqrt((LEVEL * (1 - LEVEL)) / tests);

/**
 * Why an interval missed its score; nothing when it did not. A nominal one must be within 93 to 97 %, up to what chance does
 * with few tests; a conservative one must not be below 95 % by more than two Monte-Carlo errors.
 */
export function missed(one: Covered): string[] {
  const seen = share(one);
  const error = shareError(one.tests);
  const slack = Math.max(0, SCORE.errors * error - (SCORE.most - LEVEL));
  const low = one.claim === 'nominal' ? SCORE.least - slack : SCORE.conservative - SCORE.errors * error;
  const high = one.claim === 'nominal' ? SCORE.most + slack : 1;
  if (seen >= low && seen <= high) return [];
  const text = (p: number): string => `${(100 * p).toFixed(1)} %`;
  return [
    `${one.where}, ${one.estimate}, ${one.method}: expected to cover in ${text(low)} to ${text(high)}, received ${text(seen)}.`,
  ];
}

/** Counts what intervals cover, by estimate and method. */
export class Tally {
  readonly #seen = new Map<string, { claim: Covered['claim']; tests: number; covered: number; width: number }>();

  add(
    key: { estimate: string; method: string; claim: Covered['claim'] },
    interval: readonly [number, number],
    truth: number,
  ): void {
    const name = `${key.estimate}\n${key.method}`;
    const before = this.#seen.get(name) ?? { claim: key.claim, tests: 0, covered: 0, width: 0 };
    before.tests++;
    if (interval[0] <= truth && truth <= interval[1]) before.covered++;
    before.width += interval[1] - interval[0];
    this.#seen.set(name, before);
  }

  done(where: string): Covered[] {
    return [...this.#seen].map(([name, { claim, tests, covered, width }]) => {
      const [estimate, method] = name.split('\n');
      return { where, estimate, method, claim, tests, covered, width: width / tests };
    });
  }
}
