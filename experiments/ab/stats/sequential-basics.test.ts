import test from 'ava';
import { normalDensity } from '../../../core/stats/normal.js';
import { asymptoticSequence } from './asymptotic-sequence.js';
import { posteriorEffect } from './bayes.js';
import { adjust } from './multiple-testing.js';

test('corrections by hand', (t) => {
  const p = [0.04, 0.01, 0.03];
  t.deepEqual(adjust(p, 'none'), p);
  t.deepEqual(adjust(p, 'bonferroni'), [0.12, 0.03, 0.09]);
  // Holm: 3 · 0.01, 2 · 0.03, then no smaller than that.
  t.deepEqual(adjust(p, 'holm'), [0.06, 0.03, 0.06]);
  // Benjamini and Hochberg: 0.04, 1.5 · 0.03 and 3 · 0.01, none above a later one.
  t.deepEqual(adjust(p, 'benjamini-hochberg'), [0.04, 0.03, 0.04]);
  t.deepEqual(adjust([], 'holm'), []);
});

test('an always-valid interval leaves 0 out exactly when its p is below 1 − level, and is never 0', (t) => {
  for (const difference of [0.1, 1, 3, 3.5, 4, 5, 60]) {
    const { low, pValue } = asymptoticSequence({
      difference,
      standardError: 1,
      units: 900,
      level: 0.95,
      tunedFor: 5000,
    });
    t.is(low > 0, pValue < 0.05);
    t.true(pValue > 0 && pValue <= 1);
  }
});

test('a flat belief by hand: no effect is a coin, and its risk s·φ(0)', (t) => {
  t.is(posteriorEffect(0, 2).chanceToWin, 0.5);
  t.true(Math.abs(posteriorEffect(0, 2).risk - 2 * normalDensity(0)) < 1e-15);
  t.true(posteriorEffect(5, 1).risk < 1e-6 && posteriorEffect(5, 1).chanceToWin > 0.999999);
  // A prior as sure as the data halves the effect: z = 1/√(1/2).
  const { chanceToWin } = posteriorEffect(2, 1, { mean: 0, deviation: 1 });
  t.true(Math.abs(chanceToWin - 0.9213503964748574) < 1e-12);
});
