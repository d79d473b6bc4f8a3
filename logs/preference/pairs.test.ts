import test from 'ava';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RawPair, ResponseSets } from './contract.js';
import { asLabelled, checkPairs, pickPairs } from './pairs.js';
import { readPairs } from './read-pairs.js';

const texts = [
  ['a', 'b', ' '],
  ['c', 'c'],
];
const sets: ResponseSets = {
  contexts: 2,
  sizes: Int32Array.of(3, 2),
  text: (context, candidate) => texts[context][candidate],
};
const good: RawPair = { line: 1, context: 0, first: [0], second: [1], winner: 1, propensity: 0.5 };

test('sound pairs become columns, the winner first', (t) => {
  const { pairs, bad } = checkPairs([good, { ...good, winner: 2 }], sets);
  t.deepEqual(Array.from(pairs.chosen), [0, 1]);
  t.deepEqual(Array.from(pairs.rejected), [1, 0]);
  t.deepEqual(Array.from(pairs.propensity), [0.5, 0.5]);
  t.is(bad.count, 0);
});

test('malformed pairs are counted, listed and refused past a share', (t) => {
  const wrong: [Partial<RawPair>, RegExp][] = [
    [{ second: [0] }, /the same answer twice/],
    [{ second: [2] }, /the second answer is an empty text/],
    [{ winner: 0 }, /no winner/],
    [{ winner: NaN }, /no winner/],
    [{ first: [3] }, /candidate 3, outside the 3 of its context/],
    [{ first: [-1] }, /candidate -1/],
    [{ context: 2 }, /context 2 is none of the 2/],
    [{ context: 1 }, /the same text twice/],
    [{ propensity: 0 }, /a propensity of 0/],
    [{ first: [0, 1] }, /2 places, not 1/],
    [{ problem: 'a quote that never closes' }, /a quote that never closes/],
  ];
  wrong.forEach(([change], i) => {
    const rows = [good, { ...good, ...change, line: 7 }];
    t.throws(() => checkPairs(rows, sets), { message: /line 7: / });
    const { pairs, bad } = checkPairs(rows, sets, { maxBadShare: 0.5 });
    t.is(pairs.count, 1);
    t.is(bad.count, 1);
    t.is(bad.first[0].line, 7);
    t.regex(bad.first[0].reason, wrong[i][1]);
    t.throws(() => checkPairs(rows, sets, { maxBadShare: 0.49 }), { message: /0\.49/ });
  });
  t.throws(() => checkPairs([], sets), { message: /received none/ });
});

test('slates keep their order, and name no candidate twice', (t) => {
  const slates = { contexts: 1, sizes: Int32Array.of(4) };
  const slate = { ...good, first: [3, 1], second: [1, 3] };
  const { pairs } = checkPairs([slate], slates, { width: 2 });
  t.deepEqual(Array.from(pairs.chosen), [3, 1]);
  t.throws(() => checkPairs([{ ...slate, first: [1, 1] }], slates, { width: 2 }), { message: /twice/ });
  const labelled = asLabelled(pairs);
  t.deepEqual([labelled.count, ...labelled.response, ...labelled.good], [2, 3, 1, 1, 3, 1, 0]);
  t.deepEqual(pickPairs(pairs, Int32Array.of(0, 0)).rejected, Int32Array.of(1, 3, 1, 3));
  t.throws(() => pickPairs(pairs, Int32Array.of(1)), { message: /rows below 1/ });
});

test('pairs are read from tables, with what is wrong by line', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'pairs-'));
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const csv = write(
    'a.csv',
    'prompt,chosen,rejected\nhello,hi,go away\nhello,go away,hi\nbye,later,later\nbye,,so long\n',
  );
  await t.throwsAsync(readPairs(csv), {
    message: /line 4: the same answer twice[^]*line 5: the first answer is an empty text/,
  });
  const { pairs, bad, texts: answers, contexts } = await readPairs(csv, { maxBadShare: 0.5 });
  t.deepEqual(contexts, ['hello', 'bye']);
  t.deepEqual(answers[0], ['hi', 'go away']);
  t.deepEqual([pairs.count, bad.count, ...pairs.chosen], [2, 2, 0, 1]);
  const json = write('b.ndjson', '{"prompt":"p","first":"x","second":"y","winner":2,"propensity":0.25}\n');
  const other = await readPairs(json);
  t.is(other.texts[0][other.pairs.chosen[0]], 'y');
  t.is(other.pairs.propensity[0], 0.25);
  await t.throwsAsync(readPairs(write('c.csv', 'prompt,chosen\na,b\n')), {
    message: /without first and second and winner/,
  });
});
