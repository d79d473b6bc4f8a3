import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { KeyedDraws } from '../../../core/draws.js';
import { normal } from '../../../core/distributions.js';
import { normalUpper } from '../../../core/stats/normal.js';
import {
  driftForPower,
  groupBounds,
  repeatedInterval,
  stageWiseInterval,
  stageWisePValue,
  stoppingProbabilities,
  type GroupBounds,
} from './group-sequential.js';
import { parseSpending, spentBy, type Spending } from './spending.js';

const close = (a: number, b: number, tolerance: number): boolean => Math.abs(a - b) <= tolerance;
const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
const equal = (looks: number): number[] => Array.from({ length: looks }, (_, k) => (k + 1) / looks);
const bounds = (spending: Spending, at = equal(5), sides: 1 | 2 = 2): GroupBounds =>
  groupBounds({ at, level: sides === 2 ? 0.95 : 0.975, spending, sides });
const OBF = { kind: 'obrien-fleming' } as const;

test('published bounds: five equally spaced looks, two-sided 5 %', (t) => {
  // The second bound is printed as 3.3569 by the first programs; 40-digit integration of its look gives 3.357012.
  const published: readonly (readonly [Spending, readonly number[]])[] = [
    [OBF, [4.8769, 3.357, 2.6803, 2.2898, 2.031]],
    [{ kind: 'pocock' }, [2.438, 2.4268, 2.4102, 2.3966, 2.386]],
  ];
  for (const [spending, expected] of published)
    bounds(spending).z.forEach((z, k) => t.true(close(z, expected[k], 6e-5), `${spending.kind} ${k}: ${z}`));
  t.true(close(bounds(OBF).z[1], 3.357012, 2e-6));
});

test('published constants of Pocock and of O’Brien and Fleming cross with 5 %, and need the published sample sizes', (t) => {
  // Jennison and Turnbull (2000), tables 2.1 to 2.4: constants 2.413 and 2.040, inflation 1.229 (power 0.8), 1.026 (0.9).
  const flat = { ...bounds(OBF), z: equal(5).map(() => 2.4132) };
  const falling = { ...bounds(OBF), z: equal(5).map((at) => 2.0401 / Math.sqrt(at)) };
  for (const { upper, lower } of [stoppingProbabilities(flat, 0), stoppingProbabilities(falling, 0)])
    t.true(close(total(upper) + total(lower), 0.05, 1e-5));
  t.true(close((driftForPower(flat, 0.8) / (1.959964 + 0.841621)) ** 2, 1.229, 6e-4));
  t.true(close((driftForPower(falling, 0.9) / (1.959964 + 1.281552)) ** 2, 1.026, 6e-4));
});

test('one look is the test without looks', (t) => {
  const one = bounds(OBF, [1]);
  t.true(close(one.z[0], 1.959963984540054, 1e-12));
  t.true(close(one.nominal[0], 0.05, 1e-14));
  t.true(close(stageWisePValue(one, { look: 0, z: 2.2 }), 2 * normalUpper(2.2), 1e-15));
  const { estimate, low, high } = stageWiseInterval(one, { look: 0, z: 2.2 });
  t.true(close(estimate, 2.2, 1e-9) && close(low, 2.2 - one.z[0], 1e-9) && close(high, 2.2 + one.z[0], 1e-9));
  t.deepEqual(stoppingProbabilities(one, 0).expectedFraction, 1);
});

test('two looks by hand: what is spent, and independent halves', (t) => {
  const two = bounds({ kind: 'power', phi: 1 }, [0.5, 1]);
  t.true(close(two.spent[0], 0.025, 1e-15) && close(two.spent[1], 0.05, 1e-15));
  // Half the error at half the time: the first bound is the quantile of 1.25 % a side.
  t.true(close(two.z[0], 2.241402727604947, 1e-12));
  // Bounds that never stop leave the last look's tail untouched.
  const never = { ...two, z: [Infinity, 1.5] };
  t.true(close(stoppingProbabilities(never, 0).upper[1], normalUpper(1.5), 1e-9));
});

const spendings = fc.oneof(
  fc.constant<Spending>(OBF),
  fc.constant<Spending>({ kind: 'pocock' }),
  fc.double({ min: 0.3, max: 5, noNaN: true }).map((phi): Spending => ({ kind: 'power', phi })),
  fc.double({ min: -8, max: 4, noNaN: true }).map((gamma): Spending => ({ kind: 'hwang-shih-decani', gamma })),
);
const schedules = fc
  .uniqueArray(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 6 })
  .map((ticks) => [...ticks].sort((a, b) => a - b))
  .map((ticks) => ticks.map((tick) => tick / ticks[ticks.length - 1]));

testProp(
  'what is crossed under no effect is what was spent, at every look and 1 − level in all',
  [spendings, schedules, fc.constantFrom<1 | 2>(1, 2)],
  (t, spending, at, sides) => {
    const plan = bounds(spending, at, sides);
    const { upper, lower } = stoppingProbabilities(plan, 0);
    let crossed = 0;
    plan.at.forEach((_, k) => {
      crossed += upper[k] + lower[k];
      t.true(close(crossed, plan.spent[k], 1e-9));
    });
    t.true(close(crossed, sides === 2 ? 0.05 : 0.025, 1e-9));
  },
  { numRuns: 40 },
);

testProp(
  'spending begins at 0, ends at α and never falls',
  [spendings, fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })],
  (t, spending, a, b) => {
    t.is(spentBy(spending, 0, 0.05), 0);
    t.is(spentBy(spending, 1, 0.05), 0.05);
    const [early, late] = [spentBy(spending, Math.min(a, b), 0.05), spentBy(spending, Math.max(a, b), 0.05)];
    t.true(early >= 0 && early <= late * (1 + 1e-12) && late <= 0.05 * (1 + 1e-12));
  },
);

test('played out: stops under an effect are those computed', (t) => {
  const plan = bounds({ kind: 'pocock' }, [0.2, 0.5, 1]);
  const { upper, lower, expectedFraction } = stoppingProbabilities(plan, 1.5);
  const games = 20_000;
  const counted = [0, 0, 0, 0];
  const draws = new KeyedDraws(11, 'group-sequential test');
  let seen = 0;
  for (let game = 0; game < games; game++) {
    draws.at(game, 0);
    let [x, before] = [0, 0];
    for (let k = 0; k < 3; k++) {
      const step = plan.at[k] - before;
      before = plan.at[k];
      x += normal(draws, 1.5 * step, Math.sqrt(step));
      const z = x / Math.sqrt(before);
      const stop = Math.abs(z) >= plan.z[k];
      if (stop) counted[z > 0 ? k : 3]++;
      if (!stop && k < 2) continue;
      seen += before / games;
      break;
    }
  }
  [...upper, total(lower)].forEach((p, k) =>
    t.true(close(counted[k] / games, p, 4 * Math.sqrt((p * (1 - p)) / games) + 1e-9), `${k}`),
  );
  t.true(close(seen, expectedFraction, 0.01));
});

test('stage-wise p: α exactly on the last bound, smaller the earlier, uniform in between, never 0', (t) => {
  const plan = bounds(OBF);
  t.true(close(stageWisePValue(plan, { look: 4, z: plan.z[4] }), 0.05, 1e-9));
  t.true(close(stageWisePValue(plan, { look: 2, z: plan.z[2] }), plan.spent[2], 1e-9));
  t.true(stageWisePValue(plan, { look: 3, z: 3 }) > stageWisePValue(plan, { look: 2, z: plan.z[2] }));
  t.is(stageWisePValue(plan, { look: 1, z: -4 }), stageWisePValue(plan, { look: 1, z: 4 }));
  t.true(close(stageWisePValue(plan, { look: 4, z: 0 }), 1, 1e-9));
  const tiny = stageWisePValue(plan, { look: 0, z: 60 });
  t.true(tiny > 0 && tiny < 1e-300);
  t.true(stageWisePValue(bounds(OBF, equal(5), 1), { look: 4, z: -3 }) > 0.99);
});

test('stage-wise intervals leave 0 out exactly when the bound was crossed, and shrink the estimate', (t) => {
  const plan = bounds({ kind: 'pocock' });
  for (const [look, z] of [
    [4, plan.z[4] + 1e-6],
    [2, plan.z[2] + 1e-6],
  ])
    t.true(stageWiseInterval(plan, { look, z }).low > 0);
  t.true(stageWiseInterval(plan, { look: 4, z: plan.z[4] - 1e-4 }).low < 0);
  const { estimate, low, high } = stageWiseInterval(plan, { look: 1, z: 3 });
  t.true(low < estimate && estimate < high && estimate < 3 / Math.sqrt(0.4));
});

test('any z has an interval, however far it lies', (t) => {
  const plan = bounds(OBF);
  for (const z of [-60, -5, 0, 5, 60]) {
    const { estimate, low, high } = stageWiseInterval(plan, { look: 4, z });
    t.true(low < estimate && estimate < high, `${z}`);
    const mirrored = stageWiseInterval(plan, { look: 4, z: -z });
    t.true(close(mirrored.low, -high, 1e-6) && close(mirrored.estimate, -estimate, 1e-6), `${z}`);
  }
  t.is(stageWiseInterval(bounds(OBF, equal(3), 1), { look: 2, z: 1 }).high, Infinity);
});

test('repeated intervals leave 0 out exactly when the bound is crossed', (t) => {
  const plan = bounds(OBF);
  const at = { look: 2, standardError: 2 };
  t.true(repeatedInterval(plan, { ...at, estimate: 2 * plan.z[2] + 1e-9 }).low > 0);
  t.true(repeatedInterval(plan, { ...at, estimate: 2 * plan.z[2] - 1e-9 }).low < 0);
  t.is(repeatedInterval(bounds(OBF, [0.01, 1]), { look: 0, estimate: 1, standardError: 1 }).low, -Infinity);
});

test('an overwhelming effect stops at the first look, and error that cannot be spent yet is kept for later', (t) => {
  const plan = bounds({ kind: 'pocock' });
  const { upper, expectedFraction } = stoppingProbabilities(plan, 60);
  t.true(close(upper[0], 1, 1e-12) && close(expectedFraction, 0.2, 1e-12));
  const early = bounds(OBF, [0.01, 0.5, 1]);
  t.is(early.z[0], Infinity);
  t.is(early.spent[0], 0);
  t.true(close(early.z[1], bounds(OBF, [0.5, 1]).z[0], 1e-9));
});

test('names and mistakes', (t) => {
  t.deepEqual(parseSpending('power=2'), { kind: 'power', phi: 2 });
  t.deepEqual(parseSpending('hwang-shih-decani=-4'), { kind: 'hwang-shih-decani', gamma: -4 });
  t.throws(() => parseSpending('obrien-flemming'), { message: /Did you mean 'obrien-fleming'/ });
  t.throws(() => parseSpending('power=0'), { message: /received 'power=0'/ });
  t.throws(() => bounds(OBF, [0.5, 0.4]), { message: /ascending information fractions/ });
  t.throws(() => bounds(OBF, [0.5, 0.5 + 1e-9, 1]), { message: /much closer together/ });
  t.throws(() => driftForPower(bounds(OBF), 1), { message: /power/ });
  t.throws(() => driftForPower(bounds(OBF, [0.01]), 0.8), { message: /a look at which the test may stop/ });
  t.throws(() => stageWisePValue(bounds(OBF), { look: 5, z: 1 }), { message: /from 0 to 4/ });
});
