import test from 'ava';
import fc from 'fast-check';
import { WeightGrid } from '../../logs/ad-utility/weight-grid.js';
import { AdMarket } from '../../simulators/ad-market/market.js';
import { contribution, groupsByContribution, utilityParts, weightAt } from './contributions.js';

const parts = { revenue: 6, predictions: [10, 5, 2] };

test('shares of the utility by hand', (t) => {
  // 0.2·10 = 2 beside revenue 6, 0.4·5 = 2 and 0.5·2 = 1.
  t.is(contribution(parts, [9, 0.4, 0.5], 0, 0.2), 2 / 11);
  t.is(contribution(parts, [0, 0, 0], 2, 0), 0);
  t.is(contribution({ revenue: 0, predictions: [0, 0, 0] }, [1, 1, 1], 0, 1), 0);
});

test('shares of all weights and of revenue are 1, and the curve is read backwards', (t) => {
  const weight = fc.double({ min: 0, max: 5, noNaN: true });
  fc.assert(
    fc.property(weight, weight, weight, fc.double({ min: 0, max: 0.99, noNaN: true }), (a, b, c, share) => {
      const weights = [a, b, c];
      const whole = weights.reduce((sum, w, g) => sum + contribution(parts, weights, g, w), 0);
      const revenue = 6 / (6 + 10 * a + 5 * b + 2 * c);
      const back = contribution(parts, weights, 1, weightAt(parts, weights, 1, share));
      return Math.abs(whole + revenue - 1) < 1e-12 && Math.abs(back - share) < 1e-12;
    }),
  );
  t.throws(() => weightAt({ revenue: 1, predictions: [0, 1, 1] }, [1, 1, 1], 0, 0.5), { message: /only zeros/ });
});

test("a grid picked from a market's contributions spans them, with production inside", (t) => {
  const market = new AdMarket({ users: 300, ads: 100, advertisers: 10 });
  const found = utilityParts(
    market,
    Float64Array.from({ length: 500 }, (_, r) => r * 997),
  );
  const groups = groupsByContribution(found, [0.2, 0.2, 0.2], { count: 7, from: 0.01, to: 0.5 });
  t.is(new WeightGrid(groups).size, 343);
  groups.forEach(({ levels, production }, g) => {
    t.is(production, 0.2);
    t.true(contribution(found, [0.2, 0.2, 0.2], g, levels[0]) <= 0.0101);
    t.true(contribution(found, [0.2, 0.2, 0.2], g, levels[6]) >= 0.4999);
  });
});
