import test from 'ava';
import fc from 'fast-check';
import { normal } from '../../../core/distributions.js';
import { stream } from '../../../core/random.js';
import { influenceOf, standardErrorOf, valueOf } from '../summarise.js';
import { close } from './_worlds.test.js';
import { chooseBandwidth, continuousTerms, type ContinuousRounds } from './continuous.js';
import { estimators } from './index.js';
import type { Estimator } from './form.js';
import { kernels, type Kernel } from './kernels.js';

const f = (...numbers: number[]): Float64Array => Float64Array.from(numbers);

test('kernels: densities sum to 1 and to their distribution functions, variances as in the books', (t) => {
  const variances = {
    gaussian: 1,
    epanechnikov: 1 / 5,
    triangular: 1 / 6,
    cosine: 1 - 8 / Math.PI ** 2,
    rectangular: 1 / 3,
  };
  for (const [key, { density, below }] of Object.entries<Kernel>(kernels)) {
    let [total, squares] = [0, 0];
    const step = 1 / 1000;
    for (let u = -8 + step / 2; u < 8; u += step) {
      total += density(u) * step;
      squares += u * u * density(u) * step;
      if (Math.abs(u - Math.round(u)) < 0.6 * step) t.true(close(below(u + step / 2), total, 1e-5), `${key} ${u}`);
    }
    t.true(close(total, 1, 1e-6) && close(squares, variances[key as keyof typeof variances], 1e-5), key);
  }
});

test('three rounds by hand', (t) => {
  const rounds: ContinuousRounds = {
    amount: f(1, 2, 4),
    reward: f(3, 1, 5),
    density: f(0.5, 0.25, 0.2),
    target: f(1.5, 2, 9),
    model: { atTarget: f(2, 1, 4), atLogged: f(2.5, 0.5, 4) },
  };
  // h = 2, Epanechnikov: K(0.25) = 0.703125, K(0) = 0.75, the third is out of reach.
  const w = [0.703125 / (2 * 0.5), 0.75 / (2 * 0.25), 0];
  const terms = continuousTerms(rounds, { kernel: 'epanechnikov', bandwidth: 2 });
  w.forEach((weight, i) => {
    t.true(close(terms.weight[i], weight, 1e-15));
  });
  const of = (estimator: Estimator): number => valueOf(estimator.perRound(terms, NaN));
  t.true(close(of(estimators.ips), (3 * w[0] + w[1]) / 3, 1e-15));
  t.true(close(of(estimators.snips), (3 * w[0] + w[1]) / (w[0] + w[1]), 1e-15));
  t.true(close(of(estimators.dr), (7 + 0.5 * w[0] + 0.5 * w[1]) / 3, 1e-15));
  t.true(close(of(estimators.dm), 7 / 3, 1e-15));
  // Amounts end at 1.5: half of the first kernel is beyond, and its weight twice as large.
  const cut = continuousTerms(rounds, { kernel: 'epanechnikov', bandwidth: 2, range: [-10, 1.5] });
  t.true(close(cut.weight[0], 2 * w[0], 1e-15));
});

/** Amounts drawn around x, reward a bump around 1 + x; the judged policy shifts the amounts. */
function bids(seed: number, n: number, shift: number): { rounds: ContinuousRounds; truth: number } {
  const luck = stream(seed);
  const columns = Array.from({ length: 6 }, () => new Float64Array(n));
  const [amount, reward, density, target, atTarget, atLogged] = columns;
  let truth = 0;
  const mean = (x: number, a: number): number => 2 - (a - x - 1) ** 2;
  for (let i = 0; i < n; i++) {
    const x = normal(luck);
    const z = normal(luck);
    amount[i] = x + z;
    density[i] = kernels.gaussian.density(z);
    reward[i] = mean(x, amount[i]) + 0.2 * normal(luck);
    target[i] = x + shift;
    truth += mean(x, target[i]) / n;
    atTarget[i] = mean(x, target[i]) - 0.3;
    atLogged[i] = mean(x, amount[i]) - 0.3;
  }
  return { rounds: { amount, reward, density, target, model: { atTarget, atLogged } }, truth };
}

test('a known world: near the truth with a narrow kernel, biased by h² with a wide one, DR steadier', (t) => {
  const { rounds, truth } = bids(3, 20_000, 0.5);
  const at = (bandwidth: number, estimator: Estimator) => {
    const form = estimator.perRound(continuousTerms(rounds, { kernel: 'gaussian', bandwidth }), NaN);
    return { value: valueOf(form), error: standardErrorOf(influenceOf(form), false) };
  };
  const narrow = at(0.1, estimators.ips);
  t.true(Math.abs(narrow.value - truth) < 4 * narrow.error);
  // The reward is a parabola: a gaussian of bandwidth h around the target costs h² exactly.
  const wide = at(0.7, estimators.ips);
  t.true(Math.abs(wide.value - (truth - 0.49)) < 4 * wide.error, `${wide.value} against ${truth - 0.49}`);
  const robust = at(0.1, estimators.dr);
  t.true(Math.abs(robust.value - truth) < 4 * robust.error && robust.error < 0.5 * narrow.error);
  // With a model that is right up to a constant nothing is left to be biased.
  t.true(Math.abs(at(0.7, estimators.dr).value - truth) < 0.02);
});

test('the bandwidth by SLOPE: wide where nothing changes with the amount, narrow where much does', (t) => {
  const { rounds } = bids(5, 5000, 0.5);
  const { model: _model, ...blind } = rounds;
  const flat = { ...blind, reward: new Float64Array(5000).fill(1) };
  const steep = { ...blind, reward: blind.reward.map((_, i) => Math.cos(9 * (blind.amount[i] - blind.target[i]))) };
  const chosen = (of: ContinuousRounds): number => chooseBandwidth(of, { kernel: 'epanechnikov' });
  t.true(chosen(flat) > 4 * chosen(steep), `${chosen(flat)} against ${chosen(steep)}`);
  t.throws(() => chosen({ ...blind, amount: new Float64Array(5000).fill(2) }), {
    message: /^bandwidth: expected amounts that differ/,
  });
});

test('units: amounts in cents or in euros give the same value; weights have mean 1 on a uniform log', (t) => {
  fc.assert(
    fc.property(fc.integer(), fc.double({ min: 0.01, max: 100, noNaN: true }), (seed, unit) => {
      const { rounds } = bids(seed, 50, 0.3);
      const scaled = {
        ...rounds,
        amount: rounds.amount.map((a) => unit * a),
        target: rounds.target.map((a) => unit * a),
        density: rounds.density.map((d) => d / unit),
      };
      for (const kernel of ['gaussian', 'epanechnikov', 'triangular', 'cosine', 'rectangular'] as const) {
        const one = valueOf(estimators.dr.perRound(continuousTerms(rounds, { kernel, bandwidth: 0.4 }), NaN));
        const other = valueOf(estimators.dr.perRound(continuousTerms(scaled, { kernel, bandwidth: 0.4 * unit }), NaN));
        t.true(close(one, other, 1e-7), kernel);
      }
    }),
    { numRuns: 30 },
  );
  const n = 1000;
  const even: ContinuousRounds = {
    amount: Float64Array.from({ length: n }, (_, i) => (i + 0.5) / n),
    reward: new Float64Array(n),
    density: new Float64Array(n).fill(1),
    target: new Float64Array(n).fill(0.02),
  };
  for (const kernel of ['gaussian', 'epanechnikov', 'triangular', 'cosine', 'rectangular'] as const) {
    const { weight } = continuousTerms(even, { kernel, bandwidth: 0.1, range: [0, 1] });
    t.true(close(weight.reduce((a, b) => a + b) / n, 1, 1e-2), kernel);
  }
});
