/** Costs and pivots below this are rounding. */
const TINY = 1e-11;
/** Bland's rule ends by itself; this is for what rounding may do to it. Every step is a lottery, so stopping is safe. */
const MOST_PIVOTS = 20_000;

interface Tableau {
  /** [K + 1][columns + 1] solved for the basis, right-hand side last. */
  readonly rows: readonly Float64Array[];
  /** [K + 1] the variable of each row. */
  readonly basis: number[];
}

/**
 * The lottery over N lists that is fair in K ways and otherwise as strong as possible:
 *
 *     first minimise Σ_k (e⁺_k + e⁻_k), then maximise Σ p_n s_n
 *     subject to Σ_n p_n c(n, k) = e⁺_k − e⁻_k for every k,   Σ p_n = 1,   p, e ≥ 0
 *
 * Two linear programmes by the simplex method with Bland's rule (1977), which cannot go in circles. The first begins at
 * the first list alone, with its unfairness in e, so that there always is a solution; the second moves only along what
 * leaves the first's optimum as it is.
 *
 * @param conditions [N][K]
 * @param strength   [N]
 */
export function solveLottery(
  conditions: readonly (readonly number[])[],
  strength: readonly number[],
): { readonly probabilities: Float64Array; readonly violation: number } {
  const lists = conditions.length;
  const columns = lists + 2 * conditions[0].length;
  const tableau = firstTableau(conditions, columns);
  const unfair = reducedCosts(tableau, columns, (j) => (j < lists ? 0 : 1));
  const weak = reducedCosts(tableau, columns, (j) => (j < lists ? -strength[j] : 0));
  descend(tableau, [unfair, weak], (j) => unfair[j] < -TINY);
  descend(tableau, [unfair, weak], (j) => weak[j] < -TINY && unfair[j] <= TINY);
  const probabilities = new Float64Array(lists);
  let violation = 0;
  tableau.rows.forEach((row, i) => {
    const value = Math.max(0, row[columns]);
    if (tableau.basis[i] < lists) probabilities[tableau.basis[i]] = value;
    else violation += value;
  });
  return { probabilities, violation };
}

/** c_j − Σ_i c_basis(i) · row_i(j). */
function reducedCosts({ rows, basis }: Tableau, columns: number, cost: (j: number) => number): Float64Array {
  const costs = Float64Array.from({ length: columns + 1 }, (_, j) => (j < columns ? cost(j) : 0));
  rows.forEach((row, i) => subtract(costs, row, cost(basis[i])));
  return costs;
}

/** Exchanges variables while one of them `helps`, the first one first. */
function descend({ rows, basis }: Tableau, costs: readonly Float64Array[], helps: (j: number) => boolean): void {
  const columns = costs[0].length - 1;
  for (let step = 0; step < MOST_PIVOTS; step++) {
    let enter = 0;
    while (enter < columns && !helps(enter)) enter++;
    const leave = enter < columns ? leaving(rows, basis, enter) : -1;
    if (leave < 0) return;
    pivot(rows, costs, leave, enter);
    basis[leave] = enter;
  }
}

/** Rows of the tableau, right-hand side last, already solved for the first list and one slack per condition. */
function firstTableau(conditions: readonly (readonly number[])[], columns: number): Tableau {
  const lists = conditions.length;
  const ways = conditions[0].length;
  const sum = new Float64Array(columns + 1);
  sum.fill(1, 0, lists);
  sum[columns] = 1;
  const basis = [0];
  const rows = [sum];
  for (let k = 0; k < ways; k++) {
    const row = new Float64Array(columns + 1);
    conditions.forEach((condition, n) => (row[n] = condition[k]));
    row[lists + 2 * k] = -1;
    row[lists + 2 * k + 1] = 1;
    // Take out the first list, then turn the row so that the slack in the basis has a coefficient of 1.
    const first = conditions[0][k];
    subtract(row, sum, first);
    const positive = first >= 0;
    if (positive) for (let j = 0; j <= columns; j++) row[j] = -row[j];
    rows.push(row);
    basis.push(positive ? lists + 2 * k : lists + 2 * k + 1);
  }
  return { rows, basis };
}

/** Bland: of the rows with the smallest ratio, the one whose variable comes first. */
function leaving(rows: readonly Float64Array[], basis: readonly number[], enter: number): number {
  let best = -1;
  let least = Infinity;
  rows.forEach((row, i) => {
    if (row[enter] <= TINY) return;
    const ratio = row[row.length - 1] / row[enter];
    if (ratio > least + TINY || (ratio > least - TINY && best >= 0 && basis[i] > basis[best])) return;
    least = Math.min(least, ratio);
    best = i;
  });
  return best;
}

function pivot(rows: readonly Float64Array[], costs: readonly Float64Array[], leave: number, enter: number): void {
  const row = rows[leave];
  const by = row[enter];
  for (let j = 0; j < row.length; j++) row[j] /= by;
  rows.forEach((other, i) => {
    if (i !== leave) subtract(other, row, other[enter]);
  });
  for (const cost of costs) subtract(cost, row, cost[enter]);
}

function subtract(from: Float64Array, row: Float64Array, times: number): void {
  if (times === 0) return;
  for (let j = 0; j < from.length; j++) from[j] -= times * row[j];
}
