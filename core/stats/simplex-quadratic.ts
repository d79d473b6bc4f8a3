import { complaint, expectLength } from '../check.js';
import { solveLinear } from './linear-solve.js';

/** How far below x'Mx an entry of Mx may lie at the answer, relative to the largest diagonal entry. */
const TOLERANCE = 1e-12;

/**
 * The x ≥ 0 with Σ x = 1 that makes x'Mx smallest, for a symmetric positive semi-definite M: the point of a convex hull
 * that is nearest to the origin, when M holds the inner products of its corners. By Wolfe's algorithm (1976, "Finding the
 * nearest point in a polytope"), which holds a set of corners, moves to the best point of their affine hull, and drops
 * corners whose weight would become negative; it ends after finitely many moves at a point where no corner is better:
 *
 *     (Mx)_i ≥ x'Mx for every i, with equality where x_i > 0.
 *
 * A ridge of 10⁻¹² of the largest diagonal entry chooses among equally good answers, so that the result is the same
 * every time.
 *
 * @param matrix [n, n] row-major
 * @returns [n]
 * @throws a numeric error when M is not finite
 */
export function simplexQuadratic(matrix: Float64Array, n: number): Float64Array {
  expectLength('quadratic form on the simplex', matrix, { rows: n, columns: n });
  const m = matrix.slice();
  let scale = 0;
  for (let i = 0; i < n; i++) scale = Math.max(scale, m[i * n + i]);
  if (!m.every(Number.isFinite)) {
    throw complaint('numeric', {
      where: 'quadratic form on the simplex',
      expected: 'finite numbers',
      received: String(m.find((entry) => !Number.isFinite(entry))),
    });
  }
  const x = new Float64Array(n);
  if (scale === 0) return x.fill(1 / n);
  for (let i = 0; i < n; i++) m[i * n + i] += TOLERANCE * scale;
  let corners = [smallest(n, (i) => m[i * n + i])];
  x[corners[0]] = 1;
  for (let move = 0; move < 100 + 20 * n; move++) {
    const slope = product(m, x, n);
    const reached = x.reduce((sum, weight, i) => sum + weight * slope[i], 0);
    const next = smallest(n, (i) => slope[i]);
    if (slope[next] >= reached - TOLERANCE * scale || corners.includes(next)) break;
    corners = settle(m, x, n, [...corners, next]);
  }
  return x;
}

/** Moves x to the best point of the corners' hull; returns the corners it still uses. */
function settle(m: Float64Array, x: Float64Array, n: number, entered: readonly number[]): number[] {
  let corners = [...entered];
  for (;;) {
    const best = affineBest(m, n, corners);
    if (best.every((weight) => weight > 0)) {
      corners.forEach((corner, i) => (x[corner] = best[i]));
      return corners;
    }
    // As far towards it as no weight becomes negative; the corner that stops the move is dropped.
    let share = 1;
    let stopped = -1;
    best.forEach((weight, i) => {
      if (weight > 0) return;
      const reach = x[corners[i]] / (x[corners[i]] - weight);
      if (stopped >= 0 && !(reach < share)) return;
      share = Math.min(1, Math.max(0, reach));
      stopped = i;
    });
    corners.forEach((corner, i) => (x[corner] += share * (best[i] - x[corner])));
    x[corners[stopped]] = 0;
    corners = corners.filter((_, i) => i !== stopped);
    const total = corners.reduce((sum, corner) => sum + x[corner], 0);
    for (const corner of corners) x[corner] /= total;
  }
}

/** Weights with sum 1, of any sign, that make y'My smallest over the corners: M·y = λ·1. */
function affineBest(m: Float64Array, n: number, corners: readonly number[]): Float64Array {
  const k = corners.length;
  const part = new Float64Array(k * k);
  corners.forEach((row, i) => {
    corners.forEach((column, j) => (part[i * k + j] = m[row * n + column]));
  });
  const y = solveLinear(part, new Float64Array(k).fill(1));
  const total = y.reduce((sum, weight) => sum + weight, 0);
  return y.map((weight) => weight / total);
}

function product(m: Float64Array, x: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) out[i] += m[i * n + j] * x[j];
  return out;
}

function smallest(n: number, of: (i: number) => number): number {
  let best = 0;
  for (let i = 1; i < n; i++) if (of(i) < of(best)) best = i;
  return best;
}
