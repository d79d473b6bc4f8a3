import test from 'ava';
import { parseNumber, parseTime, shown } from './parse.js';

test('numbers: finite decimals, nothing else', (t) => {
  for (const [cell, value] of [
    ['1', 1],
    [' -2.5e3 ', -2500],
    ['0', 0],
    [7, 7],
  ] as const) {
    t.is(parseNumber(cell), value);
  }
  for (const cell of ['', ' ', 'x', '1,5', 'NaN', 'Infinity', '1e999', Infinity, NaN, true, null, undefined, ['1']]) {
    t.is(parseNumber(cell), NaN, String(cell));
  }
});

test('times: ISO text with and without zone, unix seconds and milliseconds, digits below the millisecond', (t) => {
  const noon = Date.UTC(2019, 10, 24, 12);
  t.is(parseTime('2019-11-24T12:00:00Z'), noon);
  t.is(parseTime('2019-11-24 12:00:00+00:00'), noon);
  t.is(parseTime('2019-11-24 12:00'), noon, 'without a zone it is UTC, wherever the machine stands');
  t.is(parseTime('2019-11-24 21:00:00+0900'), noon);
  t.is(parseTime('2019-11-24 06:30:00-05:30'), noon);
  t.is(parseTime('2019-11-24 14:00:00+02'), noon);
  t.is(parseTime('2019-11-24'), noon - 12 * 3_600_000);
  t.is(parseTime('2019-11-24 12:00:00.442536+00:00'), noon + 442.536);
  t.is(parseTime(noon), noon);
  t.is(parseTime(String(noon / 1000)), noon);
  t.is(parseTime('5', 'ms'), 5);
  t.is(parseTime('5', 's'), 5000);
  for (const text of [
    '',
    'yesterday',
    '2019-13-01',
    '2019-02-30',
    '2019-11-24 25:00',
    '24.11.2019',
    '2019-11-24 12:00 CET',
  ])
    t.is(parseTime(text), NaN, text);
});

test('cells are shown short', (t) => {
  t.is(shown(''), 'nothing');
  t.is(shown('a'), "'a'");
  t.is(shown(3), '3');
  t.is(shown('x'.repeat(100)).length, 40);
});
