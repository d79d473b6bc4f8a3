import test from 'ava';
import fc from 'fast-check';
import { estimators, type EstimatorKey } from './estimators/index.js';
import type { Estimator } from './estimators/form.js';
import { close, eight, form, randomWorld, termsIn } from './estimators/_worlds.test.js';
import { biasOf, meanSquaredError, slopeChoice, tuneSetting } from './tuning.js';

const terms = termsIn(eight);
const KEYS = { ipw_clip: 'clippedIps', dr: 'clippedDr', switch_dr: 'switchDr', dros: 'dros' } as const;

/** The published scores: key, setting, with the upper bound of the bias, with the direct bias. */
const PUBLISHED: readonly (readonly [keyof typeof KEYS, number, number, number])[] = [
  ['ipw_clip', 0.5, 13.596220856861613, 0.35421752929687494],
  ['dr', 0.5, 9.760359011889461, 0.008395235188802082],
  ['switch_dr', 0.5, 9.836297821253881, 0.006935274251302083],
  ['dros', 0.5, 9.775687602513033, 0.006868716215699443],
  ['ipw_clip', 1.5, 11.43053870868861, 0.123504638671875],
  ['dr', 1.5, 9.665220547320233, 0.016455131022135416],
  ['switch_dr', 1.5, 9.764694238790325, 0.011440482584635422],
  ['dros', 1.5, 9.741913495237988, 0.008632735903161966],
  ['ipw_clip', 2, 10.748254629872289, 0.09911010742187501],
  ['dr', 2, 9.730227193770103, 0.01954276123046875],
  ['switch_dr', 2, 9.703095274632124, 0.011760534667968753],
  ['dros', 2, 9.734504436421812, 0.009388694276807958],
  ['ipw_clip', 10, 9.694794243299013, 0.1098828125],
  ['dr', 10, 9.60663825371568, 0.021726822916666666],
  ['switch_dr', 10, 9.60663825371568, 0.021726822916666666],
  ['dros', 10, 9.714402795037085, 0.015134327924198368],
];

test('the eight-round table: bias and scores, as published', (t) => {
  const clip = estimators.clippedIps.setting?.tuned?.kept(terms.weight, 1.5) ?? terms.weight;
  const plain = biasOf(terms, clip, false);
  t.true(close(plain.direct, 0.278125, 1e-14) && close(plain.bound, 3.3740758120768026, 1e-14));
  t.true(close(biasOf(terms, clip, true).direct, 0.010312499999999988, 1e-14));
  for (const [name, setting, bounded, direct] of PUBLISHED) {
    const estimator: Estimator = estimators[KEYS[name]];
    const kept = estimator.setting?.tuned?.kept(terms.weight, setting) ?? terms.weight;
    const bias = biasOf(terms, kept, estimator.needsGuesses);
    const { numerator } = form(KEYS[name], eight, setting);
    t.true(close(meanSquaredError(numerator, bias.bound), bounded, 1e-12), `${name} ${setting} bound`);
    t.true(close(meanSquaredError(numerator, bias.direct), direct, 1e-12), `${name} ${setting} direct`);
  }
});

test('the eight-round table: settings chosen among 0.5, 1, 1.5, 2 and 10, as published', (t) => {
  const candidates = [0.5, 1, 1.5, 2, 10];
  const published: [EstimatorKey, number, number][] = [
    ['clippedIps', 0.5, 10],
    ['clippedDr', 0.5, 10],
    ['switchDr', 1, 10],
    ['dros', 0.5, 10],
  ];
  for (const [key, slope, mse] of published) {
    t.is(tuneSetting(estimators[key], terms, { method: 'slope', candidates }), slope, key);
    t.is(tuneSetting(estimators[key], terms, { method: 'mse', candidates }), mse, key);
  }
});

test('SLOPE by hand: it stops before the first that disagrees with any before it', (t) => {
  const slope = Math.sqrt(6) - 1;
  // Widths 4, 2, 1: the third may be 1 + 1.449·2 from the second.
  const third = (value: number): number =>
    slopeChoice([
      { value, halfWidth: 1 },
      { value: 0, halfWidth: 4 },
      { value: 0, halfWidth: 2 },
    ]);
  t.is(third(1 + slope * 2 - 1e-9), 0);
  t.is(third(1 + slope * 2 + 1e-9), 2);
});

test('what is chosen is a candidate; one candidate is chosen whatever the log; others are refused', (t) => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 3, max: 60 }), (seed, n) => {
      const log = termsIn(randomWorld(seed, n, 4));
      for (const method of ['slope', 'mse'] as const) {
        for (const key of ['clippedIps', 'sgIps', 'clippedDr', 'switchDr', 'dros', 'sgDr'] as const) {
          const { setting }: Estimator = estimators[key];
          t.true(setting?.tuned?.candidates.includes(tuneSetting(estimators[key], log, { method })));
          t.is(tuneSetting(estimators[key], log, { method, candidates: [0.7] }), 0.7);
        }
      }
    }),
    { numRuns: 20 },
  );
  t.throws(() => tuneSetting(estimators.snips, terms, { method: 'mse' }), {
    message: /^tuning of Self-normalised IPS: expected an estimator whose setting trades bias/,
  });
});

test('where clipping costs nothing SLOPE clips, where it costs all it does not', (t) => {
  const n = 20_000;
  const world = randomWorld(6, n, 2);
  const weight = Float64Array.from({ length: n }, (_, i) => (i % 50 === 0 ? 25 : 0.5102));
  const free = {
    weight,
    reward: Float64Array.from(world.rounds.reward, (r, i) => (i % 50 === 0 ? (i % 100) / 25 - 1 : r)),
  };
  const dear = { weight, reward: Float64Array.from({ length: n }, (_, i) => (i % 50 === 0 ? 1 : 0.01)) };
  t.true(tuneSetting(estimators.clippedIps, free, { method: 'slope' }) <= 1);
  t.true(tuneSetting(estimators.clippedIps, dear, { method: 'slope' }) >= 20);
  t.true(tuneSetting(estimators.clippedIps, dear, { method: 'mse' }) >= 20);
});
