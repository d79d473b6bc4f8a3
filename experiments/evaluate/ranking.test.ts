import test from 'ava';
import fc from 'fast-check';
import { discountedGain, normalisedGain, plackettLuceRewards } from './ranking.js';
import { close } from './estimators/_worlds.test.js';

test('gains of two slates, as published', (t) => {
  const rewards = [2, 1, 0, 3, 1.5, 2.5];
  const ideal = [1, 2.5, 2, 3, 1.5, 0];
  const of = (slate: number[]): number[] => slate.map((item) => rewards[item]);
  t.is(discountedGain(of([1, 3, 2])).toPrecision(10), '5.416508275');
  t.is(normalisedGain(of([1, 3, 2]), ideal).toPrecision(12), '0.473547668769');
  t.is(discountedGain(of([5, 0, 4])).toPrecision(12), '7.46385707258');
  t.is(normalisedGain(of([5, 0, 4]), ideal).toPrecision(12), '0.652540702847');
  t.is(normalisedGain([0, 0], [0, 0, 0]), 0);
});

test('Plackett-Luce: expected rewards per slot, as published and by hand', (t) => {
  const expected = plackettLuceRewards([1, 0.5, 2.5, 2, 5], [3, 8, 0, 4, 1], 3);
  t.deepEqual(
    Array.from(expected, (reward) => reward.toPrecision(12)),
    ['1.81818181818', '2.13735676089', '2.66197113001'],
  );
  // Two items of scores 3 and 1: the first slot has the first item in 3 of 4 rankings.
  const two = plackettLuceRewards([3, 1], [1, 0], 2);
  t.true(close(two[0], 0.75, 1e-15) && close(two[1], 0.25, 1e-15));
});

test('Plackett-Luce: all slots together show every item once; equal scores show the mean; one score takes all', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.double({ min: 0.01, max: 100, noNaN: true }), fc.double({ min: -5, max: 5, noNaN: true })), {
        minLength: 1,
        maxLength: 8,
      }),
      (items) => {
        const scores = items.map(([score]) => score);
        const rewards = items.map(([, reward]) => reward);
        const total = rewards.reduce((a, b) => a + b);
        const all = plackettLuceRewards(scores, rewards, items.length);
        t.true(
          close(
            all.reduce((a, b) => a + b),
            total,
            1e-7,
          ),
        );
        const equal = plackettLuceRewards(
          scores.map(() => 2),
          rewards,
          items.length,
        );
        t.true(equal.every((reward) => close(reward, total / items.length, 1e-9)));
      },
    ),
    { numRuns: 50 },
  );
  t.true(close(plackettLuceRewards([1e15, 1, 1], [7, 0, 0], 1)[0], 7));
  t.throws(() => plackettLuceRewards(new Float64Array(40).fill(1), new Float64Array(40), 3), {
    message: /^Plackett-Luce: expected at most 30 items.*received 40 items in 3 slots\. Draw rankings instead/,
  });
});
