import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { normal } from '../../../core/distributions.js';
import { stream } from '../../../core/random.js';
import { hajekSwitchback, horvitzThompsonSwitchback } from './carry-over.js';
import type { SwitchbackSeries } from './exposure.js';
import { switchbackPlan, tossWindows, type Windows } from './plan.js';
import { switchbackRandomisationP } from './randomisation.js';
import { washoutEffect } from './washout.js';

const near = (a: number, b: number, tolerance = 1e-12): boolean => Math.abs(a - b) <= tolerance;
const at = (carryOver: number): { carryOver: number; level: number } => ({ carryOver, level: 0.95 });

/** A place whose outcomes feel the treatments of the last `order` + 1 periods, each toss by toss. */
interface Place {
  readonly window: Int32Array;
  readonly order: number;
  /** What period t brings under the treatments of t − order … t. */
  readonly outcome: (t: number, recent: readonly number[]) => number;
}

/** Every way the coins can fall. */
function everyAssignment({ window, order, outcome }: Place): SwitchbackSeries[] {
  const windows = window[window.length - 1] + 1;
  return Array.from({ length: 2 ** windows }, (_, coins) => {
    const treated = Uint8Array.from(window, (w) => (coins >> w) & 1);
    const seen = Float64Array.from(window, (_w, t) =>
      outcome(
        t,
        Array.from({ length: order + 1 }, (__, k) => (t - order + k < 0 ? 0 : treated[t - order + k])),
      ),
    );
    return { window, treated, outcome: seen };
  });
}

/** Mean over t > p of always treating less never treating. */
function truth({ window, order, outcome }: Place, carryOver: number): number {
  let sum = 0;
  for (let t = carryOver; t < window.length; t++)
    sum += outcome(t, new Array<number>(order + 1).fill(1)) - outcome(t, new Array<number>(order + 1).fill(0));
  return sum / (window.length - carryOver);
}

const average = (list: readonly number[]): number => list.reduce((sum, x) => sum + x, 0) / list.length;

test('Horvitz and Thompson by hand: four periods, a coin each, carry-over over one', (t) => {
  const series = {
    window: Int32Array.of(0, 1, 2, 3),
    treated: Uint8Array.of(1, 1, 0, 0),
    outcome: Float64Array.of(9, 5, 7, 2),
  };
  // Period 2 saw 1 1, period 3 saw 1 0, period 4 saw 0 0; each clean pair has chance 1/4. (5 · 4 − 2 · 4)/3.
  const { difference, periods } = horvitzThompsonSwitchback([series], at(1));
  t.true(near(difference, 4));
  t.deepEqual(periods, [1, 1]);
  t.true(near(hajekSwitchback([series], at(1)).difference, 3));
  // Without carry-over: (9 + 5 − 7 − 2) · 2/4.
  t.true(near(horvitzThompsonSwitchback([series], at(0)).difference, 2.5));
});

const places = fc
  .record({
    lengths: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 7 }),
    order: fc.integer({ min: 0, max: 3 }),
    seed: fc.integer(),
  })
  .map(({ lengths, order, seed }): Place => {
    const window = Int32Array.from(lengths.flatMap((length, w) => new Array<number>(length).fill(w)));
    const luck = stream(seed);
    const table = Array.from(window, () => Array.from({ length: 2 ** (order + 1) }, () => normal(luck, 1, 2)));
    return { window, order, outcome: (t, recent) => table[t][recent.reduce((code, w) => 2 * code + w, 0)] };
  })
  .filter(({ window, order }) => window.length > order);

testProp(
  'over every assignment the mean of the estimates is the truth, and the variance is never understated',
  [places],
  (t, place) => {
    const all = everyAssignment(place).map((series) => horvitzThompsonSwitchback([series], at(place.order)));
    const mean = average(all.map(({ difference }) => difference));
    t.true(near(mean, truth(place, place.order), 1e-9));
    const variance = average(all.map(({ difference }) => (difference - mean) ** 2));
    const reported = average(all.map(({ standardError }) => standardError ** 2));
    t.true(reported >= variance - 1e-9, `${reported} < ${variance}`);
    // A baseline moves the spread and not the mean.
    const shifted = everyAssignment(place).map((series) =>
      horvitzThompsonSwitchback([series], { ...at(place.order), baseline: 1 }),
    );
    t.true(near(average(shifted.map(({ difference }) => difference)), mean, 1e-9));
  },
  { numRuns: 60 },
);

test('a carry-over longer than assumed biases the answer, as it should', (t) => {
  const window = Int32Array.from({ length: 8 }, (_, i) => i);
  const place: Place = { window, order: 2, outcome: (_, recent) => recent.reduce((sum, w) => sum + w, 0) };
  const mean = (carryOver: number): number =>
    average(everyAssignment(place).map((series) => horvitzThompsonSwitchback([series], at(carryOver)).difference));
  // Treating adds 1 in each of the next three periods. Seen one period at a time, only the own 1 of 3 shows.
  t.true(near(mean(2), 3, 1e-9));
  t.true(near(mean(0), 1, 1e-9));
});

test('where arms are alike and nothing varies the variance is exact', (t) => {
  const place: Place = { window: Int32Array.of(0, 0, 1, 1, 2, 2), order: 0, outcome: () => 1 };
  const all = everyAssignment(place).map((series) => horvitzThompsonSwitchback([series], at(0)));
  const variance = average(all.map(({ difference }) => difference ** 2));
  t.true(near(average(all.map(({ standardError }) => standardError ** 2)), variance));
  // Hájek's knows that nothing varies.
  const mixed = everyAssignment(place).filter(({ treated }) => treated.includes(1) && treated.includes(0));
  for (const series of mixed) {
    const { difference, standardError } = hajekSwitchback([series], at(0));
    t.true(near(difference, 0) && near(standardError, 0));
  }
});

test('several places have coins of their own', (t) => {
  const one = { window: Int32Array.of(0, 1), treated: Uint8Array.of(1, 0), outcome: Float64Array.of(4, 1) };
  const two = { window: Int32Array.of(0, 1), treated: Uint8Array.of(0, 1), outcome: Float64Array.of(2, 5) };
  t.true(near(horvitzThompsonSwitchback([one, two], at(0)).difference, ((4 + 5 - 1 - 2) * 2) / 4));
  const [a, b] = [one, two].map((series) => horvitzThompsonSwitchback([series], at(0)).standardError);
  // Independent places: squares of half their errors add up.
  const { standardError } = horvitzThompsonSwitchback([one, two], at(0));
  t.true(near(standardError ** 2, (a * a + b * b) / 4));
});

test('intervals hold a planted effect about as often as they say, and no effect is rarely found', (t) => {
  const luck = stream(11);
  const runs = 400;
  let [heldWashout, heldHajek] = [0, 0];
  for (let r = 0; r < runs; r++) {
    const plan = switchbackPlan(400, { kind: 'regular', length: 4 }, luck);
    let mood = 0;
    const outcome = Float64Array.from(plan.treated, (w, i) => {
      mood = 0.5 * mood + normal(luck);
      return 10 + mood + w + (i > 0 ? 0.5 * plan.treated[i - 1] : 0);
    });
    const washout = washoutEffect([{ ...plan, outcome }], at(1));
    const hajek = hajekSwitchback([{ ...plan, outcome }], at(1));
    if (washout.low <= 1.5 && washout.high >= 1.5) heldWashout++;
    if (hajek.low <= 1.5 && hajek.high >= 1.5) heldHajek++;
  }
  // 5 standard errors of a share of 0.95 are 0.054. Hájek's interval is conservative.
  t.true(heldWashout / runs > 0.88, `washout ${heldWashout / runs}`);
  t.true(heldHajek / runs > 0.93, `Hájek ${heldHajek / runs}`);
});

test('washout by hand', (t) => {
  const series = {
    window: Int32Array.of(0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3),
    treated: Uint8Array.of(0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0),
    outcome: Float64Array.of(99, 1, 3, 99, 6, 8, 7, 7, 10, 99, 2, 2),
  };
  const { means, windows, kept, dropped, difference } = washoutEffect([series], at(1));
  t.deepEqual(means, [(4 + 4) / 4, (14 + 24) / 5]);
  t.deepEqual([windows, kept, dropped], [[2, 2], 9, 3]);
  t.true(near(difference, 7.6 - 2));
  t.throws(() => washoutEffect([series], at(3)), { message: /two windows of each arm that outlast the carry-over/ });
});

test('plans: lengths are what was asked for, and coins are fair', (t) => {
  const lengthsOf = (windows: Windows, periods: number): number[] => {
    const { window, treated } = switchbackPlan(periods, windows, stream(3));
    const lengths = new Array<number>(window[periods - 1] + 1).fill(0);
    window.forEach((w, i) => {
      lengths[w]++;
      if (i > 0 && w === window[i - 1]) t.is(treated[i], treated[i - 1]);
    });
    return lengths;
  };
  t.deepEqual(lengthsOf({ kind: 'regular', length: 3 }, 10), [3, 3, 3, 1]);
  t.deepEqual(lengthsOf({ kind: 'minimax', carryOver: 2 }, 12), [4, 2, 2, 4]);
  t.deepEqual(lengthsOf({ kind: 'minimax', carryOver: 0 }, 4), [1, 1, 1, 1]);
  const random = lengthsOf({ kind: 'random', shortest: 2, longest: 4 }, 500);
  t.true(random.slice(0, -1).every((length) => length >= 2 && length <= 4) && new Set(random).size >= 3);
  const coins = tossWindows(
    Int32Array.from({ length: 4000 }, (_, i) => i),
    stream(5),
  );
  t.true(Math.abs(coins.reduce((sum, coin) => sum + coin, 0) - 2000) < 5 * Math.sqrt(1000));
  t.throws(() => switchbackPlan(4, { kind: 'regular', length: 0 }, stream(1)), { message: /windows of 1, 2, 3/ });
  t.throws(() => switchbackPlan(4, { kind: 'minimax', carryOver: 1.5 }, stream(1)), { message: /carry-over of 0, 1/ });
  const series = { window: Int32Array.of(0), treated: Uint8Array.of(1), outcome: Float64Array.of(1) };
  t.throws(() => horvitzThompsonSwitchback([series], at(1)), { message: /more periods than the carry-over of 1/ });
});

test('the randomisation test: certain for a certain effect, quiet without one', (t) => {
  const plan = switchbackPlan(60, { kind: 'regular', length: 2 }, stream(2));
  const luck = stream(4);
  const settings = { carryOver: 0, replicates: 199, seed: 1 };
  const strong = { ...plan, outcome: Float64Array.from(plan.treated, (w) => 5 * w + normal(luck)) };
  t.is(switchbackRandomisationP([strong], settings), 1 / 200);
  // Every toss of six windows, against the share that is drawn.
  const few = switchbackPlan(6, { kind: 'regular', length: 1 }, stream(2));
  const outcome = Float64Array.of(3, 1, 4, 1, 5, 9);
  const seen = Math.abs(hajekSwitchback([{ ...few, outcome }], at(0)).difference);
  const all = everyAssignment({ window: few.window, order: 0, outcome: (i) => outcome[i] });
  const hits = all.filter((series) => !(Math.abs(hajekSwitchback([series], at(0)).difference) < seen - 1e-12));
  const drawn = switchbackRandomisationP([{ ...few, outcome }], { carryOver: 0, replicates: 9999, seed: 3 });
  t.true(Math.abs(drawn - hits.length / all.length) < 0.025, `${drawn} against ${hits.length / all.length}`);
  const flat = { ...plan, outcome: Float64Array.from(plan.treated, () => 3) };
  t.is(switchbackRandomisationP([flat], settings), 1);
});
