import { complaint } from '../../core/check.js';
import { BadRows, type BadRowCount } from '../import/bad-rows.js';
import type { LabelledResponses, PreferencePairs, RawPair, ResponseSets } from './contract.js';

export interface CheckedPairs {
  readonly pairs: PreferencePairs;
  readonly bad: BadRowCount;
}

/**
 * Sound comparisons as columns. Malformed ones are counted and listed with their lines: the same answer twice, a text
 * without words, no winner, a candidate outside the context's set, a propensity that is none.
 *
 * @param maxBadShare largest share of malformed comparisons that may be left out; 0 refuses the first
 * @throws a data error that lists them when they are more than that, or nothing is left
 */
export function checkPairs(
  raw: Iterable<RawPair>,
  sets: ResponseSets,
  { width = 1, maxBadShare = 0, where = 'preferences' }: { width?: number; maxBadShare?: number; where?: string } = {},
): CheckedPairs {
  const badRows = new BadRows(where, maxBadShare);
  const good: RawPair[] = [];
  for (const pair of raw) {
    const problem = pair.problem ?? whyNotPair(pair, sets, width);
    if (problem === undefined) good.push(pair);
    else badRows.add(pair.line, problem, good.length);
  }
  const bad = badRows.finish(good.length);
  const count = good.length;
  const pairs: PreferencePairs = {
    ...{ count, width },
    context: Int32Array.from(good, ({ context }) => context),
    chosen: new Int32Array(count * width),
    rejected: new Int32Array(count * width),
    propensity: Float64Array.from(good, ({ propensity = NaN }) => propensity),
  };
  good.forEach(({ first, second, winner }, i) => {
    pairs.chosen.set(winner === 1 ? first : second, i * width);
    pairs.rejected.set(winner === 1 ? second : first, i * width);
  });
  return { pairs, bad };
}

function whyNotPair(pair: RawPair, sets: ResponseSets, width: number): string | undefined {
  const { context, first, second, winner, propensity } = pair;
  if (!(Number.isInteger(context) && context >= 0 && context < sets.contexts))
    return `context ${context} is none of the ${sets.contexts}`;
  for (const [name, response] of Object.entries({ first, second })) {
    if (response.length !== width) return `the ${name} answer has ${response.length} places, not ${width}`;
    for (const candidate of response) {
      if (!(Number.isInteger(candidate) && candidate >= 0 && candidate < sets.sizes[context]))
        return `the ${name} answer names candidate ${candidate}, outside the ${sets.sizes[context]} of its context`;
      if (sets.text?.(context, candidate).trim() === '') return `the ${name} answer is an empty text`;
    }
    if (new Set(response).size < width) return `the ${name} answer names a candidate twice`;
  }
  if (first.every((candidate, place) => candidate === second[place])) return 'the same answer twice';
  const text = sets.text;
  if (
    text !== undefined &&
    first.every((candidate, place) => text(context, candidate) === text(context, second[place]))
  )
    return 'the same text twice';
  if (winner !== 1 && winner !== 2) return 'no winner';
  if (propensity !== undefined && !Number.isNaN(propensity) && !(propensity > 0 && propensity <= 1))
    return `a propensity of ${propensity}, outside (0, 1]`;
  return undefined;
}

/** Every pair as a good and a bad response: good ones first. */
export function asLabelled(pairs: PreferencePairs): LabelledResponses {
  const { count, width, context, chosen, rejected, propensity } = pairs;
  const twice = <T extends Int32Array | Float64Array>(first: T, second: T, out: T): T => {
    out.set(first);
    out.set(second, first.length);
    return out;
  };
  return {
    ...{ count: 2 * count, width },
    context: twice(context, context, new Int32Array(2 * count)),
    response: twice(chosen, rejected, new Int32Array(2 * count * width)),
    good: new Uint8Array(2 * count).fill(1, 0, count),
    propensity: twice(propensity, propensity, new Float64Array(2 * count)),
  };
}

/** Pairs of some rows, in that order. */
export function pickPairs(pairs: PreferencePairs, rows: Int32Array): PreferencePairs {
  const { width } = pairs;
  const wide = (column: Int32Array): Int32Array => {
    const out = new Int32Array(rows.length * width);
    rows.forEach((row, i) => {
      if (!(row >= 0 && row < pairs.count))
        throw complaint('usage', { where: 'pairs', expected: `rows below ${pairs.count}`, received: String(row) });
      out.set(column.subarray(row * width, (row + 1) * width), i * width);
    });
    return out;
  };
  return {
    ...{ count: rows.length, width },
    context: Int32Array.from(rows, (row) => pairs.context[row]),
    chosen: wide(pairs.chosen),
    rejected: wide(pairs.rejected),
    propensity: Float64Array.from(rows, (row) => pairs.propensity[row]),
  };
}
