import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { KeyedDraws } from './draws.js';
import { buffer, expectInside, fields, isWhole, sample, whyNot, width, type Space } from './space.js';

const box: Space = { kind: 'box', shape: [2, 3], low: -1, high: 1 };
const slate: Space = { kind: 'slate', size: 3, candidates: 5 };
const user: Space = {
  kind: 'record',
  fields: {
    age: { kind: 'discrete', n: 7 },
    recent: { kind: 'record', fields: { slate, clicks: { kind: 'multi-discrete', n: [2, 3] } } },
    taste: box,
  },
};

test('width counts the numbers of one element', (t) => {
  t.is(width(box), 6);
  t.is(width({ kind: 'box', shape: [], low: 0, high: 1 }), 1, 'no shape is one number');
  t.is(width({ kind: 'box', shape: [4, 0], low: 0, high: 1 }), 0);
  t.is(width({ kind: 'discrete', n: 9 }), 1);
  t.is(width({ kind: 'multi-discrete', n: [2, 3, 4] }), 3);
  t.is(width(slate), 3);
  t.is(width(user), 1 + 3 + 2 + 6);
});

test('fields name every leaf of a record and where it lies, without gaps', (t) => {
  t.deepEqual(
    fields(user).map(({ name, at, length }) => [name, at, length]),
    [
      ['age', 0, 1],
      ['recent.slate', 1, 3],
      ['recent.clicks', 4, 2],
      ['taste', 6, 6],
    ],
  );
  t.deepEqual(fields(box), [{ name: '', at: 0, length: 6, space: box }]);
});

test('buffers are Int32 for choices and Float32 as soon as one number is an amount', (t) => {
  t.true(isWhole(slate) && !isWhole(user));
  t.true(buffer(slate, 4) instanceof Int32Array);
  t.true(buffer(user, 4) instanceof Float32Array);
  t.is(buffer(user, 4).length, 48);
});

test('whyNot says in a sentence what is wrong and where', (t) => {
  t.is(whyNot(slate, [4, 0, 2]), undefined);
  t.is(whyNot(slate, [4, 0]), 'needs 3 numbers from 0, the row has 2');
  t.is(whyNot(slate, [4, 5, 2]), 'place 1 is 5, not a whole number from 0 to 4');
  t.is(whyNot(slate, [4, -1, 2]), 'place 1 is -1, not a whole number from 0 to 4');
  t.is(whyNot(slate, [4, 0.5, 2]), 'place 1 is 0.5, not a whole number from 0 to 4');
  t.is(whyNot(slate, [4, 2, 4]), 'place 2 repeats candidate 4 of place 0; a slate takes distinct candidates');
  t.is(whyNot({ kind: 'multi-discrete', n: [2, 3] }, [1, 1]), undefined, 'parts of a multi-discrete may be equal');
  t.is(whyNot(box, [0, 0, 0, 1.5, 0, 0]), 'place 3 is 1.5, outside [-1, 1]');
  t.is(whyNot(box, [0, NaN, 0, 0, 0, 0]), 'place 1 is NaN');
  t.is(whyNot({ ...box, high: Infinity }, [0, 0, Infinity, 0, 0, 0]), undefined);
  const row = [3, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0];
  t.is(whyNot(user, row), 'recent.slate: place 2 repeats candidate 1 of place 1; a slate takes distinct candidates');
  t.is(whyNot(slate, [9, 9, 1, 2, 3], 2), undefined, 'from a place inside a longer row');
  t.throws(() => expectInside('test row', slate, [4, 5, 2]), {
    message:
      'test row: expected a row of its slate space, received one whose place 1 is 5, not a whole number from 0 to 4.',
  });
});

/** Pearson's statistic of counts that should all be equal. */
function chiSquare(counts: readonly number[], draws: number): number {
  const expected = draws / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

test('all ordered slates are equally likely', (t) => {
  const draws = new KeyedDraws(1, 'slates');
  const row = new Int32Array(5);
  const counts = new Map<string, number>();
  const n = 60_000;
  for (let i = 0; i < n; i++) {
    sample(slate, draws.at(i, 0), row, 1);
    t.is(whyNot(slate, row, 1), undefined);
    const key = row.subarray(1, 4).join();
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  t.is(counts.size, 5 * 4 * 3);
  t.deepEqual([row[0], row[4]], [0, 0], 'only its own places are written');
  const statistic = chiSquare([...counts.values()], n);
  t.true(statistic < 98.3, `chi-square with 59 degrees of freedom is ${statistic}; 98.3 has p = 0.001`);
});

test('a slate of all candidates is a permutation, and every first place is equally likely', (t) => {
  const whole: Space = { kind: 'slate', size: 6, candidates: 6 };
  const draws = new KeyedDraws(2, 'slates');
  const row = new Int32Array(6);
  const first = Array<number>(6).fill(0);
  const last = Array<number>(6).fill(0);
  for (let i = 0; i < 12_000; i++) {
    sample(whole, draws.at(i, 0), row);
    t.is(whyNot(whole, row), undefined);
    first[row[0]]++;
    last[row[5]]++;
  }
  for (const counts of [first, last]) t.true(chiSquare(counts, 12_000) < 20.5, '5 degrees of freedom, p = 0.001');
});

test('a mask is kept to, and the allowed choices are equally likely', (t) => {
  const space: Space = { kind: 'discrete', n: 6 };
  const draws = new KeyedDraws(3, 'masked');
  const row = new Int32Array(1);
  const counts = Array<number>(6).fill(0);
  for (let i = 0; i < 30_000; i++) {
    sample(space, draws.at(i, 0), row, 0, [1, 0, 0, 1, 0, 1]);
    counts[row[0]]++;
  }
  t.deepEqual([counts[1], counts[2], counts[4]], [0, 0, 0]);
  t.true(chiSquare([counts[0], counts[3], counts[5]], 30_000) < 13.8, '2 degrees of freedom, p = 0.001');
  sample(space, draws.at(0, 1), row, 0, [0, 0, 0, 0, 1, 0]);
  t.is(row[0], 4, 'one allowed choice is a certainty');
  t.throws(() => sample(space, draws, row, 0, [0, 0, 0, 0, 0, 0]), { message: /a mask that allows something/ });
});

test('extreme draws stay inside: 0 and the largest below 1', (t) => {
  for (const draw of [0, 1 - 2 ** -32]) {
    const source = { next: () => draw };
    for (const space of [slate, box, user, { kind: 'multi-discrete', n: [2, 3] } satisfies Space]) {
      const row = buffer(space, 1);
      sample(space, source, row);
      t.is(whyNot(space, row), undefined, `${space.kind} at ${draw}`);
    }
  }
});

const leaf = fc.oneof(
  fc.record({
    kind: fc.constant('box' as const),
    shape: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 }),
    low: fc.constantFrom(-Infinity, -2, 0),
    high: fc.constantFrom(0, 3, Infinity),
  }),
  fc.record({ kind: fc.constant('discrete' as const), n: fc.integer({ min: 1, max: 9 }) }),
  fc.record({
    kind: fc.constant('multi-discrete' as const),
    n: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 4 }),
  }),
  fc
    .tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 5 }))
    .map(([size, more]) => ({ kind: 'slate' as const, size, candidates: size + more })),
);
const anySpace: fc.Arbitrary<Space> = fc.oneof(
  leaf,
  fc
    .dictionary(fc.stringMatching(/^[a-z]{1,5}$/), leaf, { maxKeys: 4 })
    .map((parts) => ({ kind: 'record' as const, fields: parts })),
);

testProp(
  'every space samples into itself, survives JSON, and its fields tile its row',
  [anySpace, fc.integer()],
  (t, space, seed) => {
    const row = buffer(space, 2);
    sample(space, new KeyedDraws(seed, 'any').at(0, 0), row, width(space));
    t.is(whyNot(space, row, width(space)), undefined);
    let at = 0;
    for (const field of fields(space)) {
      t.is(field.at, at);
      at += field.length;
    }
    t.is(at, width(space));
    t.is(width(JSON.parse(JSON.stringify(space)) as Space), width(space));
  },
);
