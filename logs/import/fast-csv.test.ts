import test from 'ava';
import fc from 'fast-check';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stream } from '../../core/random.js';
import { ColumnCollector } from './column-collector.js';
import { readColumnNames, readColumns, type ReadColumns } from './fast-csv.js';
import { openRows } from './open-rows.js';
import { numberFromBytes } from './parse-bytes.js';
import { parseNumber } from './parse.js';
import { TextCodes } from './text-codes.js';

const dir = mkdtempSync(join(tmpdir(), 'recsys-gym-columns-'));
let files = 0;
function file(content: string | Buffer, ending = 'csv'): string {
  const path = join(dir, `${files++}.${ending}`);
  writeFileSync(path, content);
  return path;
}
const parsed = (text: string): number => numberFromBytes(Buffer.from(`x${text}y`), 1, 1 + Buffer.byteLength(text));

/** The same table by rows of texts: what the fast way must agree with. */
async function byRows(path: string, numbers: number[][], texts: number[]): Promise<ReadColumns> {
  const rows = await openRows(path);
  const collector = new ColumnCollector(rows.columns, { width: rows.columns.length, numbers, texts });
  for await (const batch of rows.batches) batch.rows.forEach((row) => collector.addCells(row));
  return collector.done();
}

test('numbers, texts and matrices by hand', async (t) => {
  const path = file(
    '\ufeffarm, pi_0 ,pi_1,reward\nred,0.25,0.75,1\n\n"blue, ""b""",1,0,\nred,"0.5",.5,x\n,1e-1,9e-1,-2\n',
  );
  const { rows, columns, numbers, texts, lines, odd, problems } = await readColumns(path, {
    numbers: [['reward'], ['pi_0', 'pi_1']],
    texts: ['arm'],
  });
  t.is(rows, 4);
  t.deepEqual(columns, ['arm', 'pi_0', 'pi_1', 'reward']);
  t.deepEqual([...numbers[0]], [1, NaN, NaN, -2]);
  t.deepEqual([...numbers[1]], [0.25, 0.75, 1, 0, 0.5, 0.5, 0.1, 0.9]);
  t.deepEqual([...texts[0].codes], [0, 1, 0, -1]);
  t.deepEqual(texts[0].values, ['red', 'blue, "b"']);
  t.deepEqual([...lines], [2, 4, 5, 6]);
  t.deepEqual(odd, { count: 1, first: [{ row: 2, line: 5, column: 'reward', text: 'x' }] });
  t.is(problems.count, 0);
  t.deepEqual(await readColumnNames(path), ['arm', 'pi_0', 'pi_1', 'reward']);
});

test('a column that does not exist, rows of another width, a cut-off end, no file, an empty file', async (t) => {
  const path = file('a,b\n1,2\n3\n4,5,6\n7');
  await t.throwsAsync(readColumns(path, { numbers: [['reward']], texts: [] }), {
    message: /no column called 'reward'.*Known: a, b/,
  });
  const { numbers, problems } = await readColumns(path, { numbers: [['b']], texts: ['a'] });
  t.deepEqual([...numbers[0]], [2, NaN, NaN, NaN]);
  t.deepEqual(
    problems.first.map(({ row, line, reason }) => [row, line, reason]),
    [
      [1, 3, '1 fields where the header has 2'],
      [2, 4, '3 fields where the header has 2'],
      [3, 5, '1 fields where the header has 2; the file seems cut off here'],
    ],
  );
  await t.throwsAsync(readColumns(join(dir, 'nowhere.csv'), { numbers: [], texts: [] }), {
    message: /a file that exists/,
  });
  await t.throwsAsync(readColumns(file(''), { numbers: [], texts: [] }), { message: /received an empty file/ });
  await t.throwsAsync(readColumns(file('a,a\n1,2\n'), { numbers: [], texts: [] }), { message: /'a' twice/ });
  await t.throwsAsync(readColumns(file('a,b\n1,"2\n'), { numbers: [['b']], texts: [] }), {
    message: /a closing quote/,
  });
  await t.throwsAsync(readColumns(file('a,b\n1,2"2\n'), { numbers: [['b']], texts: [] }), {
    message: /well-formed CSV/,
  });
});

test('NDJSON gives the same columns', async (t) => {
  const path = file('{"a":"x","r":0.5}\n{"a":7,"r":null}\n{"r":true}\n', 'ndjson');
  const { numbers, texts, odd } = await readColumns(path, { numbers: [['r']], texts: ['a'] });
  t.deepEqual([...numbers[0]], [0.5, NaN, NaN]);
  t.deepEqual([...texts[0].codes], [0, 1, -1]);
  t.deepEqual(texts[0].values, ['x', '7']);
  t.is(odd.first[0].text, 'true');
});

test('any text: the fast way and the way by rows say the same, error for error', async (t) => {
  const piece = fc.constantFrom(
    'a',
    '1',
    '0.5',
    ',',
    ',',
    '"',
    '""',
    '\n',
    '\r\n',
    ' ',
    '-',
    'e3',
    'ü',
    '\r',
    '1,2,3\n',
    '"x,y",2,3\n',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 40 }), fc.constantFrom('\n', '\r\n'), async (pieces, end) => {
      const path = file(`k,l,m${end}1,2,3${end}${pieces.join('')}`);
      const said = async (read: () => Promise<ReadColumns>): Promise<unknown> =>
        read().catch((error: unknown) => (error instanceof Error ? error.message : error));
      const fast = await said(() => readColumns(path, { numbers: [['k'], ['m', 'l']], texts: ['l'] }));
      t.deepEqual(fast, await said(() => byRows(path, [[0], [2, 1]], [1])));
    }),
    { numRuns: 400 },
  );
});

test('rows that do not fit the first piece, and over a piece’s end', async (t) => {
  const luck = stream(2);
  const n = 120_000;
  const values = Float64Array.from({ length: n }, () => luck.next());
  const content = Array.from(values, (value, i) => `${i},"user ""${i % 997}""",${value}\r\n`).join('');
  t.true(content.length > 3 << 20);
  const path = file(`id,user,value\r\n${content}`);
  const { rows, numbers, texts, lines } = await readColumns(path, { numbers: [['value'], ['id']], texts: ['user'] });
  t.is(rows, n);
  t.true(numbers[0].every((value, i) => value === values[i]));
  t.true(numbers[1].every((value, i) => value === i));
  t.is(texts[0].values.length, 997);
  t.true(texts[0].codes.every((code, i) => code === i % 997));
  t.is(lines[n - 1], n + 1);
});

test('numbers from bytes are those of parseNumber, to the last bit', (t) => {
  const written = [
    '0',
    '-0',
    '+5',
    '.5',
    '5.',
    '-.5',
    '.',
    '',
    '-',
    'e',
    '1e',
    '1e+',
    '1e5',
    '1E-5',
    '1e400',
    '1e-400',
    '0x10',
  ];
  const more = [
    ' 7 ',
    '1_0',
    'NaN',
    'Infinity',
    '12 3',
    '9007199254740993',
    '0.1',
    '1.7976931348623157e308',
    '5e-324',
    '1.1.1',
  ];
  for (const text of [...written, ...more]) t.is(parsed(text), parseNumber(text), `'${text}'`);
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (value) => {
      const text = String(value);
      t.is(parsed(text), parseNumber(text), text);
    }),
    { numRuns: 2000 },
  );
  const luck = stream(4);
  for (let i = 0; i < 50_000; i++) {
    const value = luck.next() * 10 ** -Math.floor(4 * luck.next());
    t.true(parsed(String(value)) === value, String(value));
  }
  const decimal = fc.tuple(fc.bigInt(0n, 10n ** 19n), fc.integer({ min: 0, max: 22 }));
  fc.assert(
    fc.property(decimal, ([mantissa, places]) => {
      const digits = String(mantissa).padStart(places + 1, '0');
      const text = `${digits.slice(0, digits.length - places)}.${digits.slice(digits.length - places)}`;
      t.is(parsed(text), Number(text), text);
    }),
    { numRuns: 3000 },
  );
});

test('texts are numbered in order of appearance, however many', (t) => {
  const codes = new TextCodes();
  for (let round = 0; round < 2; round++)
    for (let i = 0; i < 5000; i++) {
      const text = Buffer.from(`user-${i}`);
      t.true(codes.codeOf(text, 0, text.length) === i);
    }
  t.is(codes.texts()[4321], 'user-4321');
});
