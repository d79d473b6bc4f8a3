import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importLog } from '../load.js';
import { readUpworthy } from '../import/upworthy.js';
import { openStore } from '../store/log-store.js';
import { clickPairs, proportionsZ, textTests } from './headline-tests.js';
import { hashedGrams, hashedWords } from './n-grams.js';

const HEADER = 'clickability_test_id,headline,impressions,clicks,test_week,eyecatcher_id';
const ROWS = [
  't1,"Good one, really",1000,100,201450,a',
  't2,Alone,1000,10,201450,a',
  't1,Bad one,500,10,201450,a',
  't3,Faulty A,1000,100,201330,a',
  't1,Bad one,500,12,201450,b',
  't3,Faulty B,1000,10,201330,a',
  't1,Like bad,1000,23,201450,a',
];

function archive(...rows: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'upworthy-'));
  writeFileSync(join(folder, 'upworthy_packages.csv'), `${[HEADER, ...rows].join('\n')}\n`);
  return folder;
}

test('a package is a row: test, headline, candidates, propensity, totals', async (t) => {
  const { log } = await readUpworthy(archive(...ROWS));
  t.is(log.rows, 7);
  t.is(log.actions.values[log.action[0]], 'Good one, really');
  t.is(log.requests.values[log.request[2]], 't1');
  // Two of the four packages of t1 show the same headline.
  t.deepEqual([log.propensity[0], log.propensity[2], log.propensity[1]], [0.25, 0.5, 1]);
  t.deepEqual(Array.from(log.outcomes[0].subarray(0, 2)), [1000, 1000]);
  t.is(log.outcomes[2][0], Math.fround(0.1));
  if (log.candidates === 'all') t.fail();
  else t.is(log.candidates.offsets[1], 3);
});

test('packages that cannot be are listed with their lines', async (t) => {
  const folder = archive(
    ...ROWS,
    't9,Too many,10,11,201450,a',
    't9,,10,1,201450,a',
    't9,None,0,0,201450,a',
    ',No test,1,0,201450,a',
  );
  await t.throwsAsync(readUpworthy(folder), {
    message: /line 9: '?11'? clicks of 10[^]*line 10: no headline[^]*line 11: '?0'? impressions[^]*line 12: no test id/,
  });
  const { log, badRows } = await readUpworthy(folder, { maxBadShare: 0.4 });
  t.deepEqual([log.rows, badRows.count], [7, 4]);
});

test('the archive goes through the store and comes out the same', async (t) => {
  const folder = archive(...ROWS);
  const store = await openStore(join(folder, 'gym.sqlite'));
  const { log } = await importLog(store, { path: folder, format: 'upworthy' }, { name: 'upworthy' });
  const direct = (await readUpworthy(folder)).log;
  t.is(log.hash, direct.hash);
  t.is((await store.read('upworthy')).hash, direct.hash);
  await store.close();
});

test('tests: equal texts are added up, lonely and faulty ones left out; pairs differ beyond chance', async (t) => {
  const tests = textTests((await readUpworthy(archive(...ROWS))).log);
  t.deepEqual(tests.ids, ['t1']);
  t.is(tests.most, 3);
  t.deepEqual(Array.from(tests.impressions), [1000, 1000, 1000]);
  t.deepEqual(Array.from(tests.clicks), [100, 22, 23]);
  const pairs = clickPairs(tests, Int32Array.of(0));
  t.deepEqual([pairs.count, ...pairs.chosen, ...pairs.rejected], [2, 0, 0, 1, 2]);
  t.is(pairs.propensity[0], 1 / 3);
  t.throws(() => clickPairs(tests, Int32Array.of(0), 1e-30), { message: /received none/ });
});

test('z of two proportions by hand', (t) => {
  // pooled 0.15, variance 0.1275 · 0.02
  t.true(Math.abs(proportionsZ(20, 100, 10, 100) - 0.1 / Math.sqrt(0.1275 * 0.02)) < 1e-12);
  t.is(proportionsZ(0, 100, 0, 100), 0);
});

testProp(
  'n-grams stay in their space, each once, padding after the last',
  [fc.string({ maxLength: 60 })],
  (t, text) => {
    const out = new Int32Array(12).fill(7);
    hashedGrams(text, { buckets: 50, bag: 10 }, out, 1);
    t.deepEqual([out[0], out[11]], [7, 7]);
    const own = Array.from(out.subarray(1, 11));
    const end = own.includes(-1) ? own.indexOf(-1) : 10;
    t.true(own.slice(0, end).every((id) => id >= 0 && id < 50) && own.slice(end).every((id) => id === -1));
    t.is(new Set(own.slice(0, end)).size, end);
  },
);

test('n-grams see words and their order, not case', (t) => {
  const of = (text: string): number[] => {
    const out = new Int32Array(32);
    hashedGrams(text, { buckets: 1 << 20, bag: 32 }, out, 0);
    return Array.from(out)
      .filter((id) => id >= 0)
      .sort();
  };
  t.deepEqual(of('The dog bites'), of('the DOG bites'));
  t.notDeepEqual(of('dog bites man'), of('man bites dog'));
  t.is(of('one two').length, 5);
});

test('words keep their order and repetitions, stop at the last place and touch nothing else', (t) => {
  const of = (text: string, bag: number): number[] => {
    const out = new Int32Array(bag + 2).fill(7);
    hashedWords(text, { buckets: 1 << 20, bag }, out, 1);
    t.deepEqual([out[0], out[bag + 1]], [7, 7]);
    return Array.from(out.subarray(1, bag + 1));
  };
  const [dog, bites, man, ...rest] = of('Dog bites MAN', 5);
  t.deepEqual(rest, [-1, -1]);
  t.deepEqual(of('man bites dog, man?', 4), [man, bites, dog, man]);
  t.deepEqual(of('', 3), [-1, -1, -1]);
  t.throws(() => hashedWords('a', { buckets: 0, bag: 1 }, new Int32Array(1), 0), { message: /words: buckets/ });
});

const real = '../shared/data/upworthy';
(existsSync(real) ? test : test.skip)(
  `the archive itself: sizes, and what is left outside the fault${existsSync(real) ? '' : ` (${real} is not here)`}`,
  async (t) => {
    const { log, badRows } = await readUpworthy(real);
    t.deepEqual([log.rows, log.requests.values.length, badRows.count], [22_666, 4873, 0]);
    t.true(textTests(log).sets.contexts > 2000);
  },
);
