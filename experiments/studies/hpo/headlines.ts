import { join } from 'node:path';
import { complaint } from '../../../core/check.js';
import { hash32 } from '../../../core/random.js';
import { readColumns } from '../../../logs/import/fast-csv.js';
import { FAULT } from '../../../logs/import/upworthy.js';

/** Of two headlines of one test, the one that more people clicked, beyond chance. */
export interface HeadlinePair {
  readonly chosen: string;
  readonly rejected: string;
}

/** Headlines of an archive of tests, split by test. No text is on both sides. */
export interface Headlines {
  /** Distinct, in the order of the file. */
  readonly training: readonly string[];
  readonly heldOut: readonly string[];
  readonly trainingPairs: readonly HeadlinePair[];
  readonly heldOutPairs: readonly HeadlinePair[];
  readonly tests: number;
}

/** Share of the tests that is held out. */
const HELD_OUT = 0.2;
/** Click rates differ beyond chance from so many standard errors on: 5 % of equal ones do, in either direction. */
const ERRORS = 1.96;

interface Arm {
  impressions: number;
  clicks: number;
}

/**
 * Reads the headlines of `upworthy_packages.csv` in a folder. Packages of a test that share a headline count as one arm.
 * Pairs come from tests outside the period of faulty randomisation: arms of one test whose click rates differ by 1.96
 * standard errors of their difference.
 *
 * @param seed of the split; the same test is on the same side whatever else the file holds
 * @throws a data error for a package without test, headline or week, or with more clicks than impressions
 */
export async function readHeadlines(folder: string, seed: number): Promise<Headlines> {
  const path = join(folder, 'upworthy_packages.csv');
  const read = await readColumns(path, {
    numbers: [['impressions'], ['clicks'], ['test_week']],
    texts: ['clickability_test_id', 'headline'],
  });
  const [impressions, clicks, weeks] = read.numbers;
  const [tests, headlines] = read.texts;
  const arms = tests.values.map(() => new Map<string, Arm>());
  const faulty = new Uint8Array(tests.values.length);
  tests.codes.forEach((t, row) => {
    const headline = headlines.codes[row] < 0 ? '' : headlines.values[headlines.codes[row]].trim();
    if (t < 0 || headline === '' || !(clicks[row] >= 0 && clicks[row] <= impressions[row] && weeks[row] > 0))
      throw complaint('data', {
        where: `${path} line ${read.lines[row]}`,
        expected: 'a test, its week, a headline, and no more clicks than impressions',
        received: `'${headline}', ${impressions[row]} impressions, ${clicks[row]} clicks, week ${weeks[row]}`,
      });
    const arm = arms[t].get(headline) ?? { impressions: 0, clicks: 0 };
    arm.impressions += impressions[row];
    arm.clicks += clicks[row];
    arms[t].set(headline, arm);
    if (weeks[row] >= FAULT.from && weeks[row] <= FAULT.to) faulty[t] = 1;
  });
  const held = tests.values.map((id) => hash32(`${seed}/${id}`) < HELD_OUT * 2 ** 32);
  const training = new Set(arms.flatMap((own, t) => (held[t] ? [] : [...own.keys()])));
  const heldOut = new Set(arms.flatMap((own, t) => (held[t] ? [...own.keys()] : [])));
  const pairs = (side: boolean): HeadlinePair[] =>
    arms.flatMap((own, t) => (held[t] === side && faulty[t] === 0 ? pairsOf(own) : []));
  return {
    training: [...training],
    heldOut: [...heldOut].filter((headline) => !training.has(headline)),
    trainingPairs: pairs(false),
    heldOutPairs: pairs(true).filter(({ chosen, rejected }) => !training.has(chosen) && !training.has(rejected)),
    tests: tests.values.length,
  };
}

/** Arms of one test that differ beyond chance, the better one first. */
function pairsOf(arms: ReadonlyMap<string, Arm>): HeadlinePair[] {
  const all = [...arms];
  return all.flatMap(([a, one], i) =>
    all.slice(i + 1).flatMap(([b, two]) => {
      const z = standardised(one, two);
      if (!(Math.abs(z) > ERRORS)) return [];
      return [z > 0 ? { chosen: a, rejected: b } : { chosen: b, rejected: a }];
    }),
  );
}

/** The difference of two click rates over its standard error, both pooled; NaN where nobody saw one or nobody clicked. */
function standardised(one: Arm, two: Arm): number {
  const rate = (one.clicks + two.clicks) / (one.impressions + two.impressions);
  const variance = rate * (1 - rate) * (1 / one.impressions + 1 / two.impressions);
  return (one.clicks / one.impressions - two.clicks / two.impressions) / Math.sqrt(variance);
}
