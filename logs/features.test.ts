import test from 'ava';
import fc from 'fast-check';
import { stream } from '../core/random.js';
import { makeLog } from './columns.js';
import { fitEncoder, restoreEncoder } from './features.js';
import type { Log, Rows } from './record.js';

const all = (log: Log): Rows => ({ name: 'all', index: Int32Array.from({ length: log.rows }, (_, i) => i) });

/** Rows of text: [colour, age, action, position]. The dictionaries follow the order of first appearance. */
function tableLog(rows: readonly (readonly [string, number, string, number])[], actions?: readonly string[]): Log {
  const colours = [...new Set(rows.map(([colour]) => colour))];
  const names = actions ?? [...new Set(rows.map(([, , action]) => action))];
  const price = (name: string): number => (name === 'free' ? NaN : name.length);
  return makeLog({
    name: 'table',
    rows: rows.length,
    schema: {
      outcomes: ['click'],
      source: 'test',
      categoricalNames: ['colour'],
      numericNames: ['age', ...names.map((name) => `fit to ${name}`)],
      perAction: [{ name: 'fit', columns: names.map((_, a) => a + 1) }],
    },
    actions: {
      values: names,
      numericNames: ['price', 'constant'],
      numeric: Float32Array.from(names.flatMap((name) => [price(name), 7])),
      categoricalNames: ['first letter'],
      categorical: Int32Array.from(names, (_, a) => a),
      categoricalValues: [{ values: names.map((name) => name[0]) }],
    },
    action: Int32Array.from(rows, ([, , action]) => names.indexOf(action)),
    position: Int32Array.from(rows, ([, , , position]) => position),
    outcomes: [new Float32Array(rows.length)],
    categorical: Int32Array.from(rows, ([colour]) => colours.indexOf(colour)),
    categoricalValues: [colours],
    numeric: Float32Array.from(rows.flatMap(([, age], n) => [age, ...names.map((name) => n * 10 + name.length)])),
  });
}

const log = tableLog([
  ['red', 20, 'shoe', 0],
  ['blue', 40, 'hat', 1],
  ['red', NaN, 'shoe', 2],
  ['green', 30, 'free', 0],
]);

test('numbers are standardised over the fitting rows; missing ones are the mean and have a word; constants go', (t) => {
  const encoder = fitEncoder(log, all(log));
  t.deepEqual(encoder.numericNames, ['age', 'price', 'fit']);
  const { numeric, M, ids, bag } = encoder.encode(log, all(log).index, log.action);
  // Ages 20, 40 and 30 have mean 30 and standard deviation √(200/3) = 8.165.
  const deviation = Math.sqrt(200 / 3);
  t.true(Math.abs(numeric[0] - -10 / deviation) < 1e-6);
  t.true(Math.abs(numeric[M] - 10 / deviation) < 1e-6);
  t.is(numeric[2 * M], 0);
  const place = encoder.bagNames.indexOf('age is missing');
  t.deepEqual(
    [0, 1, 3].map((n) => ids[n * bag + place]),
    [0, 0, 0],
  );
  t.true(ids[2 * bag + place] > 0);
  // fit = 10·row + length of the name: 4, 13, 24, 34.
  const fits = [4, 13, 24, 34];
  const mean = 18.75;
  const spread = Math.sqrt(fits.reduce((sum, fit) => sum + (fit - mean) ** 2, 0) / 4);
  t.true(fits.every((fit, n) => Math.abs(numeric[n * M + 2] - (fit - mean) / spread) < 1e-6));
});

test('a wild number is cut at ten standard deviations', (t) => {
  const encoder = fitEncoder(log, { name: 'first', index: Int32Array.of(0, 1) });
  const wild = tableLog([['red', 1e9, 'shoe', 0]], log.actions.values);
  const { numeric } = encoder.encode(wild, Int32Array.of(0), Int32Array.of(0));
  t.is(numeric[0], 10);
});

test('words: equal values share an id, every action of a known context is known, new values are id 0', (t) => {
  const encoder = fitEncoder(log, { name: 'first three', index: Int32Array.of(0, 1, 2) });
  t.deepEqual(encoder.bagNames.slice(0, 6), [
    'action',
    'first letter',
    'colour',
    'position',
    'action × colour',
    'action × position',
  ]);
  const rows = Int32Array.of(0, 2, 0, 3);
  const { ids, bag } = encoder.encode(log, rows, Int32Array.of(0, 0, 2, 0));
  const id = (n: number, name: string): number => ids[n * bag + encoder.bagNames.indexOf(name)];
  t.is(id(0, 'action × colour'), id(1, 'action × colour'));
  t.not(id(0, 'position'), id(1, 'position'));
  // 'free' was never chosen in the fitting rows, yet may be asked about; 'green' never occurred in them.
  t.true(id(2, 'action') > 0 && id(2, 'action × colour') > 0);
  t.is(id(3, 'colour'), 0);
  t.is(id(3, 'action × colour'), 0);
  t.true(ids.every((value) => value >= 0 && value < encoder.buckets));
});

test('an encoder from JSON writes the same bytes', (t) => {
  const encoder = fitEncoder(log, all(log), { buckets: 64 });
  const again = restoreEncoder(JSON.parse(JSON.stringify(encoder)));
  t.deepEqual(again.encode(log, all(log).index, log.action), encoder.encode(log, all(log).index, log.action));
  t.is(again.buckets, encoder.buckets);
  for (const wrong of [null, {}, { ...encoder.toJSON(), version: 2 }, { ...encoder.toJSON(), seen: 'all' }]) {
    t.throws(() => restoreEncoder(wrong, 'model.bin'), {
      message: /model.bin: expected a feature encoder of version 1/,
    });
  }
});

test('values are matched by their text: another coding of the same rows gives the same inputs', (t) => {
  const rowOf = fc.tuple(
    fc.constantFrom('red', 'blue', 'green'),
    fc.constantFrom(20, 30, NaN, 50),
    fc.constantFrom('shoe', 'hat', 'free'),
    fc.integer({ min: 0, max: 3 }),
  );
  const property = fc.property(fc.array(rowOf, { minLength: 2, maxLength: 30 }), fc.integer(), (rows, seed) => {
    const names = ['shoe', 'hat', 'free'];
    const original = tableLog(rows, names);
    const encoder = fitEncoder(original, all(original));
    const random = stream(seed);
    const order = rows
      .map((_, n) => [random.next(), n])
      .sort((a, b) => a[0] - b[0])
      .map(([, n]) => n);
    const other = tableLog(
      order.map((n) => rows[n]),
      [...names].reverse(),
    );
    const words = encoder.bagNames.length;
    const a = encoder.encode(original, all(original).index, original.action).ids;
    const b = encoder.encode(other, all(other).index, other.action).ids;
    return order.every((n, m) => a.subarray(n * words, (n + 1) * words).every((id, i) => id === b[m * words + i]));
  });
  t.notThrows(() => fc.assert(property));
});

test('arrays are reused when they are large enough', (t) => {
  const encoder = fitEncoder(log, all(log));
  const first = encoder.encode(log, all(log).index, log.action);
  const second = encoder.encode(log, Int32Array.of(1), Int32Array.of(0), first);
  t.is(second.ids.buffer, first.ids.buffer);
  t.is(second.rows, 1);
});

test('a log without a feature is refused, and the nearest name offered', (t) => {
  const encoder = fitEncoder(log, all(log));
  const other = makeLog({
    name: 'other',
    rows: 1,
    schema: { outcomes: ['click'], source: 'test', categoricalNames: ['color'] },
    actions: ['shoe'],
    action: Int32Array.of(0),
    outcomes: [new Float32Array(1)],
    categorical: Int32Array.of(-1),
    categoricalValues: [[]],
  });
  t.throws(() => encoder.encode(other, Int32Array.of(0), Int32Array.of(0)), {
    message: /log 'other': expected the categorical action feature 'first letter'.*received a log without any/,
  });
  const plain = fitEncoder(log, all(log), { ignore: ['first letter'] });
  t.throws(() => plain.encode(other, Int32Array.of(0), Int32Array.of(0)), {
    message: /expected the categorical context feature 'colour'.*Was it renamed from 'colour' to 'color'\?/,
  });
});

test('wrong settings and wrong pairs are answered in words', (t) => {
  t.throws(() => fitEncoder(log, all(log), { buckets: 1000 }), { message: /expected a power of two/ });
  t.throws(() => fitEncoder(log, all(log), { crosses: ['color'] }), { message: /Did you mean 'colour'\?/ });
  t.throws(() => fitEncoder(log, all(log), { ignore: ['agee'] }), { message: /Did you mean 'age'\?/ });
  t.throws(() => fitEncoder(log, { name: 'none', index: new Int32Array(0) }), { message: /received none in 'none'/ });
  const encoder = fitEncoder(log, all(log));
  t.throws(() => encoder.encode(log, Int32Array.of(0), Int32Array.of(3)), { message: /received row 0 with action 3/ });
  t.throws(() => encoder.encode(log, Int32Array.of(0), new Int32Array(0)), {
    message: /one action for each of 1 rows/,
  });
});

test('features can be left out and crosses chosen', (t) => {
  const encoder = fitEncoder(log, all(log), { ignore: ['action', 'age', 'position'], crosses: ['colour'] });
  t.deepEqual(encoder.bagNames, ['first letter', 'colour', 'action × colour', 'price is missing']);
  t.deepEqual(encoder.numericNames, ['price', 'fit']);
});
