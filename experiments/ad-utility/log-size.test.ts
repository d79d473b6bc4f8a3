import test from 'ava';
import fc from 'fast-check';
import { hitsNeeded, rowsNeeded, uniformRowsNeeded } from './log-size.js';

test('the figures of the notes: a variation of 1.8 needs 31,117 hits for ±2 %, 3.9 M rows of a uniform log over 125 actions', (t) => {
  // (1.959964 · 1.8 ÷ 0.02)² = 176.39676² = 31115.82
  t.true(Math.abs(hitsNeeded(1.8, 0.02, 0.95) - 31_115.8) < 0.1);
  t.true(Math.abs(uniformRowsNeeded(1.8, 125, 0.02, 0.95) - 125 * 31_115.8) < 15);
});

test('rows needed scale what a log did: a standard error of 4 % in 10,000 rows needs 16 z² ÷ 4 times as many for ±2 %', (t) => {
  // 10,000 · (1.959964 · 0.04 ÷ 0.02)² = 10,000 · 15.3658
  const needed = rowsNeeded(10_000, { value: -0.5, standardError: 0.02 }, 0.02, 0.95);
  t.true(Math.abs((needed ?? NaN) - 153_658) < 1, String(needed));
});

test('nothing is needed for a reward that does not vary; nothing can be said relative to 0 or of a refused value', (t) => {
  t.is(hitsNeeded(0, 0.02, 0.95), 0);
  t.is(rowsNeeded(100, { value: 0, standardError: 1 }, 0.02, 0.95), null);
  t.is(rowsNeeded(100, { value: null, standardError: null }, 0.02, 0.95), null);
  t.throws(() => hitsNeeded(NaN, 0.02, 0.95), { message: /expected a variation from 0, received NaN/ });
  t.throws(() => hitsNeeded(1, 0, 0.95), { message: /half-width above 0/ });
});

test('half the width takes four times the rows; a surer interval takes more', (t) => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.01, max: 100, noNaN: true }),
      fc.double({ min: 0.001, max: 1, noNaN: true }),
      (cv, w) => {
        const [wide, narrow] = [hitsNeeded(cv, w, 0.95), hitsNeeded(cv, w / 2, 0.95)];
        return Math.abs(narrow / wide - 4) < 1e-9 && hitsNeeded(cv, w, 0.99) > wide;
      },
    ),
  );
  t.pass();
});
