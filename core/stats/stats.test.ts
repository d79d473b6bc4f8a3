import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { existsSync, readFileSync } from 'node:fs';
import { betaLower, betaQuantile, betaUpper } from './beta.js';
import { chiSquareLower, chiSquareQuantile, chiSquareUpper } from './chi-square.js';
import { fisherLower, fisherQuantile, fisherUpper } from './fisher.js';
import { gammaLower, gammaQuantile, gammaUpper, logGamma } from './gamma.js';
import { meanInterval, wilson } from './intervals.js';
import { moments, pairedMoments, quantileOfSorted } from './moments.js';
import { normalLower, normalQuantile, normalUpper } from './normal.js';
import { studentLower, studentQuantile, studentUpper } from './student.js';

const golden = '../shared/golden';
/** A test on the reference values; where they are not, it is skipped and its title says why. */
const withGolden = (title: string, body: (t: ExecutionContext) => void): void => {
  if (existsSync(golden)) test(title, body);
  else test.skip(`${title} (${golden} is not here)`, body);
};

/** Relative distance, absolute near 0. */
function apart(a: number, b: number): number {
  return a === b ? 0 : Math.abs(a - b) / Math.max(Math.abs(b), 1e-300);
}

withGolden('tails equal the values computed to 40 digits', (t) => {
  const known = JSON.parse(readFileSync(`${golden}/special_functions.json`, 'utf8')) as Record<
    string,
    Record<string, number>
  >;
  const functions: Readonly<Record<string, (...x: number[]) => number>> = {
    norm_cdf: (x) => normalLower(x),
    norm_sf: (x) => normalUpper(x),
    norm_ppf: (p) => normalQuantile(p),
    t_sf: (x, nu) => studentUpper(x, nu),
    t_ppf: (p, nu) => studentQuantile(p, nu),
    chi2_sf: (x, k) => chiSquareUpper(x, k),
    beta_inc: (x, a, b) => betaLower(x, a, b),
    beta_ppf: (p, a, b) => betaQuantile(p, a, b),
    gamma_p: (a, x) => gammaLower(a, x),
    lgamma: (z) => logGamma(z),
    f_sf: (x, a, b) => fisherUpper(x, a, b),
  };
  t.deepEqual(Object.keys(known).sort(), Object.keys(functions).sort());
  for (const [name, f] of Object.entries(functions)) {
    for (const [argument, value] of Object.entries(known[name])) {
      const received = f(...argument.split(',').map(Number));
      t.true(apart(received, value) < 5e-13, `${name}(${argument}) = ${received}, not ${value}`);
    }
  }
});

withGolden('quantiles equal the values computed to 40 digits', (t) => {
  const rows = JSON.parse(readFileSync(`${golden}/quantiles.json`, 'utf8')) as [string, number[], string, number][];
  const quantiles: Readonly<Record<string, (p: number, parameters: number[]) => number>> = {
    norm: (p) => normalQuantile(p),
    t: (p, [nu]) => studentQuantile(p, nu),
    beta: (p, [a, b]) => betaQuantile(p, a, b),
    gamma: (p, [a, scale]) => scale * gammaQuantile(p, a),
    chi2: (p, [k]) => chiSquareQuantile(p, k),
    f: (p, [a, b]) => fisherQuantile(p, a, b),
  };
  let compared = 0;
  for (const [name, parameters, p, value] of rows) {
    const received = quantiles[name](Number(p), parameters);
    // The printed p was exact; near 1 the rounding of p alone moves the quantile.
    const bound = 1e-12 + 2 ** -53 / (1 - Number(p));
    t.true(apart(received, value) < bound, `${name}(${parameters.join(',')}) at ${p} = ${received}, not ${value}`);
    compared++;
  }
  t.is(compared, 134);
});

test('closed forms: chi-square with 2 degrees of freedom, t with 1 and 2, beta(1, b)', (t) => {
  t.true(apart(chiSquareUpper(60, 2), Math.exp(-30)) < 1e-14);
  t.true(apart(studentUpper(1e8, 1), Math.atan(1e-8) / Math.PI) < 1e-13);
  t.true(apart(studentQuantile(0.9, 2), 1.8856180831641267) < 1e-14);
  t.true(apart(betaUpper(0.9, 1, 40), 1e-40) < 1e-12);
  t.is(studentQuantile(0.5, 7), 0);
  t.is(studentQuantile(1, 7), Infinity);
  t.is(gammaQuantile(0, 2), 0);
  t.true(apart(fisherUpper(3, 2, 10), (10 / 16) ** 5) < 1e-14);
  t.true(apart(fisherLower(fisherQuantile(0.3, 4, 7), 4, 7), 0.3) < 1e-12);
  t.true(apart(fisherUpper(1e8, 1, 40), 2 * studentUpper(1e4, 40)) < 1e-12, 'F with 1 degree of freedom is t squared');
});

test('quantiles and tails undo each other, and the two tails add to 1', (t) => {
  const p = fc.double({ min: 1e-12, max: 1 - 1e-9, noNaN: true });
  const size = fc.double({ min: 0.05, max: 5000, noNaN: true });
  fc.assert(
    fc.property(p, size, size, (probability, a, b) => {
      const beta = betaQuantile(probability, a, b);
      const gamma = gammaQuantile(probability, a);
      const chi = chiSquareQuantile(probability, a);
      const student = studentQuantile(probability, 1 + a);
      return (
        // Where the quantile itself rounds to 0 or 1 there is nothing to undo.
        (beta < 1e-290 || beta > 1 - 1e-6 || Math.abs(betaLower(beta, a, b) - probability) < 1e-9) &&
        (gamma < 1e-290 || Math.abs(gammaLower(a, gamma) - probability) < 1e-11) &&
        (chi < 1e-290 || Math.abs(chiSquareLower(chi, a) - probability) < 1e-11) &&
        Math.abs(studentLower(student, 1 + a) - probability) < 1e-11 &&
        Math.abs(gammaLower(a, gamma) + gammaUpper(a, gamma) - 1) < 1e-14 &&
        Math.abs(betaLower(beta, a, b) + betaUpper(beta, a, b) - 1) < 1e-12
      );
    }),
    { seed: 1, numRuns: 400 },
  );
  t.pass();
});

test('moments do not cancel far from 0 and agree with the definition', (t) => {
  const far = Float64Array.from([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16]);
  t.is(moments(far).variance, 30);
  const { x, y, covariance } = pairedMoments(far, [1, 2, 3, 4]);
  t.is(covariance, 7);
  t.deepEqual([x.mean, y.mean, y.variance], [1e9 + 10, 2.5, 5 / 3]);
  t.is(moments([]).mean, NaN);
  t.is(moments([3]).variance, NaN);
  t.is(quantileOfSorted([1, 2, 4], 0.75), 3);
});

test('the interval of a mean uses the two-sided quantile; Wilson stays inside [0, 1]', (t) => {
  const { low, high } = meanInterval(10, 2, 4, 0.95);
  t.true(apart(high - 10, 3.182446305283709) < 1e-13);
  t.true(apart(10 - low, 3.182446305283709) < 1e-13);
  t.deepEqual(meanInterval(1, NaN, 1, 0.95), { low: -Infinity, high: Infinity });
  // Newcombe (1998), table 1: 81 of 263 gives 0.2553 to 0.3662.
  const published = wilson(81, 263, 0.95);
  t.deepEqual([published.low.toFixed(4), published.high.toFixed(4)], ['0.2553', '0.3662']);
  t.is(wilson(0, 20, 0.95).low, 0);
  t.is(wilson(20, 20, 0.95).high, 1);
  t.deepEqual(wilson(0, 0, 0.95), { low: 0, high: 1 });
});
