import test from 'ava';
import fc from 'fast-check';
import { stream } from '../random.js';
import { normal } from '../distributions.js';
import { solveLinear } from './linear-solve.js';
import { simplexQuadratic } from './simplex-quadratic.js';

const form = (m: Float64Array, x: ArrayLike<number>): number => {
  const n = x.length;
  let sum = 0;
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) sum += x[i] * m[i * n + j] * x[j];
  return sum;
};

/** Inner products of n points in `width` dimensions: positive semi-definite, singular where width < n. */
function gram(seed: number, n: number, width: number): Float64Array {
  const luck = stream(seed);
  const points = Array.from({ length: n }, () => Array.from({ length: width }, () => 0.5 + normal(luck)));
  return Float64Array.from(
    points.flatMap((p) => points.map((q) => p.reduce((sum, value, k) => sum + value * q[k], 0))),
  );
}

test('linear systems: by hand, with a pivot of 0, and none for a singular one', (t) => {
  t.deepEqual([...solveLinear(Float64Array.of(0, 2, 1, 1), Float64Array.of(4, 5))], [3, 2]);
  t.throws(() => solveLinear(Float64Array.of(1, 2, 2, 4), Float64Array.of(1, 2)), { message: /independent equations/ });
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 9 }), (seed, n) => {
      const luck = stream(seed);
      const matrix = Float64Array.from({ length: n * n }, () => normal(luck));
      for (let i = 0; i < n; i++) matrix[i * n + i] += 5 * n;
      const x = Array.from({ length: n }, () => normal(luck));
      const right = Float64Array.from({ length: n }, (_, i) =>
        x.reduce((sum, value, j) => sum + matrix[i * n + j] * value, 0),
      );
      solveLinear(matrix, right).forEach((value, i) => t.true(Math.abs(value - x[i]) < 1e-10));
    }),
    { numRuns: 40 },
  );
});

test('two corners by hand: independent ones share in inverse proportion, a dominated one gets nothing', (t) => {
  const independent = simplexQuadratic(Float64Array.of(1, 0, 0, 3), 2);
  t.true(Math.abs(independent[0] - 0.75) < 1e-9 && Math.abs(independent[1] - 0.25) < 1e-9);
  t.deepEqual([...simplexQuadratic(Float64Array.of(1, 2, 2, 5), 2)], [1, 0]);
  t.deepEqual([...simplexQuadratic(new Float64Array(9), 3)], [1 / 3, 1 / 3, 1 / 3]);
  t.deepEqual([...simplexQuadratic(Float64Array.of(7), 1)], [1]);
});

test('no corner is better than the answer, and no point of a grid either', (t) => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 12 }),
      fc.constantFrom(1e-8, 1, 1e6),
      (seed, n, width, scale) => {
        const m = gram(seed, n, width).map((entry) => entry * scale);
        const x = simplexQuadratic(m, n);
        const reached = form(m, x);
        const size = Math.max(...m);
        t.true(x.every((weight) => weight >= 0) && Math.abs(x.reduce((a, b) => a + b) - 1) < 1e-12);
        for (let i = 0; i < n; i++) {
          const slope = x.reduce((sum, weight, j) => sum + weight * m[i * n + j], 0);
          t.true(slope >= reached - 1e-9 * size, `corner ${i}: ${slope} against ${reached}`);
        }
      },
    ),
    { numRuns: 150 },
  );
  const m = gram(4, 3, 3);
  const reached = form(m, simplexQuadratic(m, 3));
  for (let i = 0; i <= 50; i++)
    for (let j = 0; i + j <= 50; j++) t.true(form(m, [i / 50, j / 50, (50 - i - j) / 50]) >= reached - 1e-12);
});

test('the same answer every time, and no answer from numbers that are not finite', (t) => {
  const m = gram(9, 20, 4);
  t.deepEqual(simplexQuadratic(m, 20), simplexQuadratic(m, 20));
  t.throws(() => simplexQuadratic(Float64Array.of(1, NaN, NaN, 1), 2), { message: /expected finite numbers/ });
});
