import test from 'ava';
import fc from 'fast-check';
import { chiSquareUpper } from '../../../core/stats/chi-square.js';
import { stream } from '../../../core/random.js';
import { influenceOf, standardErrorOf, valueOf } from '../summarise.js';
import type { Terms } from '../rounds.js';
import { close, eight, form, randomWorld, termsIn, value } from './_worlds.test.js';
import { cressieRead, empiricalLikelihood } from './likelihood.js';

const terms = (weight: number[], reward: number[]): Terms => ({
  weight: Float64Array.from(weight),
  reward: Float64Array.from(reward),
});
const interval = (of: Terms, level = 0.95): readonly [number, number] =>
  empiricalLikelihood.interval?.of(of, 0, level) ?? [NaN, NaN];

test('two rounds by hand: both put the weights that have mean 1 on them', (t) => {
  // w = 0.5, 2 has mean 1 with q = 2/3, 1/3: Σ q·w·r = 1/3·r₁ + 2/3·r₂.
  const by = terms([0.5, 2], [0.3, 0.9]);
  t.true(close(valueOf(empiricalLikelihood.perRound(by, 0)), 0.7, 1e-12));
  t.true(close(valueOf(cressieRead.perRound(by, 0)), 0.7, 1e-12));
});

test('a log of constant rewards gives the constant exactly', (t) => {
  for (const constant of [1, 10, -1, 0.1]) {
    for (const seed of [1, 2, 3]) {
      const world = randomWorld(seed, 500, 4);
      const rounds = { ...world.rounds, reward: new Float64Array(500).fill(constant) };
      t.is(value('empiricalLikelihood', { ...world, rounds }), constant);
      t.is(value('cressieRead', { ...world, rounds }), constant);
      t.deepEqual(interval(termsIn({ ...world, rounds })), [constant, constant]);
    }
  }
  t.is(valueOf(cressieRead.perRound(terms([2, 2], [3, 3]), 0)), 3);
});

test('the conditions they are the solution of hold on random logs', (t) => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 5, max: 60 }), (seed, n) => {
      const world = randomWorld(seed, n, 3);
      const by = termsIn(world);
      const estimate = value('empiricalLikelihood', world);
      const rewards = [...world.rounds.reward].sort((a, b) => a - b);
      t.true(estimate >= rewards[0] - 1e-12 && estimate <= rewards[n - 1] + 1e-12);
      // Adding a constant to every reward adds it to both estimates.
      const moved = { ...world, rounds: { ...world.rounds, reward: world.rounds.reward.map((r) => r + 5) } };
      t.true(close(value('empiricalLikelihood', moved), estimate + 5));
      t.true(close(value('cressieRead', moved), value('cressieRead', world) + 5));
      // With weights of any size possible and a mean below 1, nothing is gained over the ratio.
      if (by.weight.reduce((a, b) => a + b) < n)
        t.true(close(value('empiricalLikelihood', world, Infinity), value('snips', world)));
      // Weights of mean 1 need no correction: both are IPS.
      const mean = by.weight.reduce((a, b) => a + b) / n;
      const centred: Terms = { reward: by.reward, weight: by.weight.map((w) => w / mean) };
      const plain = centred.weight.reduce((sum, w, i) => sum + w * by.reward[i], 0) / n;
      t.true(close(valueOf(empiricalLikelihood.perRound(centred, 0)), plain));
      t.true(close(valueOf(cressieRead.perRound(centred, 0)), plain));
    }),
    { numRuns: 40 },
  );
});

test('linearised rounds: influence against the change when a round counts double', (t) => {
  const by = termsIn(randomWorld(8, 400, 3));
  for (const estimator of [empiricalLikelihood, cressieRead]) {
    const rounds = estimator.perRound(by, 0);
    const influence = influenceOf(rounds);
    for (const i of [0, 17, 200]) {
      const doubled = (column: Float64Array): Float64Array => Float64Array.from([...column, column[i]]);
      const again = estimator.perRound({ weight: doubled(by.weight), reward: doubled(by.reward) }, 0);
      const change = valueOf(again) - valueOf(rounds);
      t.true(Math.abs(401 * change - influence[i]) < 0.03 * (1 + Math.abs(influence[i])), `${estimator.name} ${i}`);
    }
  }
});

test('the profile interval: its ends by an outside computation, the level it is asked for', (t) => {
  // Ends found with an independent maximiser (numpy, Newton on both multipliers) for the published eight rounds.
  const [low, high] = interval(termsIn(eight));
  t.true(close(low, GOLDEN.low, 1e-7) && close(high, GOLDEN.high, 1e-7), `${low} ${high}`);
  t.true(close(value('empiricalLikelihood', eight), GOLDEN.value, 1e-12), String(value('empiricalLikelihood', eight)));
  t.true(close(value('cressieRead', eight), GOLDEN.cressieRead, 1e-12), String(value('cressieRead', eight)));
  const wide = interval(termsIn(eight), 0.99);
  t.true(wide[0] < low && low < GOLDEN.value && GOLDEN.value < high && high < wide[1]);
  t.true(close(chiSquareUpper(3.841458820694124, 1), 0.05));
});

const GOLDEN = {
  low: 0.3165644491563623,
  high: 0.8779279003216947,
  value: 0.623491499087778,
  cressieRead: 0.6338339106402062,
};

test('in a large log the profile interval is the normal one, and both are shorter than that of IPS', (t) => {
  const world = randomWorld(4, 4000, 3);
  const of = form('empiricalLikelihood', world);
  const half = 1.959963984540054 * standardErrorOf(influenceOf(of), false);
  const [low, high] = interval(termsIn(world));
  t.true(Math.abs((high - low) / (2 * half) - 1) < 0.01, `${high - low} against ${2 * half}`);
  const plain = 1.959963984540054 * standardErrorOf(influenceOf(form('ips', world)), false);
  t.true(half < 0.8 * plain);
});

test('95 % profile intervals of short, skewed logs cover the truth', (t) => {
  const runs = 300;
  let covered = 0;
  for (let run = 0; run < runs; run++) {
    const luck = stream(run);
    const by = terms([], []);
    const weight = new Float64Array(150);
    const reward = new Float64Array(150);
    for (let i = 0; i < 150; i++) {
      const rare = luck.next() < 0.2;
      weight[i] = rare ? 2.5 : 0.625;
      reward[i] = luck.next() < (rare ? 0.3 : 0.1) ? 1 : 0;
    }
    const [low, high] = interval({ ...by, weight, reward });
    if (low <= 0.2 && 0.2 <= high) covered++;
  }
  t.true(covered / runs > 0.92 && covered / runs < 0.98, String(covered / runs));
});

test('with every weight 1 the profile is that of the mean: binomial likelihood for rewards of 0 and 1', (t) => {
  const n = 200;
  const successes = 60;
  const by = terms(
    new Array<number>(n).fill(1),
    Array.from({ length: n }, (_, i) => (i < successes ? 1 : 0)),
  );
  const [low, high] = interval(by);
  const p = successes / n;
  const ratio = (v: number): number =>
    2 * (successes * Math.log(p / v) + (n - successes) * Math.log((1 - p) / (1 - v)));
  t.true(low < p && p < high);
  for (const end of [low, high]) t.true(close(ratio(end), 1.959963984540054 ** 2, 1e-6), `${end}: ${ratio(end)}`);
});
