import { complaint } from '../../../core/check.js';

/** How bounded values become a sequence of intervals. */
export interface BoundedOptions {
  /** No value can lie below; known beforehand, never the smallest value seen. */
  readonly least: number;
  /** No value can lie above. */
  readonly most: number;
  /** E.g. 0.95: the intervals hold at all times together with this probability. */
  readonly level: number;
  /** Ascending numbers of values after which to report; after every value when left out. */
  readonly looks?: readonly number[];
  /** Each interval also within all reported before: never wider, as valid, but it hides a mean that moves. */
  readonly intersect?: boolean;
}

/** Intervals of a mean, one per look. */
export interface BoundedSequence {
  /** [L] */
  readonly low: Float64Array;
  /** [L] never below `low` */
  readonly high: Float64Array;
  /**
   * [L] 1 where no value of the mean is left: with a constant mean this has at most the probability 1 − level, so the
   * mean probably moved. `low` and `high` are then the same point.
   */
  readonly empty: Uint8Array;
}

/** The looks asked for, checked with everything else. */
export function boundedLooks(where: string, values: Float64Array, options: BoundedOptions): readonly number[] {
  const { least, most, level, looks } = options;
  if (!(least < most && Number.isFinite(most - least) && level > 0 && level < 1))
    throw complaint('numeric', {
      where,
      expected: 'least below most, both finite, and a level in (0, 1)',
      received: `${least}, ${most} and ${level}`,
    });
  const wrong = values.findIndex((value) => !(value >= least && value <= most));
  if (wrong >= 0)
    throw complaint('data', {
      where: `${where}: value ${wrong}`,
      expected: `a number from ${least} to ${most}`,
      received: `${values[wrong]}`,
      try: 'The bounds must hold for every value there can be; clip values beforehand where they do not.',
    });
  if (looks === undefined) return Array.from(values, (_, i) => i + 1);
  const astray = looks.findIndex(
    (look, k) => !(Number.isInteger(look) && look >= (k === 0 ? 0 : looks[k - 1]) && look <= values.length),
  );
  if (astray >= 0)
    throw complaint('usage', {
      where: `${where}: looks`,
      expected: `ascending whole numbers from 0 to ${values.length}`,
      received: `${looks[astray]}`,
    });
  return looks;
}

/** Puts the interval of look k in its place: ordered, inside the range and, if so asked, inside those before. */
export function placeLook(
  into: BoundedSequence,
  k: number,
  [low, high]: readonly [number, number],
  { least, most, intersect = false }: BoundedOptions,
): void {
  const before = intersect && k > 0 ? k - 1 : -1;
  const floor = before < 0 ? least : into.low[before];
  const ceiling = before < 0 ? most : into.high[before];
  const [from, to] = [Math.max(low, floor), Math.min(high, ceiling)];
  into.empty[k] = from > to || (before >= 0 && into.empty[before] === 1) ? 1 : 0;
  const point = Math.min(most, Math.max(least, (from + to) / 2));
  into.low[k] = into.empty[k] === 1 ? point : from;
  into.high[k] = into.empty[k] === 1 ? point : to;
}

/** Room for the intervals of so many looks. */
export function emptySequence(looks: number): BoundedSequence {
  return { low: new Float64Array(looks), high: new Float64Array(looks), empty: new Uint8Array(looks) };
}

/** Mean and variance of values in [0, 1] seen so far, each begun with one made-up value at ½ (Waudby-Smith and Ramdas 2024, eq. 15). */
export class PlugIn {
  mean = 0.5;
  variance = 0.25;
  #n = 0;
  #sum = 0.5;
  #squares = 0.25;

  /** @param x in [0, 1] */
  add(x: number): void {
    this.#n++;
    this.#sum += x;
    this.mean = this.#sum / (this.#n + 1);
    this.#squares += (x - this.mean) ** 2;
    this.variance = this.#squares / (this.#n + 1);
  }

  /** The bet of the next value, known before it: √(2 ln(2/α)/(σ̂² t ln(t + 1))). Infinite where σ̂² rounds to 0. */
  bet(logTwoOverAlpha: number): number {
    const t = this.#n + 1;
    return Math.sqrt((2 * logTwoOverAlpha) / (this.variance * t * Math.log1p(t)));
  }
}
