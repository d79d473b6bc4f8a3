import test from 'ava';
import fc from 'fast-check';
import { close, eight, form, randomWorld, value, type World } from './_worlds.test.js';
import { estimators, type EstimatorKey } from './index.js';
import type { Estimator } from './form.js';

const worlds = fc
  .tuple(fc.integer(), fc.integer({ min: 2, max: 40 }), fc.integer({ min: 2, max: 6 }))
  .map(([seed, n, actions]) => randomWorld(seed, n, actions));
const KEPT: readonly EstimatorKey[] = ['clippedIps', 'sgIps', 'clippedDr', 'switchDr', 'dros', 'sgDr'];

test('the eight-round table: sub-Gaussian, clipped DR, balanced, replay, as published', (t) => {
  const published: [EstimatorKey, number, number][] = [
    ['sgIps', 0, 0.8125],
    ['sgDr', 0, 0.4366666666666667],
    ['sgIps', 0.05, 0.7552615243240316],
    ['sgDr', 0.05, 0.4408071672311735],
    ['sgIps', 0.5, 0.5273199023199023],
    ['sgDr', 0.5, 0.4499937544180966],
    ['clippedDr', 1.5, 0.4469791666666667],
  ];
  for (const [key, setting, expected] of published) t.true(close(value(key, eight, setting), expected, 1e-12), key);
  const rounds = form('sgIps', eight, 0.5).numerator;
  const expected = [
    0.5714285714285715, 0, 0.2222222222222222, 0, 1.3846153846153846, 1.2307692307692308, 0, 0.8095238095238095,
  ];
  expected.forEach((number, i) => {
    t.true(close(rounds[i], number, 1e-14), `round ${i}`);
  });
  const ratio = Float64Array.of(0.5, 1.2, 0.3, 0.4, 2, 1.5, 0.2, 3);
  const balanced = { ...eight, rounds: { ...eight.rounds, ratio } };
  t.true(close(value('bips', balanced, 2.5), 0.6453488372093024, 1e-14));
  const chosen = [0, 1, 0, 2, 1, 2, 1, 1];
  const target = Float64Array.from({ length: 24 }, (_, at) => (at % 3 === chosen[Math.floor(at / 3)] ? 1 : 0));
  t.true(close(value('replay', { ...eight, target }), 0.7, 1e-14));
});

test('the eight-round table: rounds of the self-normalised estimators, as published', (t) => {
  const published = {
    snips: [
      0.30690770694576597, 0, 0.09590865842055186, 0, 1.7263558515699335, 1.2276308277830639, 0, 1.6304471931493818,
    ],
    sndr: [
      0.6027630827783064, -0.01921027592768798, 0.42918173168411045, 0.27909134157944815, 1.1390889628924834,
      0.7413815413891534, 0.10442435775451951, 0.2839105613701238,
    ],
  };
  for (const key of ['snips', 'sndr'] as const) {
    const { numerator, denominator = new Float64Array(0), offset } = form(key, eight);
    const mean = denominator.reduce((a, b) => a + b) / 8;
    published[key].forEach((number, i) => {
      t.true(close((offset?.[i] ?? 0) + numerator[i] / mean, number, 1e-14), `${key} round ${i}`);
    });
  }
});

test('kept weights: their limits and their bounds', (t) => {
  fc.assert(
    fc.property(worlds, (world) => {
      const [model, robust, plain] = [value('dm', world), value('dr', world), value('ips', world)];
      t.true(close(value('clippedDr', world, Infinity), robust) && close(value('clippedDr', world, 0), model));
      t.true(close(value('sgDr', world, 0), robust) && close(value('sgIps', world, 0), plain));
      t.true(close(value('switchDr', world, 1e9), robust) && close(value('dros', world, Infinity), robust));
      // λ = 1 keeps 1 wherever the policy could have acted: the logged mean.
      const mean = world.rounds.reward.reduce((a, b) => a + b) / world.rounds.reward.length;
      t.true(close(value('sgIps', world, 1), mean));
      for (const key of KEPT) {
        const { setting }: Estimator = estimators[key];
        const weight = form('snips', world).denominator ?? new Float64Array(0);
        for (const candidate of setting?.tuned?.candidates ?? []) {
          const kept = setting?.tuned?.kept(weight, candidate) ?? weight;
          const bounds: Record<string, number> = {
            sgIps: 1 / candidate,
            sgDr: 1 / candidate,
            dros: candidate ** 0.5 / 2,
          };
          const most = bounds[key] ?? candidate;
          t.true(
            kept.every((k) => k >= 0 && k <= most * (1 + 1e-12)),
            `${key} ${candidate}`,
          );
        }
      }
    }),
    { numRuns: 40 },
  );
});

test('identities of the others on random logs', (t) => {
  fc.assert(
    fc.property(worlds, (world) => {
      const { rounds, target } = world;
      const n = rounds.reward.length;
      const within = (number: number): boolean => number >= -1e-12 && number <= 1 + 1e-12;
      t.true(
        within(value('replay', world)) && within(value('bips', world)) && within(value('empiricalLikelihood', world)),
      );
      // The true ratio without a clip is SNIPS.
      const ratio = Float64Array.from(rounds.action, (a, i) => target[i * rounds.actions + a] / rounds.propensity[i]);
      t.true(close(value('bips', { ...world, rounds: { ...rounds, ratio } }, Infinity), value('snips', world)));
      t.true(close(value('switchIps', world, Infinity), value('ips', world)));
      t.true(close(value('switchIps', world, 0), value('dm', world)));
      // On a uniform log replay is SNIPS.
      const uniform = { ...rounds, propensity: new Float64Array(n).fill(1 / rounds.actions) };
      t.true(close(value('replay', { ...world, rounds: uniform }), value('snips', { ...world, rounds: uniform })));
    }),
    { numRuns: 60 },
  );
});

test('Switch-IPS by hand: one action above the threshold is left to the model', (t) => {
  const world: World = {
    rounds: {
      actions: 2,
      action: Int32Array.of(0, 1),
      reward: Float64Array.of(1, 0.5),
      propensity: Float64Array.of(0.8, 0.25),
      logging: Float64Array.of(0.8, 0.2, 0.75, 0.25),
    },
    target: Float64Array.of(0.4, 0.6, 0.1, 0.9),
    guesses: Float64Array.of(0.9, 0.3, 0.2, 0.7),
  };
  // Weights 0.5, 3 and 2/15, 3.6: at τ = 2 the second action is the model's in both rounds.
  t.true(close(value('switchIps', world, 2), (0.5 * 1 + 0.6 * 0.3 + 0.9 * 0.7) / 2, 1e-15));
});

test('what an estimator needs and does not get is said, with the flag that gives it', (t) => {
  const { rounds, target, guesses } = eight;
  const { actions, action, reward, propensity } = rounds;
  const bare = { rounds: { actions, action, reward, propensity }, target, guesses };
  t.throws(() => value('mips', bare), { message: /^mips: expected the whole serving policy.*--logging/ });
  t.throws(() => value('mips', eight), { message: /^mips: expected an embedding of the actions.*--embedding/ });
  t.throws(() => value('switchIps', bare), { message: /^switchIps: expected the whole serving policy/ });
  t.throws(() => value('weightedIps', bare), { message: /^weightedIps: expected which policy served.*--logger/ });
  const loggers = { count: 2, served: Int32Array.of(0, 0, 0, 0, 1, 1, 1, 1) };
  t.throws(() => value('pooledDr', { ...bare, rounds: { ...rounds, loggers } }), {
    message: /^pooledDr: expected every logger's propensity.*--logger-propensities/,
  });
});
