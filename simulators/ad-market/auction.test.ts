import test from 'ava';
import fc from 'fast-check';
import { stream } from '../../core/random.js';
import { generateAds } from './ads.js';
import { Auction } from './auction.js';
import { Budgets } from './budgets.js';
import { requestBuffers, type RequestBuffers } from './columns.js';
import { adMarketDefaults, type AdMarketSettings } from './settings.js';

const shape = { numeric: 1, categorical: 1, candidates: 3, slots: 2 };
const settings: AdMarketSettings = { ...adMarketDefaults, ads: 3, advertisers: 3, candidates: 3, requestsPerDay: 100 };
const ads = generateAds(settings);

/** One request of three candidates: [bid, action, click, long click, hide] each. */
function request(rows: readonly (readonly number[])[]): RequestBuffers {
  const out = requestBuffers(shape, 1);
  out.count = 1;
  rows.forEach(([bid, ...heads], j) => {
    out.ad[j] = j;
    out.bid[j] = bid;
    out.predicted.set(heads, j * 4);
    out.truth.set(heads, j * 4);
  });
  return out;
}

const three = request([
  [2, 0.1, 0.1, 0, 0],
  [1, 0.3, 0.5, 0.1, 0],
  [4, 0.025, 0.8, 0.3, 0.6],
]);
const run = (given: Partial<AdMarketSettings>, weights: readonly number[], asked = three): Auction => {
  const auction = new Auction({ ...settings, ...given }, ads);
  auction.run(asked, 0, Float32Array.from(weights));
  return auction;
};
const near = (values: Float64Array): number[] => Array.from(values, (value) => Number(value.toFixed(5)));

test('utilities are bid times action plus weighted engagement: worked by hand', (t) => {
  // Revenue alone: 0.2, 0.3, 0.1.
  t.deepEqual([...run({}, [0, 0, 0]).shown], [1, 0]);
  t.deepEqual(near(run({}, [0, 0, 0]).price), [1, 2]);
  // Clicks at 0.5: 0.25, 0.55, 0.5. Hides at 0.5 as well: 0.25, 0.55, 0.2.
  t.deepEqual([...run({}, [0.5, 0, 0]).shown], [1, 2]);
  t.deepEqual([...run({}, [0.5, 0, 0.5]).shown], [1, 0]);
  // Long clicks at 1: 0.2, 0.4, 0.4 — the same utility up to rounding; at 1.1 the third is first.
  t.deepEqual([...run({}, [0, 1.1, 0]).shown], [2, 1]);
});

test('second price is the least that keeps the slot, and the reserve for who is last', (t) => {
  // Clicks at 0.5: 0.55, 0.5, 0.25. First: (0.5 − 0.25) ÷ 0.3; second: its engagement 0.4 already beats 0.25.
  const { shown, price } = run({ payment: 'second' }, [0.5, 0, 0]);
  t.deepEqual([...shown], [1, 2]);
  t.deepEqual(near(price), [0.83333, 0]);
  t.deepEqual(near(run({ payment: 'second', reserve: 0.9 }, [0.5, 0, 0]).price), [0.9, 0.9]);
  // Two above the reserve of 1.5: the last pays just that.
  const two = run({ payment: 'second', reserve: 1.5 }, [0, 0, 0]);
  t.deepEqual([...two.shown], [0, 2]);
  t.deepEqual(near(two.price), [1.5, 1.5]);
});

test('who bids less than the reserve is not shown; a slot may stay empty', (t) => {
  t.deepEqual([...run({ reserve: 3 }, [0, 0, 0]).shown], [2, -1]);
  t.deepEqual(near(run({ reserve: 3 }, [0, 0, 0]).price), [4, 0]);
  t.deepEqual([...run({ reserve: 5 }, [1, 1, 1]).shown], [-1, -1]);
});

test('candidates of no value at all come in their order', (t) => {
  const zeros = request([
    [0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0],
  ]);
  t.deepEqual([...run({}, [1, 1, 1], zeros).shown], [0, 1]);
  t.deepEqual([...run({ payment: 'second' }, [1, 1, 1], zeros).price], [0, 0]);
});

test('an advertiser without budget stands outside, and nobody pays more than is left', (t) => {
  const budgets = new Budgets(settings, Float64Array.of(5, 0, 3), [1]);
  budgets.moveTo(0);
  const auction = new Auction(settings, ads);
  auction.run(three, 0, new Float32Array(3), budgets);
  t.deepEqual([...auction.shown], [0, 2]);
  t.deepEqual([...auction.price], [2, 3]);
});

test('slots are in the order of utility, and prices between reserve and bid', (t) => {
  const cell = fc.record({
    seed: fc.integer(),
    weights: fc.tuple(fc.double({ min: 0, max: 2, noNaN: true }), fc.double({ min: 0, max: 2, noNaN: true })),
    reserve: fc.double({ min: 0, max: 2, noNaN: true }),
  });
  fc.assert(
    fc.property(cell, ({ seed, weights: [click, hide], reserve }) => {
      const random = stream(seed);
      const asked = request(
        [0, 1, 2].map(() => [3 * random.next(), ...Array.from({ length: 4 }, () => random.next())]),
      );
      const { shown, price } = run({ payment: 'second', reserve }, [click, 0, hide], asked);
      const utility = (j: number): number =>
        asked.predicted[j * 4] * asked.bid[j] + click * asked.predicted[j * 4 + 1] - hide * asked.predicted[j * 4 + 3];
      const allowed = [0, 1, 2].filter((j) => asked.bid[j] >= reserve).sort((a, b) => utility(b) - utility(a));
      [0, 1].forEach((k) => {
        t.true(k < allowed.length ? Math.abs(utility(shown[k]) - utility(allowed[k])) < 1e-6 : shown[k] === -1);
        if (shown[k] >= 0) t.true(price[k] >= reserve && price[k] <= asked.bid[shown[k]] + 1e-9);
      });
    }),
    { numRuns: 200 },
  );
});
