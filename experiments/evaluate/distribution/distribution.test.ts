import test from 'ava';
import fc from 'fast-check';
import { stream } from '../../../core/random.js';
import { normal } from '../../../core/distributions.js';
import { moments, quantileOfSorted } from '../../../core/stats/moments.js';
import { returnsOf, sessionTerms, stepWeights, type LoggedSessions } from '../sessions/sessions.js';
import { drawn, everySession, population, targetIn, WORLD } from '../sessions/world.test.helper.js';
import { cdfMean, cdfQuantile, cdfTailMean, cdfVariance, gridOf, repair } from './cdf.js';
import { modelReturns } from './conditional.js';
import { cdfEstimators, estimateCdf, type CdfKey, type ReturnTerms } from './estimators.js';
import { bandQuantile, guaranteedBand } from './guaranteed-band.js';
import {
  evaluateDistribution,
  FUNCTIONALS,
  parseCdfEstimators,
  possibleCdfEstimators,
} from './evaluate-distribution.js';

const OPTIONS = {
  estimators: ['cdIs', 'cdSn'],
  discount: 0.9,
  tail: 0.1,
  level: 0.95,
  replicates: 200,
  seed: 1,
} as const;
const close = (a: number, b: number, tolerance = 1e-9): boolean =>
  Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b));

/** Terms of the world's sessions; guesses are of the whole return given the first action. */
function termsIn(
  sessions: LoggedSessions,
  discount: number,
  guess?: (state: number, action: number) => number,
): ReturnTerms {
  const target = targetIn(sessions);
  const terms = sessionTerms(sessions, target, discount);
  const weight = stepWeights(terms, terms.longest);
  const returns = returnsOf(sessions, discount);
  const { grid, bin } = gridOf(returns, 1000);
  if (guess === undefined) return { grid, bin, weight };
  const first = sessions.offsets.subarray(0, -1);
  const all = target.all ?? new Float64Array(0);
  const guessed = {
    actions: 2,
    action: first.map((i) => sessions.action[i]),
    guess: Float64Array.from([...first].flatMap((i) => [0, 1].map((a) => guess(sessions.state?.code[i] ?? 0, a)))),
    policy: Float64Array.from([...first].flatMap((i) => [all[2 * i], all[2 * i + 1]])),
  };
  return { grid, bin, weight, model: modelReturns(guessed, returns, weight, grid) };
}

/** P(return ≤ g) under the target, by adding up every session that can happen. */
function exactCdf(discount: number): (g: number) => number {
  const outcomes = everySession().map(({ steps, probability }) => ({
    g: steps.reduceRight((after, [s, a]) => WORLD.reward[s][a] + discount * after, 0),
    probability: steps.reduce((p, [s, a]) => (p * WORLD.target[s][a]) / WORLD.logging[s][a], probability),
  }));
  return (g) => outcomes.reduce((sum, { g: own, probability }) => sum + (own <= g + 1e-12 ? probability : 0), 0);
}

test('numbers of a distribution by hand', (t) => {
  const { grid, bin } = gridOf(Float64Array.of(3, 1, 1, 7), 10);
  t.deepEqual([...grid.point], [1, 3, 7]);
  t.deepEqual([...bin], [1, 0, 0, 2]);
  const cdf = Float64Array.of(0.25, 0.75, 1);
  t.is(cdfMean(grid, cdf), 0.25 + 1.5 + 1.75);
  t.is(cdfVariance(grid, cdf), 0.25 * 2.5 ** 2 + 0.5 * 0.5 ** 2 + 0.25 * 3.5 ** 2);
  t.is(cdfTailMean(grid, cdf, 0.5), (0.25 * 1 + 0.25 * 3) / 0.5);
  t.is(cdfTailMean(grid, cdf, 0.1), 1);
  t.is(cdfTailMean(grid, cdf, 1), cdfMean(grid, cdf));
  t.deepEqual(
    [0.1, 0.25, 0.26, 0.75, 0.76, 1].map((p) => cdfQuantile(grid, cdf, p)),
    [1, 1, 3, 3, 7, 7],
  );
  t.deepEqual([...repair(Float64Array.of(-0.1, 0.4, 0.3, 1.2, 1.1, 0.9))], [0, 0.4, 0.4, 1, 1, 1]);
  const coarse = gridOf(Float64Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8), 3);
  t.deepEqual([...coarse.grid.point], [0, 4, 8]);
  t.deepEqual([...coarse.grid.centre], [0, 2.5, 6.5]);
});

test('three units by hand: weights, their sum, and the model', (t) => {
  const { grid, bin } = gridOf(Float64Array.of(1, 0, 1), 10);
  const weight = Float64Array.of(0.5, 2, 0.5);
  const guessed = {
    actions: 2,
    action: Int32Array.of(0, 1, 1),
    guess: Float64Array.of(0.8, 0.4, 0.2, 0.6, 0.5, 0.5),
    policy: Float64Array.of(0.25, 0.75, 0.5, 0.5, 1, 0),
  };
  const model = modelReturns(guessed, Float64Array.of(1, 0, 1), weight, grid);
  t.is(model.kind, 'bernoulli');
  const at0 = (key: CdfKey): number => estimateCdf(cdfEstimators[key], { grid, bin, weight, model })[0];
  t.true(close(at0('cdIs'), 2 / 3));
  t.true(close(at0('cdSn'), 2 / 3));
  const direct = (0.5 + 0.6 + 0.5) / 3;
  t.true(close(at0('cdDm'), direct));
  // w·(1{G ≤ 0} − P(G ≤ 0 | a)): 0.5·(0 − 0.2), 2·(1 − 0.4), 0.5·(0 − 0.5).
  t.true(close(at0('cdDr'), direct + (-0.1 + 1.2 - 0.25) / 3));
});

test('in a log that holds every session as often as it happens, the distribution is exact', (t) => {
  for (const discount of [1, 0.5]) {
    const exact = exactCdf(discount);
    for (const guess of [(s: number, a: number) => s - a, () => 0, (s: number) => 100 * s]) {
      const terms = termsIn(population(), discount, guess);
      for (const key of ['cdIs', 'cdSn', 'cdDr'] as const)
        estimateCdf(cdfEstimators[key], terms).forEach((p, k) => {
          t.true(
            close(p, exact(terms.grid.point[k])),
            `${key} at ${terms.grid.point[k]}: ${p}, ${exact(terms.grid.point[k])}`,
          );
        });
    }
  }
});

test('single decisions: the modelled distribution is exact where the model is', (t) => {
  // Reward 1 with probability q[action]; every decision as often as it happens.
  const q = [0.25, 0.75];
  const rows = [0, 1].flatMap((a) =>
    [0, 1].flatMap((r) => Array.from({ length: 8 * (r === 1 ? q[a] : 1 - q[a]) }, () => [a, r])),
  );
  const n = rows.length;
  const sessions: LoggedSessions = {
    offsets: Int32Array.from({ length: n + 1 }, (_, i) => i),
    actions: 2,
    action: Int32Array.from(rows, ([a]) => a),
    reward: Float64Array.from(rows, ([, r]) => r),
    propensity: new Float64Array(n).fill(0.5),
  };
  const all = Float64Array.from(rows.flatMap(() => [0.1, 0.9]));
  const target = { taken: Float64Array.from(rows, ([a]) => [0.1, 0.9][a]), all };
  const guesses = Float64Array.from(rows.flatMap(() => q));
  const found = evaluateDistribution(sessions, target, guesses, {
    ...OPTIONS,
    estimators: ['cdIs', 'cdSn', 'cdDm', 'cdDr'],
  });
  for (const key of ['cdIs', 'cdSn', 'cdDm', 'cdDr']) {
    const { mean, variance, median, q25 } = found.estimates[key];
    t.true(close(mean.value ?? NaN, 0.7), key);
    t.true(close(variance.value ?? NaN, 0.21), key);
    t.is(median.value, 1);
    t.is(q25.value, 0);
  }
});

test('a location model: the errors of the log around the guess, as the policy would meet them', (t) => {
  const luck = stream(3);
  const n = 4000;
  const action = Int32Array.from({ length: n }, () => (luck.next() < 0.5 ? 0 : 1));
  const returns = Float64Array.from(action, (a) => 3 * a + normal(luck));
  const { grid, bin } = gridOf(returns, 128);
  const weight = Float64Array.from(action, (a) => (a === 1 ? 1.6 : 0.4));
  const guessed = {
    actions: 2,
    action,
    guess: Float64Array.from({ length: 2 * n }, (_, at) => 3 * (at % 2)),
    policy: Float64Array.from({ length: 2 * n }, (_, at) => (at % 2 ? 0.8 : 0.2)),
  };
  const model = modelReturns(guessed, returns, weight, grid);
  t.is(model.kind, 'residual');
  const terms = { grid, bin, weight, model };
  const modelled = estimateCdf(cdfEstimators.cdDm, terms);
  t.true(Math.abs(cdfMean(grid, modelled) - 2.4) < 0.06, `${cdfMean(grid, modelled)}`);
  t.true(Math.abs(cdfVariance(grid, modelled) - (1 + 9 * 0.16)) < 0.15, `${cdfVariance(grid, modelled)}`);
  // Doubly robust with a model that is far off still finds both.
  const off = modelReturns({ ...guessed, guess: guessed.guess.map((g) => 1 - g) }, returns, weight, grid);
  const robust = estimateCdf(cdfEstimators.cdDr, { ...terms, model: off });
  t.true(Math.abs(cdfMean(grid, robust) - 2.4) < 0.15, `${cdfMean(grid, robust)}`);
});

test('a target that is the logging policy: the distribution of what was logged', (t) => {
  const sessions = drawn(stream(5), 500);
  const found = evaluateDistribution(sessions, targetIn(sessions, WORLD.logging), undefined, OPTIONS);
  const returns = returnsOf(sessions, 0.9).sort();
  const { mean, variance } = moments(returns);
  for (const key of ['cdIs', 'cdSn']) {
    const { estimates } = found;
    t.true(close(estimates[key].mean.value ?? NaN, mean));
    t.true(close(estimates[key].variance.value ?? NaN, (variance * 499) / 500));
    t.is(estimates[key].median.value, returns[249]);
    t.true(close(estimates[key].cvar.value ?? NaN, moments(returns.subarray(0, 50)).mean));
  }
  t.is(found.verdict, 'supported', found.reasons.join(' '));
});

test('a certain return: every number is that return, without spread', (t) => {
  const sessions = drawn(stream(5), 200);
  const { offsets } = sessions;
  const reward = new Float64Array(sessions.action.length);
  for (let s = 0; s < 200; s++) reward[offsets[s]] = 2;
  const found = evaluateDistribution({ ...sessions, reward }, targetIn(sessions), undefined, OPTIONS);
  for (const name of ['mean', 'cvar', 'q25', 'median', 'q75'] as const)
    t.deepEqual([found.estimates['cdSn'][name].value, found.estimates['cdSn'][name].interval], [2, [2, 2]]);
  t.is(found.estimates['cdSn'].variance.value, 0);
  t.is(found.estimates['cdSn'].interquartileRange.value, 0);
});

test('always a distribution, and its numbers in order', (t) => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.integer({ min: 2, max: 40 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      (seed, n, tail) => {
        const luck = stream(seed);
        const returns = Float64Array.from({ length: n }, () => Math.round(3 * normal(luck)));
        const { grid, bin } = gridOf(returns, 12);
        const weight = Float64Array.from({ length: n }, () => (luck.next() < 0.2 ? 0 : 3 * luck.next()));
        weight[0] = 1;
        const policy = Float64Array.from({ length: 2 * n });
        for (let i = 0; i < n; i++) policy.set([luck.next(), 0], 2 * i);
        for (let i = 0; i < n; i++) policy[2 * i + 1] = 1 - policy[2 * i];
        const guess = Float64Array.from({ length: 2 * n }, () => normal(luck));
        const action = Int32Array.from({ length: n }, () => (luck.next() < 0.5 ? 0 : 1));
        const model = modelReturns({ actions: 2, action, guess, policy }, returns, weight, grid);
        for (const estimator of Object.values(cdfEstimators)) {
          const cdf = estimateCdf(estimator, { grid, bin, weight, model });
          cdf.forEach((p, k) => t.true(p >= (k === 0 ? 0 : cdf[k - 1]) && p <= 1));
          t.is(cdf[cdf.length - 1], 1);
          const mean = cdfMean(grid, cdf);
          t.true(cdfTailMean(grid, cdf, tail) <= mean + 1e-9);
          t.true(close(cdfTailMean(grid, cdf, 1), mean));
          t.true(cdfQuantile(grid, cdf, 0.25) <= cdfQuantile(grid, cdf, 0.75));
          t.true(cdfVariance(grid, cdf) >= 0);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('over many logs: intervals and the band hold the truth as often as they say', (t) => {
  const [logs, discount] = [150, 0.9];
  const exact = exactCdf(discount);
  const whole = termsIn(population(), discount);
  const truth = estimateCdf(cdfEstimators.cdSn, whole);
  const known = {
    mean: cdfMean(whole.grid, truth),
    variance: cdfVariance(whole.grid, truth),
    cvar: cdfTailMean(whole.grid, truth, 0.25),
  };
  const covered = { mean: 0, variance: 0, cvar: 0, band: 0 };
  for (let l = 0; l < logs; l++) {
    const sessions = drawn(stream(500 + l), 300);
    const { estimates, cdf } = evaluateDistribution(sessions, targetIn(sessions), undefined, {
      ...OPTIONS,
      estimators: ['cdSn'],
      tail: 0.25,
      seed: l,
    });
    for (const name of ['mean', 'variance', 'cvar'] as const) {
      const [low, high] = estimates['cdSn'][name].interval ?? [NaN, NaN];
      if (low <= known[name] && known[name] <= high) covered[name] += 1 / logs;
    }
    const { point, low, high } = cdf['cdSn'];
    if (point.every((g, k) => low[k] <= exact(g) && exact(g) <= high[k])) covered.band += 1 / logs;
  }
  for (const [name, share] of Object.entries(covered)) t.true(share > 0.89, `${name}: ${share}`);
});

test('what the log cannot carry is refused, with its unit; what a repair moves is told', (t) => {
  const sessions = drawn(stream(9), 400);
  const tiny = { ...sessions, propensity: sessions.propensity.slice() };
  tiny.propensity[sessions.offsets[17]] = 1e-6;
  const heavy = evaluateDistribution(tiny, targetIn(sessions), undefined, OPTIONS);
  t.is(heavy.verdict, 'unsupported');
  t.regex(heavy.reasons[0], /^Session 17 /);
  t.deepEqual(heavy.cdf, {});
  for (const name of FUNCTIONALS) t.is(heavy.estimates['cdSn'][name].value, null);
  t.is(heavy.estimates['cdSn'].cvar.setting, 0.1);
  const forced = evaluateDistribution(tiny, targetIn(sessions), undefined, { ...OPTIONS, force: true });
  t.is(forced.verdict, 'unsupported');
  t.true(Number.isFinite(forced.estimates['cdSn'].mean.value));
  const doubled = { ...sessions, propensity: sessions.propensity.map((p) => p * 0.9) };
  const told = evaluateDistribution(doubled, targetIn(sessions), undefined, { ...OPTIONS, estimators: ['cdIs'] });
  t.is(told.verdict, 'weak');
  t.regex(told.reasons.join(' '), /cdIs places .* of the probability.* Prefer cdSn/);
  const thin = evaluateDistribution(sessions, targetIn(sessions), undefined, {
    ...OPTIONS,
    tail: 0.01,
    estimators: ['cdSn'],
  });
  t.regex(thin.reasons.join(' '), /worst 1\.00 % rest on .* effective units/);
  const bad = evaluateDistribution(
    { ...sessions, reward: sessions.reward.map((r, i) => (i === 3 ? NaN : r)) },
    targetIn(sessions),
    undefined,
    OPTIONS,
  );
  t.is(bad.verdict, 'unsupported');
  t.deepEqual(bad.diagnostics.offendingRows, [3]);
  t.is(bad.estimates['cdIs'].mean.value, null);
  t.deepEqual(
    evaluateDistribution(sessions, targetIn(sessions), undefined, OPTIONS),
    evaluateDistribution(sessions, targetIn(sessions), undefined, OPTIONS),
  );
});

test('names of estimators', (t) => {
  t.deepEqual(possibleCdfEstimators(false), ['cdIs', 'cdSn']);
  t.deepEqual(parseCdfEstimators('cdSn, cdDr', true), ['cdSn', 'cdDr']);
  t.throws(() => parseCdfEstimators('cdSm', true), { message: /Did you mean 'cdSn'/ });
  t.throws(() => parseCdfEstimators('cdDr', false), { message: /^cdDr: expected guesses/ });
});

test('the quantile of a long list is where it says', (t) => {
  const returns = Float64Array.from({ length: 10_001 }, (_, i) => i / 100);
  const { grid, bin } = gridOf(returns, 4096);
  t.is(grid.point[0], 0);
  t.is(grid.point.at(-1), 100);
  const cdf = estimateCdf(cdfEstimators.cdSn, { grid, bin, weight: new Float64Array(10_001).fill(1) });
  t.true(Math.abs(cdfQuantile(grid, cdf, 0.5) - quantileOfSorted(returns, 0.5)) < 0.03);
  t.true(close(cdfMean(grid, cdf), 50));
});

test('the guaranteed band: by hand, never missing the truth, and only with a bound that holds', (t) => {
  // Four units: the first chooses the point 0, three are too few to say anything.
  const { grid, bin } = gridOf(Float64Array.of(0, 1, 0, 1), 10);
  const few = guaranteedBand({ grid, bin, weight: new Float64Array(4).fill(1) }, { maxWeight: 1, level: 0.9 });
  t.deepEqual([few.point, few.low, few.high], [[0], [0], [1]]);
  // Units 0, 4, 8 … choose the points 0 and 1; of the other 60,000 half have the return 0. Four bounds at two points.
  const n = 80_000;
  const half = Float64Array.from({ length: n }, (_, i) =>
    i % 4 === 0 ? (i / 4) % 2 : i % 4 === 1 ? 0 : i % 4 === 2 ? 1 : ((i - 3) / 4) % 2,
  );
  const many = guaranteedBand(
    { ...gridOf(half, 10), weight: new Float64Array(n).fill(1) },
    { maxWeight: 1, level: 0.9 },
  );
  const used = 60_000;
  const log = Math.log(2 / (0.1 / 8));
  const margin = Math.sqrt((2 * (0.25 * (used / (used - 1))) * log) / used) + (7 * log) / (3 * (used - 1));
  t.true(
    close(many.low[0], 0.5 - margin) && close(many.high[0], 0.5 + margin),
    `${many.low[0]} ${many.high[0]} ${margin}`,
  );
  t.deepEqual(bandQuantile(many, 0.25), [-Infinity, 0]);
  t.deepEqual(bandQuantile(many, 0.75), [0, 1]);
  const exact = exactCdf(0.9);
  let missed = 0;
  for (let l = 0; l < 60; l++) {
    const terms = termsIn(drawn(stream(900 + l), 4000), 0.9);
    // Largest product of ratios: 3.2 in state 0, 1.8 in state 1, 2.4 in state 2.
    const band = guaranteedBand(terms, { maxWeight: 3.2 * 1.8 * 2.4, level: 0.8 });
    if (band.point.some((g, k) => exact(g) < band.low[k] - 1e-9 || exact(g) > band.high[k] + 1e-9)) missed++;
    band.low.forEach((low, k) => t.true(low <= band.high[k] && low >= 0 && band.high[k] <= 1));
    if (l === 0) t.true(band.high[4] - band.low[4] < 0.5, `says something: ${band.high[4] - band.low[4]}`);
  }
  t.true(missed <= 3, `${missed} of 60 missed, at most 12 are allowed`);
  const terms = termsIn(drawn(stream(900), 100), 0.9);
  t.throws(() => guaranteedBand(terms, { maxWeight: 1, level: 0.9 }), {
    message: /largest possible weight 1: expected no larger/,
  });
});
