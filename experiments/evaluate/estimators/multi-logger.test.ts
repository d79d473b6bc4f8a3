import test from 'ava';
import fc from 'fast-check';
import { moments } from '../../../core/stats/moments.js';
import { influenceOf, standardErrorOf } from '../summarise.js';
import { close, eight, form, randomWorld, value, type World } from './_worlds.test.js';
import type { EstimatorKey } from './index.js';

function by(world: World, served: Int32Array, count: number, propensity?: Float64Array): World {
  const loggers = propensity === undefined ? { count, served } : { count, served, propensity };
  return { ...world, rounds: { ...world.rounds, loggers } };
}

test('two loggers by hand, on the eight-round table', (t) => {
  const served = Int32Array.of(0, 0, 0, 0, 0, 1, 1, 1);
  const other = [0.3, 0.2, 0.5, 0.4, 0.6, 0.5, 0.1, 0.7];
  const { propensity } = eight.rounds;
  const both = Float64Array.from({ length: 16 }, (_, at) => (at % 2 === 0 ? propensity[at >> 1] : other[at >> 1]));
  const world = by(eight, served, 2, both);
  const chosen = [0.2, 0.8, 0.1, 0.25, 0.9, 0.4, 0.1, 0.85];
  const mixture = chosen.map((p, i) => p / ((5 / 8) * propensity[i] + (3 / 8) * other[i]));
  const { reward } = eight.rounds;
  t.true(close(value('pooledIps', world), mixture.reduce((sum, w, i) => sum + w * reward[i], 0) / 8, 1e-14));
  // Weighted: the two strata of w·r, each by n / variance.
  const x = [0.4, 0, 0.125, 0, 2.25, 1.6, 0, 2.125];
  const [first, second] = [moments(x.slice(0, 5)), moments(x.slice(5))];
  const [a, b] = [5 / first.variance, 3 / second.variance];
  t.true(close(value('weightedIps', world), (a * first.mean + b * second.mean) / (a + b), 1e-14));
});

test('one logger is the naive estimator; weighting never leaves the strata', (t) => {
  const naive: [EstimatorKey, EstimatorKey][] = [
    ['pooledIps', 'ips'],
    ['weightedIps', 'ips'],
    ['pooledDr', 'dr'],
    ['weightedDr', 'dr'],
  ];
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 4, max: 40 }), (seed, n) => {
      const world = randomWorld(seed, n, 3);
      const alone = by(world, new Int32Array(n), 1);
      for (const [key, same] of naive) {
        t.true(close(value(key, alone), value(same, world)), key);
      }
      const served = Int32Array.from({ length: n }, (_, i) => i % 2);
      const rounds = form('ips', world).numerator;
      const means = [0, 1].map((k) => moments(rounds.filter((_, i) => i % 2 === k)).mean).sort((a, b) => a - b);
      const weighted = value('weightedIps', by(world, served, 2));
      t.true(weighted >= means[0] - 1e-12 && weighted <= means[1] + 1e-12);
    }),
    { numRuns: 40 },
  );
});

test('a logger without any reward does not pass for certainty', (t) => {
  const world = randomWorld(5, 60, 3);
  const served = Int32Array.from({ length: 60 }, (_, i) => (i < 6 ? 1 : 0));
  const silent = { ...world, rounds: { ...world.rounds, reward: world.rounds.reward.map((r, i) => (i < 6 ? 0 : r)) } };
  t.true(value('weightedIps', by(silent, served, 2)) > 0.8 * value('ips', silent));
});

test('the mixture is steadier than the propensity of who served', (t) => {
  // Two loggers with opposite tastes and a uniform target: the mixture is uniform, and every pooled weight 1.
  const n = 400;
  const world = randomWorld(9, n, 2);
  const served = Int32Array.from({ length: n }, (_, i) => i % 2);
  const tastes = [0.9, 0.1];
  const action = Int32Array.from({ length: n }, (_, i) => (i % 20 < 2 ? 1 - served[i] : served[i]));
  const each = Float64Array.from({ length: 2 * n }, (_, at) => tastes[(at % 2) ^ action[at >> 1]]);
  const rounds = { ...world.rounds, action, propensity: Float64Array.from(action, (_, i) => each[2 * i + served[i]]) };
  const target = new Float64Array(2 * n).fill(0.5);
  const pooled = by({ ...world, rounds, target }, served, 2, each);
  const error = (key: EstimatorKey): number => standardErrorOf(influenceOf(form(key, pooled)), false);
  t.true(close(value('pooledIps', pooled), rounds.reward.reduce((a, b) => a + b) / n));
  t.true(error('pooledIps') < 0.6 * error('ips'), `${error('pooledIps')} against ${error('ips')}`);
});
