import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { preferenceTest, signTest } from './preference-test.js';

test('the sign test by hand: 8 of 10 tosses', (t) => {
  // 2 · (45 + 10 + 1)/1024.
  t.true(Math.abs(signTest(8, 10) - 112 / 1024) < 1e-15);
  t.is(signTest(5, 10), 1);
  t.is(signTest(0, 0), 1);
  // Computed apart from this code: 2 Σ_{k ≥ 5300} C(10000, k)/2^10000.
  t.true(Math.abs(signTest(5300, 10_000) / 2.0760336959207247e-9 - 1) < 1e-9, `${signTest(5300, 10_000)}`);
});

test('ties say nothing to the sign test and something to the mean', (t) => {
  const { winsA, winsB, ties, share, pValue, magnitude } = preferenceTest(Float64Array.of(1, 0, 2, -1, 0, 3), 0.95);
  t.deepEqual([winsA, winsB, ties], [1, 3, 2]);
  t.is(share?.value, 0.75);
  t.true(Math.abs(pValue - (2 * 5) / 16) < 1e-15);
  t.true(Math.abs((magnitude?.value ?? 0) - 5 / 6) < 1e-15);
});

test('the ends: nothing, nothing but ties, and a sure winner', (t) => {
  t.deepEqual(preferenceTest(new Float64Array(0), 0.95), {
    queries: 0,
    winsA: 0,
    winsB: 0,
    ties: 0,
    share: null,
    pValue: 1,
    magnitude: null,
  });
  t.is(preferenceTest(new Float64Array(9), 0.95).magnitude?.pValue, 1);
  const sure = preferenceTest(new Float64Array(5000).fill(1), 0.95);
  t.true(sure.pValue > 0 && sure.pValue < 1e-300);
  t.is(sure.share?.value, 1);
});

testProp(
  'turning every credit round turns the answer round',
  [fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 2, maxLength: 60 })],
  (t, list) => {
    const [here, there] = [list, list.map((x) => -x)].map((x) => preferenceTest(Float64Array.from(x), 0.9));
    t.is(here.pValue, there.pValue);
    t.is(here.winsA, there.winsB);
    t.true(Math.abs((here.magnitude?.value ?? 0) + (there.magnitude?.value ?? 0)) < 1e-12);
    t.true(here.pValue > 0 && here.pValue <= 1);
  },
);
