import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { betaLower } from '../../../core/stats/beta.js';
import { normal } from '../../../core/distributions.js';
import { stream } from '../../../core/random.js';
import { asymptoticSequence } from '../stats/asymptotic-sequence.js';
import { signTest } from '../interleaving/preference-test.js';
import {
  designEffect,
  liftNoise,
  meanNoise,
  proportionNoise,
  quantileNoise,
  ratioNoise,
  switchbackNoise,
  withClusters,
  withCuped,
  type Noise,
} from './noise.js';
import { expectedUnits, powerOf, smallestEffect, unitsFor, type TestPlan } from './power.js';
import { preferencePower, queriesFor, smallestShare } from './preference-power.js';
import { powerOfRule, type Rule } from './rule.js';
import { splitPower, unitsToNotice } from './split-power.js';

const FIXED: TestPlan = { rule: { kind: 'fixed', level: 0.95, sides: 2 } };
const near = (a: number, b: number, tolerance: number): boolean => Math.abs(a - b) <= tolerance * Math.abs(b);

test('textbook sizes by hand', (t) => {
  // (1.959964 + 0.841621)² = 7.848880 = Q. A tenth of a standard deviation: 2 Q/0.01 = 1,569.8 per arm.
  t.deepEqual(unitsFor(meanNoise(1), 0.1, 0.8, FIXED), { control: 1570, treatment: 1570, total: 3140 });
  // 10 % to 12 %: Q · (0.09 + 0.1056)/0.0004 = 3,838.1.
  t.is(unitsFor(proportionNoise(0.1), 0.02, 0.8, FIXED).treatment, 3839);
  // Non-inferiority within 2 points, one-sided, both with the control's variance: (1.644854 + 0.841621)² · 0.18/0.0004.
  const margin = { rule: { kind: 'fixed', level: 0.95, sides: 1 }, margin: 0.02 } as const;
  t.is(unitsFor(proportionNoise(0.1, true), 0, 0.8, margin).treatment, 2783);
  // Three of the control per treated unit: Q · (1/3 + 1)/0.01 = 1,046.5, rounded up, and three times as many.
  t.deepEqual(unitsFor(meanNoise(1), 0.1, 0.8, { ...FIXED, controlRatio: 3 }), {
    control: 3141,
    treatment: 1047,
    total: 4188,
  });
});

test('what a unit is worth, by hand', (t) => {
  const first = (noise: Noise, effect = 0): number => noise.variances(effect)[0];
  t.is(first(withCuped(meanNoise(2), 0.5)), 3);
  t.is(designEffect({ size: 11, icc: 0.1 }), 2);
  t.true(near(designEffect({ size: 10, icc: 0.1, cv: 1 }), 2.9, 1e-15));
  t.is(first(withClusters(meanNoise(1), { size: 11, icc: 0.1 })), 2);
  // A denominator that is always 1 leaves the numerator's variance; one that carries all of it leaves nothing.
  const ratio = { baseline: 2, numeratorSd: 3, denominatorMean: 1, denominatorSd: 0, correlation: 0 };
  t.is(first(ratioNoise(ratio)), 9);
  t.is(first(ratioNoise({ ...ratio, denominatorSd: 1.5, correlation: 1 })), 0);
  // The median of a standard normal: ¼ / φ(0)² = π/2.
  t.true(near(first(quantileNoise({ quantile: 0.5, density: 1 / Math.sqrt(2 * Math.PI) })), Math.PI / 2, 1e-14));
  // Two kept periods: 1/2 (1 + ρ). Wholly alike periods are worth one.
  const design = { sd: 1, window: 3, carryOver: 1, autocorrelation: 0.5 };
  t.is(first(switchbackNoise(design)), 0.75);
  t.is(first(switchbackNoise({ ...design, window: 9, autocorrelation: 1 })), 1);
  // A rise of 50 %: the control counts 1.5² times.
  t.deepEqual(liftNoise({ sd: 2, baseline: 4 }).variances(0.5), [0.5625, 0.25]);
  t.deepEqual(liftNoise({ sd: 2, baseline: -4 }).variances(0.5), [0.0625, 0.25]);
});

const rules: fc.Arbitrary<Rule> = fc.constantFrom<Rule[]>(
  { kind: 'fixed', level: 0.95, sides: 2 },
  { kind: 'fixed', level: 0.9, sides: 1 },
  { kind: 'group', level: 0.95, sides: 2, looks: 4, spending: { kind: 'obrien-fleming' } },
  { kind: 'always-valid', level: 0.95, looks: 7, tunedFor: 5000 },
);
const noises = fc.constantFrom<Noise[]>(
  meanNoise(3),
  proportionNoise(0.2),
  liftNoise({ sd: 2, baseline: 5 }),
  withCuped(proportionNoise(0.5), 0.6),
);

testProp(
  'power, units and smallest effect undo each other',
  [
    noises,
    rules,
    fc.double({ min: 0.3, max: 0.97, noNaN: true }),
    fc.double({ min: 0.02, max: 0.3, noNaN: true }).chain((size) => fc.constantFrom(size, -0.6 * size)),
    fc.double({ min: 0.3, max: 3, noNaN: true }),
  ],
  (t, noise, rule, power, effect, controlRatio) => {
    const plan = { rule, controlRatio };
    const { total } = unitsFor(noise, effect, power, plan);
    t.true(powerOf(noise, effect, total, plan) >= power - 1e-7);
    // Both arms are rounded up: one treated unit less, and its share of the control, are too few.
    const less = total - Math.ceil(1 + controlRatio) - 1;
    if (less > 40) t.true(powerOf(noise, effect, less, plan) < power + 1e-7);
    const found = smallestEffect(noise, total, power, { ...plan, direction: effect < 0 ? 'fall' : 'rise' }) ?? NaN;
    t.true(Math.abs(found) <= Math.abs(effect) * (1 + 1e-6));
    t.true(near(powerOf(noise, found, total, plan), power, 1e-6), `${powerOf(noise, found, total, plan)} ${power}`);
  },
  { numRuns: 40 },
);

test('the ends: no effect, impossible effects, effects of certainty', (t) => {
  t.true(near(powerOf(meanNoise(1), 0, 1000, FIXED), 0.025, 1e-9));
  t.true(powerOf(meanNoise(1), 5, 1000, FIXED) > 1 - 1e-12);
  // Two units per arm cannot tell 0.9 from anything above it.
  t.is(smallestEffect(proportionNoise(0.9), 4, 0.8, FIXED), null);
  t.throws(() => unitsFor(meanNoise(1), 0, 0.8, FIXED), { message: /effect other than 0, received 0/ });
  t.throws(() => unitsFor(proportionNoise(0.9), 0.2, 0.8, FIXED), { message: /effect between -0.9 and 0\.09999/ });
  t.throws(() => unitsFor(meanNoise(1), 1, 1, FIXED), { message: /power in \(0, 1\), received 1/ });
  t.throws(() => meanNoise(0), { message: /sd above 0/ });
  t.throws(() => proportionNoise(1), { message: /baseline proportion in \(0, 1\)/ });
  t.throws(() => switchbackNoise({ sd: 1, window: 2, carryOver: 2, autocorrelation: 0 }), {
    message: /more periods than/,
  });
});

test('every rule holds its level and pays for its looks', (t) => {
  const group: Rule = { kind: 'group', level: 0.95, sides: 2, looks: 5, spending: { kind: 'pocock' } };
  const valid: Rule = { kind: 'always-valid', level: 0.95, looks: 14, tunedFor: 5000 };
  t.true(near(powerOfRule(group, 0, 5000), 0.025, 1e-6));
  t.true(powerOfRule(valid, 0, 5000) < 0.025);
  const units = (rule: Rule): number => unitsFor(meanNoise(1), 0.1, 0.8, { rule }).total;
  t.true(units(FIXED.rule) < units(group) && units(group) < units(valid));
  // It may stop early, which a fixed one never does: on average it sees less than the most it may see.
  t.is(expectedUnits(meanNoise(1), 0.1, 4000, FIXED), 4000);
  const seen = expectedUnits(meanNoise(1), 0.1, units(valid), { rule: valid });
  t.true(seen < 0.8 * units(valid) && expectedUnits(meanNoise(1), 9, 1400, { rule: valid }) < 101);
  // Tuned for other numbers of units it needs more.
  t.true(units({ ...valid, tunedFor: 100 }) > units(valid));
});

test('power by integration is what simulated tests find', (t) => {
  const rule: Rule = { kind: 'always-valid', level: 0.95, looks: 7, tunedFor: 2000 };
  const [tests, perLook, effect] = [4000, 400, 0.1];
  const luck = stream(6);
  let [validFound, fixedFound] = [0, 0];
  for (let r = 0; r < tests; r++) {
    let [sum, found] = [0, false];
    for (let look = 1; look <= 7; look++) {
      // The difference of two arms of 200 units each, as a sum over looks.
      sum += normal(luck, effect * perLook, 2 * Math.sqrt(perLook));
      const units = look * perLook;
      const difference = sum / units;
      const standardError = 2 / Math.sqrt(units);
      if (asymptoticSequence({ difference, standardError, units, level: 0.95, tunedFor: 2000 }).low > 0) found = true;
      if (look === 7 && difference / standardError > 1.959963984540054) fixedFound++;
    }
    if (found) validFound++;
  }
  const error = Math.sqrt(0.25 / tests);
  const units = 7 * perLook;
  const expected = powerOf(meanNoise(1), effect, units, { rule });
  t.true(Math.abs(validFound / tests - expected) < 4 * error, `${validFound / tests} against ${expected}`);
  t.true(Math.abs(fixedFound / tests - powerOf(meanNoise(1), effect, units, FIXED)) < 4 * error);
});

/** P(X ≥ k) of n coins with chance p. */
const binomialUpper = (k: number, n: number, p: number): number => (k <= 0 ? 1 : betaLower(p, k, n - k + 1));

test('queries for a preference: the exact sign test, from which on the power stays', (t) => {
  const plan = { level: 0.95, ties: 0 };
  // Unanimous queries: 2 · 2⁻⁵ is above 5 %, 2 · 2⁻⁶ below.
  t.is(queriesFor(1, 0.8, plan), 6);
  t.is(preferencePower(5, 1, plan), 0);
  t.is(preferencePower(6, 1, plan), 1);
  t.true(near(preferencePower(6, 0.9, plan), 0.9 ** 6, 1e-12));
  t.is(smallestShare(5, 0.8, plan), null, 'nothing can be found by five queries');
  t.true(near(smallestShare(6, 0.8, plan) ?? 0, 0.8 ** (1 / 6), 1e-8));
  // 820, where the normal approximation says ((1.96/2 + 0.8416 · √(0.55 · 0.45))/0.05)² = 783, whose power is 0.789.
  const needed = queriesFor(0.55, 0.8, plan);
  t.is(needed, 820);
  for (let m = needed; m < needed + 60; m++) t.true(preferencePower(m, 0.55, plan) >= 0.8);
  t.true(preferencePower(needed - 1, 0.55, plan) < 0.8);
  let critical = 783 / 2;
  for (critical = 392; signTest(critical, 783) > 0.05; critical++);
  t.true(near(preferencePower(783, 0.55, plan), binomialUpper(critical, 783, 0.55), 1e-12));
});

test('ties only count among the queries, and both rankers are treated alike', (t) => {
  const tied = { level: 0.9, ties: 0.6 };
  const decided = queriesFor(0.53, 0.9, { ...tied, ties: 0 });
  t.is(queriesFor(0.53, 0.9, tied), Math.ceil(decided / 0.4 - 1e-9));
  t.is(queriesFor(0.47, 0.9, tied), queriesFor(0.53, 0.9, tied));
  t.true(near(smallestShare(queriesFor(0.53, 0.9, tied), 0.9, tied) ?? 0, 0.53, 1e-3));
  t.throws(() => queriesFor(0.5, 0.8, tied), { message: /a share other than 0.5/ });
  t.throws(() => preferencePower(10, 1.2, tied), { message: /a share in \[0, 1\]/ });
});

test('a wrong split: by hand for two arms, and the alarm alone without one', (t) => {
  const splits = { planned: [1, 1], actual: [0.49, 0.51] };
  // Noncentrality n (0.02)² = 4; √χ² is |N(2, 1)|. P(|N(2, 1)| > 1.96) = Φ(0.04) + Φ(−3.96).
  t.true(near(splitPower(10_000, splits, 0.05), 0.516005, 1e-5));
  t.true(near(splitPower(1e6, { planned: [1, 2, 1], actual: [2, 4, 2] }), 0.0005, 1e-9));
  const units = unitsToNotice(splits, 0.9);
  t.true(splitPower(units, splits) >= 0.9 && splitPower(units - 10, splits) < 0.9);
  t.is(unitsToNotice({ planned: [1, 1], actual: [3, 3] }, 0.9), Infinity);
  t.is(splitPower(1e12, splits), 1);
  t.throws(() => splitPower(10, { planned: [1], actual: [1] }), { message: /two or more planned shares/ });
});
