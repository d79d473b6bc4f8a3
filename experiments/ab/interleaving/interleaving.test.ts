import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { stream } from '../../../core/random.js';
import { balanced, balancedCredit } from './balanced.js';
import { allLists, drawList, type Lottery, type RankedPair, type Shown } from './lottery.js';
import { optimised, rankCredit } from './optimised.js';
import { pairwiseCredit, pairwisePreference } from './pairwise-preference.js';
import { probabilistic, probabilisticCredit } from './probabilistic.js';
import { teamCredit, teamDraft } from './team-draft.js';

/** Every method: its lottery, and its credit of a shown list. */
interface Method {
  readonly lottery: (pair: RankedPair, length: number) => Lottery;
  readonly credit: (pair: RankedPair, shown: Shown, clicks: readonly number[]) => number;
}

const optimisedCredit: Method['credit'] = (pair, { documents }, clicks) =>
  clicks.reduce((sum, place) => sum + rankCredit(pair, documents[place]), 0);
const METHODS: Readonly<Record<string, Method>> = {
  'team draft': { lottery: teamDraft, credit: (_, shown, clicks) => teamCredit(shown, clicks) },
  balanced: { lottery: balanced, credit: balancedCredit },
  probabilistic: { lottery: probabilistic, credit: probabilisticCredit },
  'probabilistic by team': { lottery: probabilistic, credit: (_, shown, clicks) => teamCredit(shown, clicks) },
  optimised: { lottery: optimised, credit: optimisedCredit },
  'pairwise preference': { lottery: pairwisePreference, credit: pairwiseCredit },
};

/** E credit when the user clicks the given places of whatever is shown. */
function expected(
  method: Method,
  pair: RankedPair,
  length: number,
  clicks: (shown: Shown) => readonly number[],
): number {
  return allLists(method.lottery(pair, length)).reduce(
    (sum, { shown, probability }) => sum + probability * method.credit(pair, shown, clicks(shown)),
    0,
  );
}

const subsets = (size: number): number[][] =>
  Array.from({ length: 1 << size }, (_, set) =>
    Array.from({ length: size }, (__, i) => i).filter((i) => (set >> i) & 1),
  );

test('team draft by hand: 1, 2, 3 against 2, 3, 1', (t) => {
  const lists = allLists(teamDraft({ a: [1, 2, 3], b: [2, 3, 1] }, 2)).map(
    ({ shown: { documents, teams }, probability }) => [documents.join(''), teams.join(''), probability],
  );
  // A first: 1, then B's 2. B first: 2, then A's 1.
  t.deepEqual(lists, [
    ['12', '01', 0.5],
    ['21', '10', 0.5],
  ]);
  t.is(teamCredit({ documents: [1, 2, 3], teams: [0, 1, 1] }, [0, 1, 2]), 1);
});

test('balanced by hand, with the bias that is known of it', (t) => {
  const pair = { a: [1, 2, 3], b: [2, 3, 1] };
  t.deepEqual(
    allLists(balanced(pair, 3)).map(({ shown }) => shown.documents),
    [
      [1, 2, 3],
      [2, 1, 3],
    ],
  );
  // A click on 3 alone: its shallower rank is 2 (in B), so k = 2 and B holds it within its top 2, A does not.
  t.is(balancedCredit(pair, { documents: [1, 2, 3], teams: [0, 1, 1] }, [2]), 1);
  t.is(balancedCredit(pair, { documents: [1, 2, 3], teams: [0, 1, 1] }, []), 0);
  // One random click on three documents favours B although it knows nothing: the mean over lists and places.
  const favour = [0, 1, 2].map((place) => expected(METHODS['balanced'], pair, 3, () => [place]));
  t.true(favour.reduce((sum, x) => sum + x, 0) / 3 > 0.3);
});

test('probabilistic by hand: shares 1, 1/8 of two documents', (t) => {
  const pair = { a: [1, 2], b: [2, 1] };
  const [high, low] = [8 / 9, 1 / 9];
  const first = probabilistic(pair, 1).next({ documents: [], teams: [] });
  const shares = first.map(({ document, team, probability }) => [document, team, probability]);
  [
    [1, 0, high / 2],
    [2, 0, low / 2],
    [2, 1, high / 2],
    [1, 1, low / 2],
  ].forEach((row, i) => row.forEach((value, c) => t.true(Math.abs(value - shares[i][c]) < 1e-15)));
  t.true(Math.abs(probabilisticCredit(pair, { documents: [2], teams: [0] }, [0]) - (high - low)) < 1e-15);
});

test('pairwise preference by hand', (t) => {
  // Both can stand anywhere from place 1 on; a click on the second with the first passed over prefers 2 to 1.
  const pair = { a: [1, 2], b: [2, 1] };
  t.is(pairwiseCredit(pair, { documents: [1, 2], teams: [0, 0] }, [1]), 1);
  t.is(pairwiseCredit(pair, { documents: [1, 2], teams: [0, 0] }, [0]), -1);
  t.is(pairwiseCredit(pair, { documents: [1, 2], teams: [0, 0] }, [0, 1]), 0);
  // Rankings that share their first document: it stands first always, and pairs with it say nothing.
  const same = { a: [1, 2, 3], b: [1, 3, 2] };
  t.is(pairwiseCredit(same, { documents: [1, 2, 3], teams: [0, 0, 0] }, [1]), -1);
});

test('an optimised lottery is fair for every depth, and never shows what no ranker would', (t) => {
  const pair = { a: [1, 2, 3, 4], b: [4, 3, 2, 1] };
  const lottery = optimised(pair, 4);
  t.true(lottery.unfairness < 1e-9);
  // Click a clear winner: whoever likes B's documents speaks for B.
  const likes = (shown: Shown): number[] => [shown.documents.indexOf(4)].filter((i) => i >= 0);
  t.true(expected(METHODS['optimised'], pair, 4, likes) > 0.5);
  // Who is ranked higher, without by how much, has no fair lottery here (2 and 3 both for B, 1 alone for A).
  t.true(optimised({ a: [1, 2, 3], b: [2, 3, 1] }, 3, 'binary').unfairness > 0.1);
  t.true(optimised({ a: [1, 2, 3], b: [2, 3, 1] }, 3).unfairness < 1e-9);
  // Two documents: only an even chance of either order is fair.
  const two = allLists(optimised({ a: [1, 2], b: [2, 1] }, 2));
  t.deepEqual(
    two.map(({ shown, probability }) => [shown.documents, probability]),
    [
      [[1, 2], 0.5],
      [[2, 1], 0.5],
    ],
  );
});

const ranking = fc.shuffledSubarray([1, 2, 3, 4, 5], { minLength: 2 });
const pairs = fc.record({ a: ranking, b: ranking });

testProp(
  'lists hold distinct documents of the rankings, and their probabilities sum to 1',
  [pairs],
  (t, pair) => {
    for (const [name, { lottery }] of Object.entries(METHODS)) {
      const lists = allLists(lottery(pair, 4));
      t.true(Math.abs(lists.reduce((sum, { probability }) => sum + probability, 0) - 1) < 1e-9, name);
      for (const { shown } of lists) {
        t.is(new Set(shown.documents).size, shown.documents.length, name);
        t.true(
          shown.documents.every((document) => pair.a.includes(document) || pair.b.includes(document)),
          name,
        );
        t.is(shown.documents.length, Math.min(4, new Set([...pair.a, ...pair.b]).size), name);
      }
    }
  },
  { numRuns: 40 },
);

testProp(
  'places take the best document left of a ranker',
  [pairs],
  (t, pair) => {
    for (const name of ['team draft', 'balanced', 'optimised']) {
      for (const { shown } of allLists(METHODS[name].lottery(pair, 4)))
        shown.documents.forEach((document, i) => {
          const above = shown.documents.slice(0, i);
          const best = [pair.a, pair.b].map((side) => side.find((other) => !above.includes(other)));
          t.true(best.includes(document), name);
        });
    }
  },
  { numRuns: 40 },
);

testProp(
  'identical rankings give no preference, whatever is clicked',
  [ranking],
  (t, same) => {
    const pair = { a: same, b: same };
    for (const [name, method] of Object.entries(METHODS)) {
      for (const clicks of subsets(Math.min(3, same.length)))
        t.true(Math.abs(expected(method, pair, 3, () => clicks)) < 1e-12, name);
    }
  },
  { numRuns: 20 },
);

testProp(
  'clicks that do not look at documents favour nobody',
  [fc.shuffledSubarray([1, 2, 3, 4], { minLength: 4 }), fc.shuffledSubarray([1, 2, 3, 4], { minLength: 4 })],
  (t, a, b) => {
    for (const name of ['team draft', 'probabilistic', 'probabilistic by team', 'pairwise preference']) {
      for (const clicks of subsets(3))
        t.true(Math.abs(expected(METHODS[name], { a, b }, 3, () => clicks)) < 1e-12, `${name} ${clicks.join()}`);
    }
    // Optimised lists are fair for a random click among the first k, not for a click at a given place.
    const { unfairness } = optimised({ a, b }, 3);
    for (let k = 1; k <= 3; k++) {
      const top = Array.from({ length: k }, (_, i) => i);
      const favour = expected(METHODS['optimised'], { a, b }, 3, () => top);
      t.true(Math.abs(favour) <= unfairness + 1e-9);
    }
  },
  { numRuns: 40 },
);

testProp(
  'swapping the rankers turns the preference round',
  [pairs],
  (t, pair) => {
    const swapped = { a: pair.b, b: pair.a };
    const likes = (shown: Shown): number[] => shown.documents.flatMap((document, i) => (document <= 2 ? [i] : []));
    for (const name of ['team draft', 'balanced', 'probabilistic', 'pairwise preference']) {
      const [here, there] = [pair, swapped].map((p) => expected(METHODS[name], p, 3, likes));
      t.true(Math.abs(here + there) < 1e-12, name);
    }
  },
  { numRuns: 40 },
);

test('a ranker whose documents are all liked, against one whose are not, wins for certain', (t) => {
  const pair = { a: [1, 2, 3], b: [4, 5, 6] };
  const likes = (shown: Shown): number[] => shown.documents.flatMap((document, i) => (document > 3 ? [i] : []));
  for (const name of ['team draft', 'balanced', 'probabilistic', 'optimised', 'pairwise preference'])
    for (const { shown } of allLists(METHODS[name].lottery(pair, 4))) {
      const credit = METHODS[name].credit(pair, shown, likes(shown));
      t.true(likes(shown).length === 0 ? credit <= 0 : credit >= 0, name);
    }
});

test('drawn lists come as often as they should', (t) => {
  const pair = { a: [1, 2, 3], b: [3, 1, 2] };
  for (const [name, { lottery }] of Object.entries(METHODS)) {
    const luck = stream(7).fork(name);
    const counts = new Map<string, number>();
    const draws = 4000;
    const key = ({ documents, teams }: Shown): string => `${documents.join()}/${teams.join()}`;
    for (let i = 0; i < draws; i++) {
      const shown = key(drawList(lottery(pair, 3), luck));
      counts.set(shown, (counts.get(shown) ?? 0) + 1);
    }
    for (const { shown, probability } of allLists(lottery(pair, 3))) {
      const error = Math.sqrt((probability * (1 - probability)) / draws);
      t.true(Math.abs((counts.get(key(shown)) ?? 0) / draws - probability) <= 5 * error + 1e-9, name);
    }
  }
});
