import test from 'ava';
import { normal } from '../core/distributions.js';
import { stream } from '../core/random.js';
import { linearScaling, plattScaling } from './calibrate.js';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

test('two by two: with one value of z per class the fit reproduces the shares up to its priors', (t) => {
  // 2,000 rows at z = −1 with share 0.2, 2,000 at z = 1 with share 0.6: a = (logit 0.6 + logit 0.2)/2, b = half their difference.
  const deviation = Float64Array.from({ length: 4000 }, (_, n) => (n < 2000 ? -1 : 1));
  const observed = Float64Array.from({ length: 4000 }, (_, n) => (n < 2000 ? (n < 400 ? 1 : 0) : n < 3200 ? 1 : 0));
  const { method, intercept, slope } = plattScaling({ deviation, offset: 0, observed, priorRows: 1 });
  const [low, high] = [Math.log(0.2 / 0.8), Math.log(0.6 / 0.4)];
  t.is(method, 'intercept and slope');
  t.true(Math.abs(intercept - (low + high) / 2) < 0.01, String(intercept));
  t.true(Math.abs(slope - (high - low) / 2) < 0.01, String(slope));
});

test('an overconfident model is found out: slope and intercept come back', (t) => {
  const luck = stream('overconfident');
  const deviation = Float64Array.from({ length: 20_000 }, () => normal(luck, 0, 2));
  const observed = deviation.map((z) => (luck.next() < sigmoid(-2 + 0.3 + 0.5 * z) ? 1 : 0));
  const { intercept, slope } = plattScaling({ deviation, offset: -2, observed, priorRows: 10 });
  t.true(Math.abs(slope - 0.5) < 0.04 && Math.abs(intercept - 0.3) < 0.06, `${intercept} ${slope}`);
});

test('seven clicks move only the intercept, and the forty that the fit saw hold it', (t) => {
  const deviation = Float64Array.from({ length: 1500 }, (_, n) => (n % 3) / 10);
  const observed = Float64Array.from({ length: 1500 }, (_, n) => (n < 14 && n % 2 === 0 ? 1 : 0));
  const offset = Math.log(0.0035 / 0.9965);
  const free = plattScaling({ deviation, offset, observed, priorRows: 1 });
  const held = plattScaling({ deviation, offset, observed, priorRows: 39 });
  t.is(held.method, 'intercept');
  t.is(held.slope, 1);
  t.true(Math.abs(held.intercept) < Math.abs(free.intercept) / 3 && held.intercept * free.intercept > 0);
});

test('extremes: nothing happened, everything happened, separated classes, a constant, the wrong way round', (t) => {
  const deviation = Float64Array.from({ length: 200 }, (_, n) => (n - 100) / 20);
  const cases = [
    deviation.map(() => 0),
    deviation.map(() => 1),
    deviation.map((z) => (z > 0 ? 1 : 0)),
    deviation.map((z) => (z < 0 ? 1 : 0)),
  ];
  for (const observed of cases) {
    const { intercept, slope } = plattScaling({ deviation, offset: 0, observed, priorRows: 50 });
    t.true(Number.isFinite(intercept) && slope >= 0 && slope < 20, `${intercept} ${slope}`);
  }
  t.is(plattScaling({ deviation, offset: 0, observed: cases[3], priorRows: 50 }).slope, 0);
  const flat = plattScaling({ deviation: new Float64Array(200), offset: 0, observed: cases[2], priorRows: 50 });
  t.deepEqual([flat.method, flat.slope], ['intercept', 1]);
});

test('amounts: least squares with a weak pull, never a negative slope', (t) => {
  const deviation = Float64Array.from({ length: 1000 }, (_, n) => (n % 11) - 5);
  const line = linearScaling({ deviation, observed: deviation.map((z) => 0.5 + 0.25 * z), priorRows: 1 });
  t.true(Math.abs(line.intercept - 0.5) < 0.01 && Math.abs(line.slope - 0.25) < 0.01);
  t.is(linearScaling({ deviation, observed: deviation.map((z) => -z), priorRows: 1 }).slope, 0);
  const few = linearScaling({ deviation: [0, 1], observed: [1, 2], priorRows: 2 });
  t.deepEqual(few, { method: 'intercept', intercept: 0.5, slope: 1 });
});
