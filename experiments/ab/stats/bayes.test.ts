import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { posteriorEffect, rescaledPrior } from './bayes.js';
import { posteriorProportions } from './beta-belief.js';

const apart = (a: number, b: number): number => (a === b ? 0 : Math.abs(a - b) / Math.abs(b));

test('a prior of relative effects and one of differences are not the same number', (t) => {
  // Control 0.5, difference 0.1 ± 0.1. Prior N(0, 0.2²) of the relative effect is N(0, 0.1²) of the difference.
  const relative = rescaledPrior({ scale: 'relative', mean: 0, deviation: 0.2 }, 'absolute', 0.5);
  const absolute = rescaledPrior({ scale: 'absolute', mean: 0, deviation: 0.2 }, 'absolute', 0.5);
  t.deepEqual(relative, { mean: 0, deviation: 0.1 });
  t.deepEqual(absolute, { mean: 0, deviation: 0.2 });
  t.true(apart(posteriorEffect(0.1, 0.1, relative).mean, 0.05) < 1e-14);
  t.true(apart(posteriorEffect(0.1, 0.1, absolute).mean, 0.08) < 1e-14);
  // Asked on either scale, the same belief comes out.
  const asRelative = posteriorEffect(
    0.2,
    0.2,
    rescaledPrior({ scale: 'absolute', mean: 0, deviation: 0.2 }, 'relative', -0.5),
  );
  t.true(apart(asRelative.chanceToWin, posteriorEffect(0.1, 0.1, absolute).chanceToWin) < 1e-14);
});

testProp(
  'the two risks differ by the effect, and the chance tells which is smaller',
  [fc.double({ min: -3, max: 3, noNaN: true }), fc.double({ min: 0.1, max: 2, noNaN: true })],
  (t, effect, error) => {
    const { risk, riskOfControl, chanceToWin, interval } = posteriorEffect(effect, error);
    t.true(Math.abs(riskOfControl - risk - effect) < 1e-12);
    t.true(Math.abs(effect) < 1e-12 || risk < riskOfControl === chanceToWin > 0.5);
    t.true(interval[0] < effect && effect < interval[1]);
  },
);

test('uniform beliefs by hand', (t) => {
  // No data: a coin, and E max(0, X − Y) of two uniform numbers is 1/6.
  const none = posteriorProportions({ successes: 0, units: 0 }, { successes: 0, units: 0 });
  t.true(apart(none.chanceToWin, 0.5) < 1e-12 && apart(none.risk, 1 / 6) < 1e-12);
  // 0 of 1 against 1 of 1: densities 2(1 − x) and 2x. P(B > A) = ∫ 2x (1 − (1 − x)²) = 5/6.
  const one = posteriorProportions({ successes: 0, units: 1 }, { successes: 1, units: 1 });
  t.true(apart(one.chanceToWin, 5 / 6) < 1e-12);
  // E B − E A = 2/3 − 1/3 is the difference of the two risks; risk = ∫ x² · (1 − x)² = 1/30.
  t.true(apart(one.risk, 1 / 30) < 1e-12 && apart(one.riskOfControl - one.risk, 1 / 3) < 1e-12);
  t.true(apart(one.values[1].mean, 2 / 3) < 1e-15);
  t.true(apart(one.values[1].interval[0], Math.sqrt(0.025)) < 1e-12);
});

test('computed apart from this code, in Python: sums over whole numbers, and tails far out', (t) => {
  const far = posteriorProportions({ successes: 60, units: 100 }, { successes: 20, units: 100 });
  t.true(apart(far.chanceToWin, 2.6366291496418332e-9) < 1e-9, `${far.chanceToWin}`);
  t.true(apart(far.riskOfControl, 2.98461363995211e-11) < 1e-9, `${far.riskOfControl}`);
  const many = posteriorProportions({ successes: 1396, units: 3000 }, { successes: 1700, units: 3461 });
  t.true(apart(many.chanceToWin, 0.9809809226167958) < 1e-10, `${many.chanceToWin}`);
});

const counts = fc
  .tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 3000 }))
  .map(([successes, rest]) => ({
    successes,
    units: successes + rest,
  }));

testProp(
  'swapping the arms swaps the answer',
  [counts, counts],
  (t, a, b) => {
    const jeffreys = { a: 0.5, b: 0.5 };
    const [here, there] = [posteriorProportions(a, b, jeffreys), posteriorProportions(b, a, jeffreys)];
    t.true(Math.abs(here.chanceToWin + there.chanceToWin - 1) < 1e-11);
    t.true(apart(here.risk, there.riskOfControl) < 1e-11 || here.risk < 1e-300);
    const gap = here.values[1].mean - here.values[0].mean;
    t.true(Math.abs(here.riskOfControl - here.risk - gap) < 1e-11);
  },
  {
    numRuns: 60,
    examples: [
      [
        { successes: 17, units: 17 },
        { successes: 0, units: 0 },
      ],
    ],
  },
);
