import { complaint } from '../../core/check.js';
import { normalUpper } from '../../core/stats/normal.js';
import { outcome, type Log } from '../record.js';
import type { PreferencePairs, RawPair, ResponseSets } from './contract.js';
import { checkPairs } from './pairs.js';

/** Randomised tests of texts, with what each earned. C tests of at most K distinct texts. */
export interface TextTests {
  readonly sets: ResponseSets & { readonly text: (context: number, candidate: number) => string };
  /** K */
  readonly most: number;
  /** Ids of the tests, as logged. */
  readonly ids: readonly string[];
  /** [C, K] totals; 0 for padding. */
  readonly impressions: Float64Array;
  readonly clicks: Float64Array;
}

/**
 * The tests of a log whose rows are arms: requests are tests, actions texts, outcomes `impressions` and `clicks`. Arms of
 * the same text, e.g. with other pictures, are added up. Tests with less than two texts compare nothing and are left out,
 * and so are those of a week with faulty randomisation, where the log has that feature.
 */
export function textTests(log: Log): TextTests {
  const [impressions, clicks] = [outcome(log, 'impressions'), outcome(log, 'clicks')];
  if (impressions === undefined || clicks === undefined) {
    throw complaint('data', {
      where: `log '${log.name}'`,
      expected: 'outcomes impressions and clicks',
      received: log.schema.outcomes.join(', '),
    });
  }
  const faulty = faultyRows(log);
  const arms = new Map<number, Map<number, { shown: number; clicked: number }>>();
  const excluded = new Set<number>();
  for (let row = 0; row < log.rows; row++) {
    const test = log.request[row];
    if (test < 0 || faulty(row)) excluded.add(test);
    const own = arms.get(test) ?? new Map<number, { shown: number; clicked: number }>();
    const { shown, clicked } = own.get(log.action[row]) ?? { shown: 0, clicked: 0 };
    own.set(log.action[row], { shown: shown + impressions[row], clicked: clicked + clicks[row] });
    arms.set(test, own);
  }
  const kept = [...arms].filter(([test, own]) => !excluded.has(test) && own.size > 1);
  const most = kept.reduce((largest, [, own]) => Math.max(largest, own.size), 0);
  const totals = (value: (arm: { shown: number; clicked: number }) => number): Float64Array => {
    const out = new Float64Array(kept.length * most);
    kept.forEach(([, own], c) => {
      [...own.values()].forEach((arm, k) => (out[c * most + k] = value(arm)));
    });
    return out;
  };
  const actions = kept.map(([, own]) => [...own.keys()]);
  return {
    sets: {
      contexts: kept.length,
      sizes: Int32Array.from(kept, ([, own]) => own.size),
      text: (context, candidate) => log.actions.values[actions[context][candidate]],
    },
    most,
    ids: kept.map(([test]) => log.requests.values[test]),
    impressions: totals(({ shown }) => shown),
    clicks: totals(({ clicked }) => clicked),
  };
}

function faultyRows(log: Log): (row: number) => boolean {
  const place = log.schema.categoricalNames.indexOf('randomisation');
  if (place < 0) return () => false;
  const width = log.schema.categoricalNames.length;
  const code = log.categoricalValues[place].values.indexOf('faulty');
  return (row) => log.categorical[row * width + place] === code;
}

/**
 * Pairs of one test's texts whose click rates differ beyond chance: two-sided z test of two proportions with a pooled
 * variance, below `p`. Each is drawn with the same chance from all pairs of the test.
 *
 * @param contexts which tests to take pairs from
 */
export function clickPairs(tests: TextTests, contexts: Int32Array, p = 0.05): PreferencePairs {
  const { most, sets, impressions, clicks } = tests;
  const raw: RawPair[] = [];
  for (const context of contexts) {
    const size = sets.sizes[context];
    for (let a = 0; a < size; a++) {
      for (let b = a + 1; b < size; b++) {
        const [i, j] = [context * most + a, context * most + b];
        const z = proportionsZ(clicks[i], impressions[i], clicks[j], impressions[j]);
        if (2 * normalUpper(Math.abs(z)) >= p) continue;
        const propensity = 2 / (size * (size - 1));
        raw.push({ line: raw.length + 1, context, first: [a], second: [b], winner: z > 0 ? 1 : 2, propensity });
      }
    }
  }
  return checkPairs(raw, sets, { where: 'pairs of tests' }).pairs;
}

/** z of the difference of two proportions, 0 where nothing can be told. */
export function proportionsZ(clicksA: number, shownA: number, clicksB: number, shownB: number): number {
  const pooled = (clicksA + clicksB) / (shownA + shownB);
  const variance = pooled * (1 - pooled) * (1 / shownA + 1 / shownB);
  return variance > 0 ? (clicksA / shownA - clicksB / shownB) / Math.sqrt(variance) : 0;
}
