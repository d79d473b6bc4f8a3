import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import type { Estimate } from '../contract.js';
import { estimate } from './_fixture.test.js';
import {
  chance,
  change,
  count,
  decimalsFor,
  decimalsOf,
  fixed,
  pValue,
  percent,
  percentWriting,
  range,
  signed,
  significant,
  writingOf,
} from './numbers.js';

test('numbers are written for people', (t) => {
  t.is(fixed(-1234.5, 1), '−1,234.5');
  t.is(fixed(1234567, 0), '1,234,567');
  t.is(fixed(-0.00001, 2), '0.00');
  t.is(signed(0.0121, 4), '+0.0121');
  t.is(signed(-0.0121, 4), '−0.0121');
  t.is(signed(0.00001, 2), '0.00');
  t.is(count(20_000), '20,000');
  t.is(count(11.43), '11.4');
  t.is(percent(0.2871), '28.7\u00a0%');
  t.is(percent(0.00035), '0.035\u00a0%');
  t.is(percent(0), '0\u00a0%');
  t.is(percent(1), '100.0\u00a0%');
  t.is(change(-0.0312), '−3.1\u00a0%');
  t.is(significant(0.123456), '0.1235');
  t.is(significant(-12_345.6), '−12,350');
  t.is(significant(null), '—');
  t.is(range([-0.01, 0.02], 3), '−0.010 to 0.020');
});

test('p-values and chances are never written as certain', (t) => {
  t.is(pValue(1), '1');
  t.is(pValue(0.0512), '0.051');
  t.is(pValue(0.001), '0.001');
  t.is(pValue(0.000999), '1.0\u00a0×\u00a010⁻³');
  t.is(pValue(9.957708730885708e-83), '1.0\u00a0×\u00a010⁻⁸²');
  t.is(pValue(5e-324), '4.9\u00a0×\u00a010⁻³²⁴');
  t.is(pValue(0), '< 10⁻³⁰⁰');
  t.is(chance(0.99996), '> 99.9\u00a0%');
  t.is(chance(0), '< 0.1\u00a0%');
  t.is(chance(0.9512), '95.1\u00a0%');
  t.is(fixed(-Infinity, 2), '−∞');
});

test('shares get the decimals that their intervals have in percent', (t) => {
  const writing = percentWriting([estimate(0.0472, 0.0344)]);
  t.is(writing.value(0.0472), '+4.7\u00a0%');
  t.is(writing.range([0.0128, 0.0816]), '1.3 to 8.2\u00a0%');
  t.is(writingOf([estimate(5120, 300)]).range([4820, 5420]), '4,820 to 5,420');
});

test('an interval gets two significant digits in its half-width', (t) => {
  t.is(decimalsFor([estimate(0.0569, 0.0024)]), 4);
  t.is(decimalsFor([estimate(12.1, 0.62)]), 2);
  t.is(decimalsFor([estimate(5120, 300)]), 0);
  t.is(decimalsFor([estimate(0.178, 0.019), estimate(0.085, 0.005), estimate(0.15, 0.02)]), 4, 'the shortest');
  t.is(decimalsFor([estimate(0.178, 0.019), estimate(0.085, 0.00001), estimate(0.15, 0.02)]), 4, 'not an outlier');
  const bare: Estimate = { value: 0.05, standardError: null, interval: null, method: '' };
  t.is(decimalsFor([bare]), 5);
  t.is(decimalsFor([]), 3);
  t.is(decimalsOf([0.1812, 0.0204]), 4);
  t.is(decimalsOf([]), 0);
});

testProp(
  'whatever the size, a fixed number reads back as the rounded value',
  [fc.double({ noNaN: true, min: -1e12, max: 1e12 }), fc.integer({ min: 0, max: 8 })],
  (t, value, decimals) => {
    const back = Number(fixed(value, decimals).replaceAll(',', '').replace('−', '-'));
    t.is(back, Number(value.toFixed(decimals)) + 0);
  },
);
