import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { asymptoticSequence } from './asymptotic-sequence.js';
import {
  betaBinomialMixture,
  gammaExponentialMixture,
  gammaPoissonMixture,
  mixtureBoundary,
  mixturePValue,
  normalMixture,
  oneSidedNormalMixture,
  type Mixture,
} from './mixture-boundaries.js';
import {
  logMixtureRatio,
  mixingVariance,
  mixtureSequentialTest,
  proportionPairVariance,
} from './mixture-sequential.js';
import { stitchedBoundary } from './stitched-boundary.js';

const close = (a: number, b: number, tolerance: number): boolean => Math.abs(a - b) <= tolerance;

const at = { at: 100, alpha: 0.05 };
const coins = { g: 0.2, h: 0.8 };
/** Mixtures tuned at 100, with ln m(10, 100) and the boundary at 100 as confseq's own tests give them (an R program's). */
const MIXTURES: readonly [string, Mixture, number, number][] = [
  ['normal', normalMixture(at), -0.6510052, 30.35209],
  ['one-sided normal', oneSidedNormalMixture(at), -0.06502391, 27.66071],
  ['gamma-exponential', gammaExponentialMixture(at, 2), -0.2490165, 33.02017],
  ['gamma-Poisson', gammaPoissonMixture(at, 2), -0.06991219, 30.1949],
  ['beta-binomial', betaBinomialMixture(at, { ...coins, twoSided: true }), -0.6941012, 31.4308],
  ['one-sided beta-binomial', betaBinomialMixture(at, { ...coins, twoSided: false }), -0.07134019, 28.41238],
];

test('mixtures and their boundaries are those of confseq', (t) => {
  for (const [name, mixture, log, boundary] of MIXTURES) {
    t.true(close(mixture.logValue(10, 100), log, 1e-6), `${name}: ln m`);
    t.true(close(mixtureBoundary(mixture, 100, 0.05), boundary, 1e-5), `${name}: boundary`);
  }
  t.true(close(stitchedBoundary(100, 0.05, { from: 10, c: 3 }), 64.48755, 1e-5));
  t.true(close(stitchedBoundary(100, 0.05, { from: 10, c: -1 }), 28.99389, 1e-5));
});

test('before any variance has gathered there is a boundary all the same', (t) => {
  for (const [name, mixture] of MIXTURES) {
    const boundary = mixtureBoundary(mixture, 0, 0.05);
    t.true(Number.isFinite(boundary) && boundary >= 0, name);
    if (boundary > 0) t.true(close(mixture.logValue(boundary, 0), Math.log(20), 1e-9), name);
  }
  // ρ = 100/(2 ln 20 + ln(1 + 2 ln 20)) and √(ρ · 2 ln 20), by hand.
  t.true(close(mixtureBoundary(normalMixture(at), 0, 0.05), 8.68875, 1e-4));
});

test('long streams cancel nothing: all mixtures near the normal one', (t) => {
  const far = { at: 1e8, alpha: 0.05 };
  const normal = mixtureBoundary(oneSidedNormalMixture(far), 1e8, 0.05);
  for (const mixture of [
    gammaExponentialMixture(far, 0.1),
    gammaPoissonMixture(far, 0.1),
    betaBinomialMixture(far, { g: 0.5, h: 0.5, twoSided: false }),
  ])
    t.true(close(mixtureBoundary(mixture, 1e8, 0.05) / normal, 1, 1e-4));
});

test('a fair coin never pays: the mean of the beta-binomial mixture over all 2^10 paths is 1', (t) => {
  const mixture = betaBinomialMixture({ at: 2 }, { g: 0.5, h: 0.5, twoSided: true });
  const oneSided = betaBinomialMixture({ at: 2 }, { g: 0.5, h: 0.5, twoSided: false });
  let [both, one, ways] = [0, 0, 1];
  for (let heads = 0; heads <= 10; heads++) {
    const s = heads - 5;
    both += (ways / 1024) * Math.exp(mixture.logValue(s, 2.5));
    one += (ways / 1024) * Math.exp(oneSided.logValue(s, 2.5));
    ways *= (10 - heads) / (heads + 1);
  }
  t.true(close(both, 1, 1e-12));
  t.true(close(one, 1, 1e-12));
});

testProp(
  'the boundary is where the mixture reaches 1/α, and grows as α falls',
  [fc.integer({ min: 0, max: MIXTURES.length - 1 }), fc.double({ min: 1, max: 1e5, noNaN: true })],
  (t, which, v) => {
    const [name, mixture] = MIXTURES[which];
    const [five, one] = [mixtureBoundary(mixture, v, 0.05), mixtureBoundary(mixture, v, 0.01)];
    t.true(one >= five && five > 0, name);
    if (five < mixture.largest(v)) t.true(close(mixture.logValue(five, v), Math.log(20), 1e-8), name);
    if (one < mixture.largest(v)) t.true(close(mixturePValue(mixture, [one, 0], [v, v]), 0.01, 1e-9), name);
  },
);

test('p-values of mixtures keep the strongest look and are never 0', (t) => {
  const mixture = normalMixture(at);
  t.is(mixturePValue(mixture, [0, 1], [10, 20]), 1);
  t.is(mixturePValue(mixture, [-90, 0], [100, 200]), mixturePValue(mixture, [90], [100]));
  t.true(mixturePValue(mixture, [1e6], [100]) > 0);
});

test('mistakes are named', (t) => {
  t.throws(() => mixtureBoundary(normalMixture(at), -1, 0.05), { message: /variance of at least 0, received -1/ });
  t.throws(() => mixtureBoundary(normalMixture(at), 1, 0), { message: /above 0 and below 1/ });
  t.throws(() => oneSidedNormalMixture({ at: 1, alpha: 0.6 }), { message: /below 0.5/ });
  t.throws(() => gammaPoissonMixture(at, 0), { message: /above 0/ });
  t.throws(() => stitchedBoundary(1, 0.05, { from: 0 }), { message: /from > 0/ });
  t.throws(() => mixtureSequentialTest([], 0, 0.95), { message: /τ² above 0/ });
});

test('stitching is flat before its start and grows ever slower after it', (t) => {
  const bound = (v: number): number => stitchedBoundary(v, 0.025, { from: 10 });
  t.is(bound(0), bound(10));
  t.true(bound(1e8) / bound(1e6) > 10 && bound(1e8) / bound(1e6) < 10.5);
});

test('the mixture ratio by hand', (t) => {
  // V = 2, n = 2, τ² = 1, d = 1/2: √(2/4) · exp(4 · 1 · 1/4 / (2 · 2 · 4)).
  const look = { difference: 0.5, pairs: 2, variance: 2 };
  t.true(close(logMixtureRatio(look, 1), Math.log(Math.SQRT1_2) + 1 / 16, 1e-15));
  t.is(proportionPairVariance(0.5, 0.2), 0.25 + 0.2 * 0.8);
});

testProp(
  'the test is the asymptotic sequence in other units, and the normal mixture at v = nV',
  [
    fc.double({ min: -3, max: 3, noNaN: true }),
    fc.integer({ min: 1, max: 1e6 }),
    fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
    fc.integer({ min: 10, max: 1e5 }),
  ],
  (t, z, pairs, variance, tunedFor) => {
    const standardError = Math.sqrt(variance / pairs);
    const look = { difference: z * standardError, pairs, variance };
    const [result] = mixtureSequentialTest([look], mixingVariance(variance, tunedFor, 0.95), 0.95);
    const { difference } = look;
    const other = asymptoticSequence({
      difference,
      standardError,
      units: 2 * pairs,
      level: 0.95,
      tunedFor: 2 * tunedFor,
    });
    t.true(close(result.pValue / other.pValue, 1, 1e-9));
    t.true(close((result.high - other.high) / standardError, 0, 1e-9));
    const mixture = normalMixture({ at: tunedFor * variance });
    const half = mixtureBoundary(mixture, pairs * variance, 0.05) / pairs;
    t.true(close((result.high - difference) / half, 1, 1e-9));
  },
);

test('p never rises from look to look and is never 0; looks without variance say nothing', (t) => {
  const looks = [
    { difference: 1, pairs: 1, variance: proportionPairVariance(0, 1) },
    { difference: 0.4, pairs: 100, variance: 0.5 },
    { difference: 0, pairs: 200, variance: 0.5 },
    { difference: 100, pairs: 1e6, variance: 0.5 },
  ];
  const results = mixtureSequentialTest(looks, 0.01, 0.95);
  t.deepEqual(results[0], { low: -Infinity, high: Infinity, pValue: 1 });
  t.true(results[1].pValue < 1);
  t.is(results[2].pValue, results[1].pValue);
  t.is(results[3].pValue, Number.MIN_VALUE);
  t.is(mixtureSequentialTest([{ difference: 0, pairs: 0, variance: 1 }], 1, 0.95)[0].pValue, 1);
});

test('tuning: no other τ² makes the interval narrower at its own number of pairs', (t) => {
  const width = (tau2: number): number => {
    const [{ low, high }] = mixtureSequentialTest([{ difference: 0, pairs: 500, variance: 2 }], tau2, 0.95);
    return high - low;
  };
  const best = mixingVariance(2, 500, 0.95);
  for (const factor of [0.25, 0.5, 2, 4]) t.true(width(best) < width(best * factor) * 1.0001);
});
