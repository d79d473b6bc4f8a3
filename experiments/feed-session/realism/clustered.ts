import { twoSidedZ, wilson } from '../../../core/stats/intervals.js';
import { studentQuantile } from '../../../core/stats/student.js';

/** Statistics of rows that come in sessions: rows of one session depend on each other, sessions do not. n rows. */

/** Some rows, session after session. */
export interface ClusteredRows {
  /** [n] 0 or 1. */
  readonly observed: Float64Array;
  /** [n] never falling. */
  readonly session: Int32Array;
}

export interface ClusteredMean {
  readonly rows: number;
  readonly sessions: number;
  readonly mean: number;
  readonly interval: readonly [number, number];
}

/**
 * The mean of the rows of a slice with its interval: with residual sums e_c of its G sessions,
 *
 *     Var = G/(G − 1) · Σ_c e_c² / n²
 *
 * (Liang and Zeger's sandwich), Student's t of G − 1 degrees of freedom. Few or equal rows make that too narrow, so it is
 * never narrower than Wilson's interval of as many independent rows.
 *
 * @param rows which rows, ascending; at least one
 */
export function clusteredMean({ observed, session }: ClusteredRows, rows: Int32Array, level: number): ClusteredMean {
  const n = rows.length;
  const sum = rows.reduce((total, row) => total + observed[row], 0);
  const mean = sum / n;
  const { squares, sessions } = sessionSquares(rows, session, (row) => (observed[row] - mean) / n);
  const { low, high } = wilson(sum, n, level);
  if (sessions < 2) return { rows: n, sessions, mean, interval: [0, 1] };
  const deviation = Math.sqrt((squares * sessions) / (sessions - 1));
  const half = studentQuantile(0.5 + level / 2, sessions - 1) * deviation;
  return {
    rows: n,
    sessions,
    mean,
    interval: [Math.max(0, Math.min(low, mean - half)), Math.min(1, Math.max(high, mean + half))],
  };
}

/**
 * Mean of the rows of one slice minus that of another, with a normal interval clustered by session: a session that has
 * rows in both counts as one. Null where a slice is empty or of fewer than two sessions.
 */
export function clusteredChange(
  { observed, session }: ClusteredRows,
  from: Int32Array,
  to: Int32Array,
  level: number,
): { readonly value: number; readonly interval: readonly [number, number] } | null {
  if (from.length === 0 || to.length === 0) return null;
  const mean = (rows: Int32Array): number => rows.reduce((total, row) => total + observed[row], 0) / rows.length;
  const [before, after] = [mean(from), mean(to)];
  const influence = new Float64Array(observed.length);
  for (const row of from) influence[row] -= (observed[row] - before) / from.length;
  for (const row of to) influence[row] += (observed[row] - after) / to.length;
  const both = Int32Array.from([...from, ...to]).sort();
  const { squares, sessions } = sessionSquares(both, session, (row) => influence[row]);
  if (sessions < 2) return null;
  const half = twoSidedZ(level) * Math.sqrt((squares * sessions) / (sessions - 1));
  return { value: after - before, interval: [after - before - half, after - before + half] };
}

/** Σ over sessions of (Σ over their rows of f)². */
function sessionSquares(
  rows: Int32Array,
  session: Int32Array,
  f: (row: number) => number,
): { squares: number; sessions: number } {
  let [squares, sessions, own] = [0, 0, 0];
  rows.forEach((row, i) => {
    own += f(row);
    if (i + 1 < rows.length && session[rows[i + 1]] === session[row]) return;
    squares += own * own;
    sessions++;
    own = 0;
  });
  return { squares, sessions };
}

export interface Recalibration {
  readonly intercept: number;
  readonly slope: number;
  readonly interceptError: number;
  readonly slopeError: number;
}

/**
 * Logistic recalibration (Cox 1958): a and b of y ~ σ(a + b·x) by Newton's method, with standard errors of the sandwich
 * clustered by session: H⁻¹ (G/(G − 1) Σ_c g_c g_cᵀ) H⁻¹, g_c a session's summed scores.
 *
 * @param x [n] log-odds that a model predicted; they must vary
 * @returns undefined where the rows are of one class or separate, so that no finite a and b is best
 */
export function recalibrate(rows: ClusteredRows, x: Float64Array): Recalibration | undefined {
  const { observed: y } = rows;
  const n = y.length;
  const share = y.reduce((sum, value) => sum + value, 0) / n;
  if (!(share > 0 && share < 1)) return undefined;
  const centre = x.reduce((sum, value) => sum + value, 0) / n;
  let [a, b] = [Math.log(share / (1 - share)), 0];
  let loss = lossAt(y, x, { a, b, centre });
  for (let round = 0; round < 60; round++) {
    const { gradient, hessian } = derivatives(y, x, { a, b, centre });
    const determinant = hessian[0] * hessian[3] - hessian[1] * hessian[1];
    if (!(determinant > 1e-12 * hessian[0] * hessian[3])) return undefined;
    const da = (hessian[3] * gradient[0] - hessian[1] * gradient[1]) / determinant;
    const db = (hessian[0] * gradient[1] - hessian[1] * gradient[0]) / determinant;
    let scale = 1;
    let next = lossAt(y, x, { a: a - da, b: b - db, centre });
    while (!(next <= loss) && scale > 1e-6) {
      scale /= 2;
      next = lossAt(y, x, { a: a - scale * da, b: b - scale * db, centre });
    }
    if (!(next <= loss)) break;
    a -= scale * da;
    b -= scale * db;
    const gain = loss - next;
    loss = next;
    if (gain < 1e-12 * (1 + loss)) break;
  }
  // Where a cut separates the classes the loss falls to 0 and the best slope is infinite.
  if (loss < 1e-6 * n) return undefined;
  const errors = sandwich(rows, x, { a, b, centre });
  return errors && { intercept: a - b * centre, slope: b, ...errors };
}

function sandwich(
  { observed: y, session }: ClusteredRows,
  x: Float64Array,
  { a, b, centre }: LineAt,
): { interceptError: number; slopeError: number } | undefined {
  const { hessian } = derivatives(y, x, { a, b, centre });
  let [ga, gb, sessions] = [0, 0, 0];
  let [m11, m12, m22] = [0, 0, 0];
  for (let i = 0; i < y.length; i++) {
    const z = x[i] - centre;
    const rest = y[i] - 1 / (1 + Math.exp(-a - b * z));
    ga += rest;
    gb += rest * z;
    if (i + 1 < y.length && session[i + 1] === session[i]) continue;
    m11 += ga * ga;
    m12 += ga * gb;
    m22 += gb * gb;
    [ga, gb] = [0, 0];
    sessions++;
  }
  const determinant = hessian[0] * hessian[3] - hessian[1] * hessian[1];
  if (sessions < 2 || !(determinant > 0)) return undefined;
  /** Of u·a + v·b: √(wᵀ meat w), w = H⁻¹ (u, v). */
  const error = (u: number, v: number): number => {
    const p = (hessian[3] * u - hessian[1] * v) / determinant;
    const q = (hessian[0] * v - hessian[1] * u) / determinant;
    return Math.sqrt((sessions / (sessions - 1)) * (p * p * m11 + 2 * p * q * m12 + q * q * m22));
  };
  return { interceptError: error(1, -centre), slopeError: error(0, 1) };
}

interface LineAt {
  readonly a: number;
  readonly b: number;
  readonly centre: number;
}

function lossAt(y: Float64Array, x: Float64Array, { a, b, centre }: LineAt): number {
  let sum = 0;
  for (let i = 0; i < y.length; i++) {
    const logit = a + b * (x[i] - centre);
    sum += Math.max(logit, 0) - logit * y[i] + Math.log1p(Math.exp(-Math.abs(logit)));
  }
  return sum;
}

function derivatives(
  y: Float64Array,
  x: Float64Array,
  { a, b, centre }: LineAt,
): { gradient: Float64Array; hessian: Float64Array } {
  let [ga, gb, aa, ab, bb] = [0, 0, 0, 0, 0];
  for (let i = 0; i < y.length; i++) {
    const z = x[i] - centre;
    const p = 1 / (1 + Math.exp(-a - b * z));
    const spread = p * (1 - p);
    ga += p - y[i];
    gb += (p - y[i]) * z;
    aa += spread;
    ab += spread * z;
    bb += spread * z * z;
  }
  return { gradient: Float64Array.of(ga, gb), hessian: Float64Array.of(aa, ab, ab, bb) };
}
