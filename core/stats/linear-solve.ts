import { complaint, expectLength } from '../check.js';

/**
 * Solves A·x = b by Gaussian elimination with partial pivoting, in O(n³). The arguments are not changed.
 *
 * @param matrix [n, n] row-major
 * @param right  [n]
 * @throws a numeric error when A is singular: a pivot below 10⁻¹³ of the largest entry
 */
export function solveLinear(matrix: Float64Array, right: Float64Array): Float64Array {
  const n = right.length;
  expectLength('linear system', matrix, { rows: n, columns: n });
  const a = matrix.slice();
  const x = right.slice();
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]));
  for (let k = 0; k < n; k++) {
    const pivot = pivotOf(a, n, k);
    if (!(Math.abs(a[pivot * n + k]) > 1e-13 * largest)) {
      throw complaint('numeric', {
        where: `linear system of ${n} unknowns`,
        expected: 'independent equations',
        received: `a pivot of ${a[pivot * n + k]} in column ${k}`,
        try: 'Leave out columns that repeat others, or add a ridge.',
      });
    }
    if (pivot !== k) swapRows(a, x, n, k, pivot);
    eliminate(a, x, n, k);
  }
  for (let i = n - 1; i >= 0; i--) {
    let rest = x[i];
    for (let j = i + 1; j < n; j++) rest -= a[i * n + j] * x[j];
    x[i] = rest / a[i * n + i];
  }
  return x;
}

function pivotOf(a: Float64Array, n: number, k: number): number {
  let best = k;
  for (let i = k + 1; i < n; i++) if (Math.abs(a[i * n + k]) > Math.abs(a[best * n + k])) best = i;
  return best;
}

function swapRows(a: Float64Array, x: Float64Array, n: number, i: number, j: number): void {
  for (let c = 0; c < n; c++) {
    const kept = a[i * n + c];
    a[i * n + c] = a[j * n + c];
    a[j * n + c] = kept;
  }
  const kept = x[i];
  x[i] = x[j];
  x[j] = kept;
}

function eliminate(a: Float64Array, x: Float64Array, n: number, k: number): void {
  for (let i = k + 1; i < n; i++) {
    const factor = a[i * n + k] / a[k * n + k];
    if (factor === 0) continue;
    for (let c = k + 1; c < n; c++) a[i * n + c] -= factor * a[k * n + c];
    x[i] -= factor * x[k];
  }
}
