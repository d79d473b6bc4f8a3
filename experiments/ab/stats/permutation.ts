import { KeyedDraws } from '../../../core/draws.js';

/** Statistics this close, relatively, are the same split in another order of adding. */
const SAME = 1e-12;

/**
 * The permutation test (Fisher 1935) of a difference of means, with Welch's t as statistic, which keeps its level when the
 * arms' variances differ (Janssen 1997): the share of splits whose |t| is at least the seen one. Every split is counted
 * when there are at most `replicates` of them; otherwise that many are drawn and p = (1 + hits) / (1 + replicates),
 * which is valid for any number of them (Phipson and Smyth 2010). Right for few units and any distribution.
 */
export function permutationP(
  control: Float64Array,
  arm: Float64Array,
  { replicates, seed }: { readonly replicates: number; readonly seed: number | string },
): number {
  const values = new Float64Array(control.length + arm.length);
  values.set(control);
  values.set(arm, control.length);
  // Around the common mean, so that the squares do not cancel.
  const centre = values.reduce((sum, x) => sum + x, 0) / values.length;
  for (let i = 0; i < values.length; i++) values[i] -= centre;
  const taken = arm.length;
  const statistic = statisticOf(values, taken);
  let [sum, squares] = [0, 0];
  for (let i = control.length; i < values.length; i++) {
    sum += values[i];
    squares += values[i] ** 2;
  }
  const seen = statistic(sum, squares) * (1 - SAME);
  if (splits(values.length, taken) <= replicates) return everySplit(values, taken, (s, q) => statistic(s, q) >= seen);
  const draws = new KeyedDraws(seed, 'permutation');
  let hits = 0;
  for (let r = 0; r < replicates; r++) {
    draws.at(0, r);
    [sum, squares] = [0, 0];
    // The first `taken` places of a shuffle that starts from the last one's order.
    for (let i = 0; i < taken; i++) {
      const j = i + Math.floor(draws.next() * (values.length - i));
      const kept = values[j];
      values[j] = values[i];
      values[i] = kept;
      sum += kept;
      squares += kept * kept;
    }
    if (statistic(sum, squares) >= seen) hits++;
  }
  return (1 + hits) / (1 + replicates);
}

/** |t| of Welch when the arm holds Σx and Σx² and the control the rest. */
function statisticOf(values: Float64Array, taken: number): (sum: number, squares: number) => number {
  const left = values.length - taken;
  let [allSum, allSquares] = [0, 0];
  for (const x of values) {
    allSum += x;
    allSquares += x * x;
  }
  return (sum, squares) => {
    const rest = allSum - sum;
    const a = Math.max(0, squares - (sum * sum) / taken) / (taken * (taken - 1));
    const b = Math.max(0, allSquares - squares - (rest * rest) / left) / (left * (left - 1));
    const difference = Math.abs(sum / taken - rest / left);
    return difference === 0 ? 0 : difference / Math.sqrt(a + b);
  };
}

/** n over k, stopped where it is too large to matter. */
function splits(n: number, k: number): number {
  let count = 1;
  for (let i = 1; i <= Math.min(k, n - k) && count < 1e12; i++) count = (count * (n - i + 1)) / i;
  return count;
}

function everySplit(values: Float64Array, taken: number, hit: (sum: number, squares: number) => boolean): number {
  let [hits, all] = [0, 0];
  const choose = (from: number, missing: number, sum: number, squares: number): void => {
    if (missing === 0) {
      all++;
      if (hit(sum, squares)) hits++;
      return;
    }
    for (let i = from; i <= values.length - missing; i++)
      choose(i + 1, missing - 1, sum + values[i], squares + values[i] ** 2);
  };
  choose(0, taken, 0, 0);
  return hits / all;
}
