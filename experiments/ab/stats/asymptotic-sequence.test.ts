import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { asymptoticBound, asymptoticSequence, sequenceBoundary } from './asymptotic-sequence.js';

const apart = (a: number, b: number): number => (a === b ? 0 : Math.abs(a - b) / Math.abs(b));

test('computed apart from this code, in Python: 3,407 against 3,461 units, tuned for 5,000', (t) => {
  const look = { difference: 0.29, standardError: 0.124783631588, units: 6868, level: 0.95, tunedFor: 5000 };
  const both = asymptoticSequence(look);
  t.true(apart(both.low, -0.08941009553959844) < 1e-12 && apart(both.high, 0.6694100955395984) < 1e-12);
  t.true(apart(both.pValue, 0.2907445591907229) < 1e-12);
  const above = asymptoticBound(look, 'greater');
  t.true(apart(above.low, -0.05711681104477484) < 1e-12, `${above.low}`);
  t.is(above.high, Infinity);
  // The reference solves for α by bisection.
  t.true(apart(above.pValue, 0.1516114196306248) < 1e-9, `${above.pValue}`);
});

test('the ends of the scale: no difference, and one that no chance explains', (t) => {
  const look = { difference: 0, standardError: 1, units: 1000, level: 0.95, tunedFor: 5000 };
  t.is(asymptoticSequence(look).pValue, 1);
  t.is(asymptoticBound(look, 'greater').pValue, 1);
  const sure = asymptoticSequence({ ...look, difference: 1e3 });
  t.true(sure.pValue > 0 && sure.pValue < 1e-300 && sure.low > 0);
});

const looks = fc.record({
  difference: fc.double({ min: -9, max: 9, noNaN: true }),
  standardError: fc.double({ min: 0.01, max: 3, noNaN: true }),
  units: fc.integer({ min: 2, max: 1_000_000 }),
  level: fc.double({ min: 0.55, max: 0.999, noNaN: true }),
  tunedFor: fc.integer({ min: 10, max: 100_000 }),
});

testProp('p is below 1 − level exactly when the interval leaves 0 out', [looks], (t, look) => {
  const { low, high, pValue } = asymptoticSequence(look);
  const margin = Math.abs(pValue - (1 - look.level)) < 1e-9;
  t.true(margin || low > 0 || high < 0 ? pValue < 1 - look.level || margin : pValue >= 1 - look.level);
  const above = asymptoticBound(look, 'greater');
  const near = Math.abs(above.pValue - (1 - look.level)) < 1e-9;
  t.true(near || above.low > 0 === above.pValue < 1 - look.level);
});

testProp('the other side is the mirror', [looks], (t, look) => {
  const above = asymptoticBound(look, 'greater');
  const below = asymptoticBound({ ...look, difference: -look.difference }, 'less');
  t.is(below.high, -above.low);
  t.is(below.pValue, above.pValue);
  t.is(below.low, -Infinity);
});

test('it is narrowest in units of √n near the look it was tuned for', (t) => {
  const width = (units: number): number => sequenceBoundary({ units, level: 0.95, tunedFor: 5000 });
  const around = [1000, 2500, 4000, 5000, 6000, 10_000, 25_000].map(width);
  t.is(Math.min(...around), width(5000));
});
