import test from 'ava';
import { stream } from '../random.js';
import { bootstrapCounts, bootstrapSums, percentileInterval } from './bootstrap.js';
import { chiSquareUpper } from './chi-square.js';
import { moments } from './moments.js';

function replicate(columns: readonly Float64Array[], replicates: number, seed: number): Float64Array[] {
  const seen = columns.map(() => new Float64Array(replicates));
  bootstrapSums(columns, { replicates, seed }, (sums, r) => sums.forEach((sum, c) => (seen[c][r] = sum)));
  return seen;
}

test('every replicate draws N rows, the same rows for every column, and depends on (seed, replicate) alone', (t) => {
  const n = 5001;
  const ones = new Float64Array(n).fill(1);
  const index = Float64Array.from({ length: n }, (_, i) => i);
  const [count, sum, again] = replicate([ones, index, index], 20, 3);
  t.true(count.every((c) => c === n));
  t.deepEqual(sum, again);
  t.is(new Set(sum).size, 20);
  t.deepEqual(replicate([index], 5, 3)[0], sum.slice(0, 5));
  t.notDeepEqual(replicate([index], 5, 4)[0], sum.slice(0, 5));
});

test('each row is drawn as often as chance would have it', (t) => {
  const n = 64;
  const replicates = 5000;
  const rows = Array.from({ length: n }, (_, i) => Float64Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)));
  const counts = replicate(rows, replicates, 1);
  // Counts over all draws: chi-square with n − 1 degrees of freedom; and each row's count is nearly Poisson(1).
  const chi = counts.reduce((sum, c) => sum + (c.reduce((a, b) => a + b) - replicates) ** 2 / replicates, 0);
  t.true(chiSquareUpper(chi, n - 1) > 1e-4, `uniform rows: p = ${chiSquareUpper(chi, n - 1)}`);
  const missed = counts.reduce((sum, c) => sum + c.filter((k) => k === 0).length, 0) / (n * replicates);
  t.true(Math.abs(missed - (1 - 1 / n) ** n) < 0.003, `share of rows left out: ${missed}`);
});

test('counts are those of the rows that sums run over', (t) => {
  const x = Float64Array.from({ length: 3000 }, (_, i) => i % 97);
  const [sums] = replicate([x], 6, 8);
  bootstrapCounts(x.length, { replicates: 6, seed: 8 }, (counts, r) => {
    t.is(
      counts.reduce((sum, count, i) => sum + count * x[i], 0),
      sums[r],
    );
    t.is(
      counts.reduce((sum, count) => sum + count, 0),
      x.length,
    );
  });
});

test('the spread of a resampled mean is its standard error', (t) => {
  const luck = stream(5);
  const x = Float64Array.from({ length: 20_000 }, () => luck.next() ** 3);
  const [sums] = replicate([x], 4000, 9);
  const means = sums.map((sum) => sum / x.length);
  const ratio = Math.sqrt(moments(means).variance) / Math.sqrt(moments(x).variance / x.length);
  t.true(Math.abs(ratio - 1) < 0.04, `ratio ${ratio}`); // sd of the ratio: 1/√8000 = 0.011
  const { low, high } = percentileInterval(means, 0.95);
  t.true(Math.abs((high - low) / (2 * 1.96 * Math.sqrt(moments(x).variance / x.length)) - 1) < 0.06);
});

test('no rows, no columns, no replicates: nothing happens', (t) => {
  t.deepEqual(replicate([new Float64Array(0)], 2, 1)[0], new Float64Array(2));
  t.deepEqual(replicate([], 3, 1), []);
  t.deepEqual(replicate([new Float64Array(3)], 0, 1)[0], new Float64Array(0));
});
