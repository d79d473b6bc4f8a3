import { fc } from '@fast-check/ava';
import test from 'ava';
import { normal } from '../../../core/distributions.js';
import { stream } from '../../../core/random.js';
import { clusterVariance } from './cluster.js';
import { guardrail } from './non-inferiority.js';
import { permutationP } from './permutation.js';
import { quantileOf } from './quantile.js';
import { meanOf, ratioOf } from './arm-value.js';
import { sampleRatioP } from './sample-ratio.js';
import { sameEffect, stratified } from './segments.js';
import { sumsOf } from './sums.js';
import { tested, welch } from './welch.js';

/** Sample ratios, quantiles, clusters, segments, guardrails, permutations. */

const apart = (a: number, b: number): number => (a === b ? 0 : Math.abs(a - b) / Math.abs(b));

test('sample ratios: the published figures of GrowthBook, its edge rules, and no p of 0', (t) => {
  t.true(apart(sampleRatioP([1000, 1200], [0.5, 0.5]), 2.007865612426481e-5) < 1e-12);
  t.true(apart(sampleRatioP([135, 115], [0.5, 0.5]), 0.20590321073206466) < 1e-12);
  t.true(apart(sampleRatioP([1000, 1200, 900], [0.5, 0.5, 0]), 2.007865612426481e-5) < 1e-12);
  t.is(sampleRatioP([500], [1]), 1);
  t.is(sampleRatioP([500, 700], [1, 0]), 1);
  t.is(sampleRatioP([0, 0], [0.5, 0.5]), 1);
  t.is(sampleRatioP([300, 300, 600], [1, 1, 2]), 1);
  t.is(sampleRatioP([1e9, 1], [0.5, 0.5]), Number.MIN_VALUE);
});

test('sample ratios do not mind the order of the arms nor the unit of the shares', (t) => {
  const arms = fc.array(fc.tuple(fc.nat(5000), fc.double({ min: 0.05, max: 1, noNaN: true })), {
    minLength: 2,
    maxLength: 6,
  });
  fc.assert(
    fc.property(arms, (list) => {
      const p = sampleRatioP(
        list.map(([n]) => n),
        list.map(([, share]) => share),
      );
      const turned = [...list].reverse();
      const q = sampleRatioP(
        turned.map(([n]) => n),
        turned.map(([, share]) => 100 * share),
      );
      return p > 0 && p <= 1 && Math.abs(p - q) <= 1e-9 * p;
    }),
  );
  t.pass();
});

test('a quantile and its standard error: the median of 1 … 99 by hand', (t) => {
  const values = Float64Array.from({ length: 99 }, (_, i) => 99 - i);
  // σ = √(0.25/99) = 0.050252; the order statistics at 0.5 ± 1.959964σ are 98 · 1.959964σ = 9.6521 apart on each side.
  const { value, variance, units } = quantileOf(values, 0.5, 0.95);
  t.deepEqual([value, units], [50, 99]);
  t.true(apart(Math.sqrt(variance), 98 * Math.sqrt(0.25 / 99)) < 1e-12);
  t.is(values[0], 99);
  t.is(quantileOf(new Float64Array(50).fill(3), 0.5, 0.95).variance, 0);
  t.is(quantileOf(Float64Array.of(1, 2, 3), 0.99, 0.95).variance, NaN);
  t.is(quantileOf(new Float64Array(0), 0.5, 0.95).value, NaN);
});

test('quantiles of re-drawn samples spread as told, alone and in clusters; ignoring the clusters is far off', (t) => {
  const luck = stream(8);
  const [groups, each, trials] = [150, 6, 300];
  const of = Int32Array.from({ length: groups * each }, (_, i) => i % groups);
  const draws = Array.from({ length: trials }, () => {
    const level = Float64Array.from({ length: groups }, () => normal(luck));
    const values = Float64Array.from(of, (c) => Math.exp(level[c] + 0.3 * normal(luck)));
    return { right: quantileOf(values, 0.8, 0.95, { of, count: groups }), wrong: quantileOf(values, 0.8, 0.95) };
  });
  const centre = draws.reduce((sum, { right }) => sum + right.value, 0) / trials;
  const spread = Math.sqrt(draws.reduce((sum, { right }) => sum + (right.value - centre) ** 2, 0) / (trials - 1));
  const told = (which: 'right' | 'wrong'): number =>
    draws.reduce((sum, draw) => sum + Math.sqrt(draw[which].variance), 0) / trials;
  // A spread over 300 trials is known to 4 %.
  t.true(Math.abs(told('right') / spread - 1) < 0.15, `${told('right')} against ${spread}`);
  t.true(told('wrong') < 0.6 * spread);
  t.is(draws[0].right.units, groups);
});

/** The cluster sandwich of y on (1, arm), in matrices: (X'X)⁻¹ Σ_c X_c'e_c e_c'X_c (X'X)⁻¹. */
function sandwich(y: readonly number[], arm: readonly number[], cluster: readonly number[]): number {
  const n = y.length;
  const treated = arm.reduce((a, b) => a + b, 0);
  const determinant = n * treated - treated * treated;
  const inverse = [treated / determinant, -treated / determinant, n / determinant];
  const mean = (which: number): number =>
    y.reduce((sum, value, i) => sum + (arm[i] === which ? value : 0), 0) / (which === 1 ? treated : n - treated);
  const [m0, m1] = [mean(0), mean(1)];
  const scores = new Map<number, [number, number]>();
  y.forEach((value, i) => {
    const e = value - (arm[i] === 1 ? m1 : m0);
    const s = scores.get(cluster[i]) ?? [0, 0];
    scores.set(cluster[i], [s[0] + e, s[1] + e * arm[i]]);
  });
  let variance = 0;
  for (const [s, u] of scores.values()) variance += (inverse[1] * s + inverse[2] * u) ** 2;
  return variance;
}

test('CR0 and CR1 are the sandwich in matrices; the delta method is CR0 · G/(G − 1) in each arm', (t) => {
  const luck = stream(3);
  const cluster: number[] = [];
  const arm: number[] = [];
  const y: number[] = [];
  for (let c = 0; c < 23; c++) {
    for (let i = 0; i <= c % 5; i++) {
      cluster.push(c);
      arm.push(c < 9 ? 0 : 1);
      y.push(normal(luck) + 0.3 * c);
    }
  }
  const of = (which: number): ReturnType<typeof sumsOf> => {
    const named = [...new Set(cluster.filter((_, i) => arm[i] === which))];
    const over = (f: (i: number) => number): Float64Array =>
      Float64Array.from(named, (c) => cluster.reduce((sum, other, i) => sum + (other === c ? f(i) : 0), 0));
    return sumsOf([over((i) => y[i]), over(() => 1)]);
  };
  const [a, b] = [of(0), of(1)];
  const { cr0, cr1, delta } = clusterVariance(a, b);
  const n = y.length;
  t.true(apart(cr0, sandwich(y, arm, cluster)) < 1e-12);
  t.true(apart(cr1, cr0 * (23 / 22) * ((n - 1) / (n - 2))) < 1e-14);
  t.true(apart(delta, ratioOf(a).variance + ratioOf(b).variance) < 1e-14);
  t.true(apart(cr0, (ratioOf(a).variance * 8) / 9 + (ratioOf(b).variance * 13) / 14) < 1e-12);
});

test("Cochran's Q by hand, and the parts put together again", (t) => {
  // Weights 1 and 4: the mean is (1·1 + 4·2)/5 = 1.8, Q = 0.64 + 4·0.04 = 0.8.
  const found = sameEffect([
    { effect: 1, standardError: 1 },
    { effect: 2, standardError: 0.5 },
    { effect: 7, standardError: 0 },
  ]);
  t.true(found !== null && apart(found.q, 0.8) < 1e-14 && found.degrees === 1);
  t.true(apart(found?.pValue ?? NaN, 0.37109336952269756) < 1e-12);
  t.is(sameEffect([{ effect: 1, standardError: 1 }]), null);
  t.true(
    (sameEffect([
      { effect: 0, standardError: 1e-3 },
      { effect: 9, standardError: 1e-3 },
    ])?.pValue ?? 1) > 0,
  );
  const [a, b] = [meanOf(sumsOf([Float64Array.of(1, 3, 4)])), meanOf(sumsOf([Float64Array.of(2, 6, 9)]))];
  const one = stratified([{ control: a, arm: b }], 0.95);
  t.true(apart(one.standardError, welch(a, b, 0.95).standardError) < 1e-14);
  t.true(apart(one.degrees, welch(a, b, 0.95).degrees) < 1e-12);
  const two = stratified(
    [
      { control: a, arm: b, weight: 3 },
      { control: b, arm: a, weight: 1 },
    ],
    0.95,
  );
  t.true(apart(two.effect, (b.value - a.value) * (3 / 4 - 1 / 4)) < 1e-14);
  t.true(apart(two.standardError, one.standardError * Math.sqrt(9 / 16 + 1 / 16)) < 1e-14);
});

test('a guardrail is kept, broken or unclear, and which way is worse depends on the metric', (t) => {
  const seen = (effect: number): ReturnType<typeof tested> => tested(effect, 0.01, 1e6, 0.95);
  // One-sided 1.645 standard errors: kept below 0.05 − 0.01645, broken beyond 0.05 + 0.01645.
  const of = (effect: number): string => guardrail(seen(effect), 'lower', 0.05, 0.95);
  t.deepEqual([of(0.0335), of(0.0336), of(0.0664), of(0.0665)], ['kept', 'unclear', 'unclear', 'broken']);
  t.is(guardrail(seen(-0.1), 'higher', 0.05, 0.95), 'broken');
  t.is(guardrail(seen(0.1), 'higher', 0.05, 0.95), 'kept');
  t.is(guardrail(seen(0), 'higher', 0, 0.95), 'unclear');
});

test('permutations: every split by hand, draws near it, certainty, and a level that holds', (t) => {
  const of = (...values: number[]): Float64Array => Float64Array.from(values);
  // Of the 20 splits of 1 … 6 into threes only the seen one and its mirror are as extreme.
  t.is(permutationP(of(1, 2, 3), of(4, 5, 6), { replicates: 20, seed: 1 }), 0.1);
  t.is(permutationP(of(1, 2, 3), of(1, 2, 3), { replicates: 1000, seed: 1 }), 1);
  t.is(permutationP(of(5, 5, 5), of(5, 5), { replicates: 1000, seed: 1 }), 1);
  const drawn = permutationP(of(1, 2, 3, 4), of(2, 5, 6, 3), { replicates: 60, seed: 2 });
  const exact = permutationP(of(1, 2, 3, 4), of(2, 5, 6, 3), { replicates: 70, seed: 2 });
  t.true(Math.abs(drawn - exact) < 0.2 && drawn > 0);
  const luck = stream(6);
  const skewed = (n: number): Float64Array => Float64Array.from({ length: n }, () => Math.exp(1.5 * normal(luck)));
  const small = Array.from({ length: 400 }, () => permutationP(skewed(12), skewed(12), { replicates: 199, seed: 5 }));
  const share = small.filter((p) => p <= 0.05).length / small.length;
  // 0.05 ± 4 standard errors of 0.011.
  t.true(share > 0.006 && share < 0.094, `rejected ${share}`);
});
