import { hash32 } from '../../../core/random.js';
import { readUpworthy } from '../../../logs/import/upworthy.js';
import { clickPairs, textTests } from '../../../logs/preference/headline-tests.js';

/** Of two headlines of one test, the one that more people clicked, beyond chance. */
export interface HeadlinePair {
  readonly chosen: string;
  readonly rejected: string;
}

/** Headlines of an archive of tests, split by test. No text is on both sides. */
export interface Headlines {
  /** Distinct, test by test. */
  readonly training: readonly string[];
  readonly heldOut: readonly string[];
  readonly trainingPairs: readonly HeadlinePair[];
  readonly heldOutPairs: readonly HeadlinePair[];
}

/** Share of the tests that is held out. */
const HELD_OUT = 0.2;

/**
 * The headlines of `upworthy_packages.csv` in a folder, split by test: all of them to learn to write from, and pairs of
 * tests outside the period of faulty randomisation whose click rates differ beyond chance (p < 0.05).
 *
 * @param seed of the split; the same test is on the same side whatever else the file holds
 * @throws a data error as `readUpworthy`, and where no two headlines of a test differ
 */
export async function readHeadlines(folder: string, seed: number): Promise<Headlines> {
  const { log } = await readUpworthy(folder);
  const isHeldOut = (id: string): boolean => hash32(`${seed}/${id}`) < HELD_OUT * 2 ** 32;
  const ofTest = log.requests.values.map(() => new Set<string>());
  for (let row = 0; row < log.rows; row++) ofTest[log.request[row]].add(log.actions.values[log.action[row]]);
  const textsOf = (side: boolean): string[] =>
    ofTest.flatMap((texts, test) => (isHeldOut(log.requests.values[test]) === side ? [...texts] : []));
  const training = new Set(textsOf(false));
  const tests = textTests(log);
  const { count, context, chosen, rejected } = clickPairs(
    tests,
    Int32Array.from(tests.ids, (_, c) => c),
  );
  const pairsOf = (side: boolean): HeadlinePair[] => {
    const own = Array.from({ length: count }, (_, i) => i).filter((i) => isHeldOut(tests.ids[context[i]]) === side);
    const text = (pair: number, candidate: number): string => tests.sets.text(context[pair], candidate);
    return own.map((i) => ({ chosen: text(i, chosen[i]), rejected: text(i, rejected[i]) }));
  };
  return {
    training: [...training],
    heldOut: [...new Set(textsOf(true))].filter((headline) => !training.has(headline)),
    trainingPairs: pairsOf(false),
    heldOutPairs: pairsOf(true).filter(({ chosen, rejected }) => !training.has(chosen) && !training.has(rejected)),
  };
}
