import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { KeyedDraws } from '../../../core/draws.js';
import { stream } from '../../../core/random.js';
import { wilson } from '../../../core/stats/intervals.js';
import { drawn, handMade, modelOf } from './_hand-made.test.js';
import { calibrationOf, errorLimit } from './calibration.js';
import { clusteredChange, clusteredMean, recalibrate, type ClusteredRows } from './clustered.js';
import { REALISM_THRESHOLDS } from './contract.js';
import { distancesOf, sessionQuantities } from './distances.js';
import { headRowsOf } from './head-rows.js';
import { rankingOf } from './ranking.js';
import { isFar, slicesOf, spearman } from './slices.js';

const near = (a: number, b: number, within = 1e-9): boolean => Math.abs(a - b) <= within;
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
const rowsOf = (sessions: readonly (readonly number[])[]): ClusteredRows => ({
  observed: Float64Array.from(sessions.flat()),
  session: Int32Array.from(sessions.flatMap((rows, s) => rows.map(() => s))),
});
const allOf = ({ observed }: ClusteredRows): Int32Array => Int32Array.from(observed, (_, i) => i);

test('a clustered mean by hand: four sessions whose rows are all alike count as four', (t) => {
  const rows = rowsOf([Array(50).fill(1), Array(50).fill(0), Array(50).fill(1), Array(50).fill(0)] as number[][]);
  const { mean, sessions, interval } = clusteredMean(rows, allOf(rows), 0.95);
  t.is(mean, 0.5);
  t.is(sessions, 4);
  // Residual sums ±25 of 200 rows: Var = 4/3 · 4 · (25/200)² = 1/12; t of 3 degrees 3.182; 0.5 ± 0.919, inside [0, 1].
  t.deepEqual(interval, [0, 1]);
  const { interval: some } = clusteredMean(rows, Int32Array.of(0, 60, 120, 180), 0.95);
  const { low, high } = wilson(2, 4, 0.95);
  t.true(some[0] <= low && some[1] >= high);
});

test('a session that was left out does not count, and rows that are all alike still have an interval', (t) => {
  const rows = rowsOf([[0, 0], [0], [0, 0, 0]]);
  const { rows: n, sessions, mean, interval } = clusteredMean(rows, Int32Array.of(0, 1, 2), 0.95);
  t.deepEqual([n, sessions, mean], [3, 2, 0]);
  t.is(interval[0], 0);
  t.true(near(interval[1], wilson(0, 3, 0.95).high));
  t.deepEqual(clusteredMean(rows, Int32Array.of(3), 0.95).interval, [0, 1]);
});

test('a change between slices by hand', (t) => {
  // First rows 0, 0, 1, second rows 1, 0, 1: means 1/3 and 2/3; session influences (1/3 + 1/3)/3, (1/3 − 2/3)/3, (−2/3 + 1/3)/3.
  const rows = rowsOf([
    [0, 1],
    [0, 0],
    [1, 1],
  ]);
  const change = clusteredChange(rows, Int32Array.of(0, 2, 4), Int32Array.of(1, 3, 5), 0.95);
  t.true(change !== null && near(change.value, 1 / 3));
  const deviation = Math.sqrt((3 / 2) * (2 / 9) ** 2 + (3 / 2) * 2 * (1 / 9) ** 2);
  t.true(change !== null && near(change.interval[1] - change.value, 1.959963984540054 * deviation, 1e-12));
  t.is(clusteredChange(rows, Int32Array.of(), Int32Array.of(1), 0.95), null);
});

test('recalibration by hand: two groups of predictions have the slope between their log-odds', (t) => {
  // x = −1: 1 of 4; x = 1: 3 of 4. Log-odds ∓ln 3, so a = 0 and b = ln 3.
  const observed = [1, 0, 0, 0, 1, 1, 1, 0];
  const rows = rowsOf(observed.map((y) => [y]));
  const line = recalibrate(rows, Float64Array.of(-1, -1, -1, -1, 1, 1, 1, 1));
  t.true(line !== undefined && near(line.intercept, 0) && near(line.slope, Math.log(3)));
  // H = Σ p(1 − p)(1, x)(1, x)ᵀ = 1.5·I; every session one row: meat Σ r²·I = (6·(1/4)² + 2·(3/4)²)·I = 1.5·I; G/(G − 1) = 8/7.
  const error = Math.sqrt((8 / 7) * (1.5 / 1.5 ** 2));
  t.true(line !== undefined && near(line.slopeError, error) && near(line.interceptError, error));
});

test('recalibration refuses rows of one class and rows that separate', (t) => {
  t.is(recalibrate(rowsOf([[1], [1]]), Float64Array.of(0, 1)), undefined);
  t.is(recalibrate(rowsOf([[0], [0], [1], [1]]), Float64Array.of(-2, -1, 1, 2)), undefined);
  t.is(recalibrate(rowsOf([[0], [1]]), Float64Array.of(1, 1)), undefined);
});

testProp(
  'recalibrating a + b · x undoes it: intercept and slope follow, errors scale',
  [
    fc.integer({ min: 1, max: 1000 }),
    fc.double({ min: -1, max: 1, noNaN: true }),
    fc.double({ min: 0.3, max: 3, noNaN: true }),
  ],
  (t, seed, a, b) => {
    const draws = new KeyedDraws(seed, 'recalibration').at(0, 0);
    const x = Float64Array.from({ length: 400 }, () => 4 * draws.next() - 2);
    const rows = rowsOf(Array.from(x, (z) => [draws.next() < sigmoid(z) ? 1 : 0]));
    const plain = recalibrate(rows, x);
    const moved = recalibrate(
      rows,
      x.map((z) => a + b * z),
    );
    if (plain === undefined || moved === undefined) return t.fail();
    t.true(near(moved.slope, plain.slope / b, 1e-4));
    t.true(near(moved.slopeError, plain.slopeError / b, 1e-4));
    t.true(near(moved.intercept + moved.slope * a, plain.intercept, 1e-4));
    // The truth is slope 1: 5 standard errors are hardly ever exceeded.
    return t.true(Math.abs(plain.slope - 1) < 5 * plain.slopeError);
  },
  { numRuns: 30 },
);

test("quantities of a session by hand; a later session's clusters are its own", (t) => {
  const sessions = handMade([
    {
      shown: [
        { watch: 1, item: 0, seconds: 10 },
        { watch: 0, item: 3, seconds: 2 },
        { watch: 1, like: 1, item: 1, seconds: 8 },
      ],
    },
    { shown: [{ watch: 0, item: 1, seconds: 1 }] },
  ]);
  const found = Object.fromEntries(sessionQuantities(sessions).map(({ quantity, values }) => [quantity, [...values]]));
  t.deepEqual(found, {
    items: [3, 1],
    'distinct clusters': [2, 1],
    'dwell seconds': [20, 1],
    'watch per item': [2 / 3, 0],
    'like per item': [1 / 3, 0],
  });
});

const ofLengths = (...lengths: number[]): ReturnType<typeof handMade> =>
  handMade(lengths.map((length) => ({ shown: Array.from({ length }, () => ({ watch: 1 })) })));
const distance = (a: ReturnType<typeof handMade>, b: ReturnType<typeof handMade>): ReturnType<typeof distancesOf> =>
  distancesOf({ name: 'p', sessions: a }, { name: 'p', sessions: b }, REALISM_THRESHOLDS, stream(1), 0.95);

test('distances by hand', (t) => {
  // Lengths 1, 2, 4 against 2, 2: F₀ − F₁ is 1/3 on [1, 2), −1/3 on [2, 4).
  const [items] = distance(ofLengths(1, 2, 4), ofLengths(2, 2));
  t.is(items.quantity, 'items');
  t.true(near(items.ks, 1 / 3) && near(items.wasserstein, 1));
  t.deepEqual(
    [items.logged, items.simulated],
    [
      { sessions: 3, mean: 7 / 3 },
      { sessions: 2, mean: 2 },
    ],
  );
});

test('the same sessions are 0 apart; others that have nothing in common 1, and off', (t) => {
  const some = drawn(60, 1);
  for (const { ks, wasserstein, ok } of distance(some, some)) t.deepEqual([ks, wasserstein, ok], [0, 0, true]);
  const [items] = distance(ofLengths(...Array<number>(20).fill(2)), ofLengths(...Array<number>(20).fill(5)));
  t.deepEqual([items.ks, items.wasserstein, items.ok], [1, 3, false]);
});

testProp(
  'distances are symmetric, and a constant added to one side alone is its Wasserstein distance',
  [fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 9 })],
  (t, lengths, more) => {
    const a = ofLengths(...lengths);
    const b = ofLengths(...lengths.map((length) => length + more));
    const [[there], [back]] = [distance(a, b), distance(b, a)];
    t.true(near(there.wasserstein, more));
    t.true(near(back.wasserstein, more) && near(there.ks, back.ks));
    t.true(there.ks > 0 && there.ks <= 1);
  },
  { numRuns: 20 },
);

test('two draws of one population are near in all but a few of many tries', (t) => {
  let off = 0;
  for (let seed = 0; seed < 20; seed++) {
    const found = distance(drawn(50, 2 * seed), drawn(50, 2 * seed + 1));
    if (
      found.some(
        ({ ks, ksByChance, wasserstein, wassersteinByChance }) => ks > ksByChance || wasserstein > wassersteinByChance,
      )
    )
      off++;
  }
  // Of 20 with chance 5 %, 5 or more come once in 390 times.
  t.true(off <= 4, String(off));
});

test('ranking by hand: what the log cannot tell does not count', (t) => {
  const one = (name: string, ...lengths: number[]): { name: string; sessions: ReturnType<typeof handMade> } => ({
    name,
    sessions: ofLengths(...lengths),
  });
  // Means 2, 4 and 4.5 of logs in which the last two are not told apart.
  const logged = [one('a', 1, 2, 3, 2), one('b', 3, 4, 5, 4), one('c', 4, 4, 5, 5)];
  const [main, items] = rankingOf(logged, [one('c', 1, 1, 1, 1), one('a', 2, 2, 2, 2), one('b', 3, 3, 3, 3)]);
  t.is(main.metric, 'watch per session');
  t.deepEqual(
    items.pairs.map(({ policy, against, order }) => [policy, against, order]),
    [
      ['b', 'a', 'alike'],
      ['c', 'a', 'differently'],
      ['c', 'b', 'not told by the log'],
    ],
  );
  t.is(items.agreement, 0);
  t.deepEqual(items.policies[0].logged.mean, 2);
  t.deepEqual(items.pairs[1].simulated, { difference: -1, interval: [-1, -1] });
  const [, unsure] = rankingOf(logged.slice(0, 2), [one('a', 1, 9), one('b', 2, 9)]);
  t.is(unsure.pairs[0].order, 'not told by the simulator');
  t.is(unsure.agreement, 0);
  const [, none] = rankingOf(logged.slice(1), logged.slice(1));
  t.is(none.agreement, null);
  t.deepEqual(rankingOf(logged, [one('a', 1)]), []);
});

testProp(
  'a log agrees with itself on every pair that it tells apart',
  [fc.array(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 8 }), { minLength: 2, maxLength: 5 })],
  (t, policies) => {
    const logged = policies.map((lengths, i) => ({ name: `p${i}`, sessions: ofLengths(...lengths) }));
    for (const { agreement, pairs } of rankingOf(logged, logged)) {
      t.true(agreement === null || agreement === 1);
      t.is(pairs.length, (policies.length * (policies.length - 1)) / 2);
      t.is(
        agreement === null,
        pairs.every(({ order }) => order === 'not told by the log'),
      );
    }
  },
  { numRuns: 30 },
);

test("Spearman's rank correlation by hand, with ties and without variation", (t) => {
  t.is(spearman([1, 2, 3], [10, 20, 90]), 1);
  t.is(spearman([1, 2, 3], [3, 2, 1]), -1);
  t.true(near(spearman([1, 2, 3], [1, 1, 2]) ?? NaN, 1.5 / Math.sqrt(2 * 1.5)));
  t.is(spearman([1, 1, 1], [1, 2, 3]), null);
});

test('tolerances take the smaller of a share and a difference', (t) => {
  t.false(isFar(0.54, 0.5, 0.05, 0.2));
  t.true(isFar(0.56, 0.5, 0.05, 0.2));
  t.true(isFar(0.025, 0.02, 0.05, 0.2));
  t.false(isFar(0.0235, 0.02, 0.05, 0.2));
  t.is(errorLimit(0.5, 0.001, REALISM_THRESHOLDS), 0.03);
  t.is(errorLimit(0.05, 0.001, REALISM_THRESHOLDS), 0.2 * 0.05);
  t.is(errorLimit(0.05, 0.09, REALISM_THRESHOLDS), 0.09);
});

test('rows of heads by hand: engagement is known after the first answer, the exit where the end is known', (t) => {
  const sessions = handMade([
    { shown: [{ watch: 1 }, { watch: 0, like: 0 }] },
    { shown: [{ watch: 1, like: 1 }], end: 'step limit' },
  ]);
  const [watch, like, exit] = headRowsOf(modelOf({ watch: 0.5, like: 0.4, exit: (average) => average }), sessions);
  t.deepEqual([...watch.predicted], [0.5, 0.5, 0.5]);
  t.deepEqual([...like.predicted], [0.2, 0.2, 0.2]);
  t.deepEqual([...like.observed], [0, 0, 1]);
  t.deepEqual([...watch.steps], [0, 1, 0]);
  t.true(Number.isNaN(watch.engagement[0]) && near(watch.engagement[1], 1, 1e-6) && Number.isNaN(watch.engagement[2]));
  t.deepEqual(
    [[...exit.row], [...exit.session], [...exit.observed]],
    [
      [0, 1],
      [0, 0],
      [0, 1],
    ],
  );
  // 0.15, then 0.85 · 0.15; of at most 1 − 0.85² = 0.2775.
  t.true(near(exit.predicted[0], 0.15, 1e-6) && near(exit.predicted[1], 0.1275, 1e-6));
  t.true(near(exit.engagement[0], 1, 1e-6) && near(exit.engagement[1], 0.1275 / 0.2775, 1e-6));
});

test('rows of heads do not depend on how sessions are cut into chunks', (t) => {
  const sessions = drawn(3000, 4);
  t.true(sessions.row.length > 20_000, String(sessions.row.length));
  const [, , exit] = headRowsOf(modelOf(), sessions);
  // The last session alone says the same of itself.
  const last = sessions.starts.length - 2;
  const from = sessions.starts[last];
  const alone = headRowsOf(modelOf(), {
    ...sessions,
    starts: Int32Array.of(0, sessions.row.length - from),
    row: sessions.row.subarray(from),
    item: sessions.item.subarray(from),
    answers: sessions.answers.subarray(from * 3),
    left: sessions.left.subarray(from),
    unknown: sessions.unknown.subarray(from),
  });
  const own = alone[2].predicted;
  t.deepEqual(exit.predicted.slice(-own.length), own);
});

test('slices by hand: steps, clusters and policies; a cut into one slice is left out', (t) => {
  const sessions = handMade([
    { shown: [0, 1, 2, 3].map((item) => ({ watch: item % 2, item })) },
    { shown: [{ watch: 1, item: 4 }], policy: 1 },
  ]);
  const { tables } = slicesOf(headRowsOf(modelOf(), sessions).slice(0, 1), sessions, REALISM_THRESHOLDS);
  const found = tables.map(({ by, rows }) => [by, rows.map(({ slice, rows: n, observed }) => [slice, n, observed])]);
  t.deepEqual(found, [
    [
      'steps so far',
      [
        ['0 to 2', 4, 0.5],
        ['3 to 7', 1, 1],
      ],
    ],
    [
      'cluster of the item',
      [
        ['cluster 0', 2, 0.5],
        ['cluster 1', 2, 1],
        ['cluster 2', 1, 0],
      ],
    ],
    [
      'engagement so far',
      [
        ['lowest third', 1, 1],
        ['middle third', 1, 1],
        ['highest third', 1, 0],
      ],
    ],
    [
      'logging policy',
      [
        ['a', 4, 0.5],
        ['b', 1, 1],
      ],
    ],
  ]);
  t.true(
    tables.every(({ rows }) => rows.every(({ flagged }) => !flagged)),
    'five rows flag nothing',
  );
  const one = handMade([{ shown: [{ watch: 1 }] }]);
  t.deepEqual(slicesOf(headRowsOf(modelOf(), one), one, REALISM_THRESHOLDS).tables, []);
});

test('the calibration error of a perfect model exceeds its chance band in about one log of twenty', (t) => {
  let above = 0;
  for (let seed = 0; seed < 60; seed++) {
    const [, , exit] = headRowsOf(modelOf(), drawn(40, 100 + seed));
    const { quality, errorByChance } = calibrationOf(exit, REALISM_THRESHOLDS, stream(seed));
    if (quality.expectedCalibrationError > errorByChance) above++;
  }
  // Binomial(60, 5 %): 9 or more come once in 400 times.
  t.true(above <= 8, String(above));
});
