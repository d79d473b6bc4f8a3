import type { Grid } from './cdf.js';

/** A guess of each unit's return: of the action taken at first, and of every action with the policy's probability. */
export interface GuessedReturns {
  readonly actions: number;
  /** [n] */
  readonly action: Int32Array;
  /** [n, A] */
  readonly guess: Float64Array;
  /** [n, A] π(a | first state) */
  readonly policy: Float64Array;
}

/** [n, K] how a model distributes each unit's return over the grid: as the policy would begin, and as it was begun. */
export interface ModelledReturns {
  /** Σ_a π(a) P(G at point k | a) */
  readonly direct: Float64Array;
  /** P(G at point k | action taken) */
  readonly taken: Float64Array;
  /** What the model says of a return beyond its guess. */
  readonly kind: 'bernoulli' | 'residual';
}

/**
 * The distribution of a return around its guess. Where every return is 0 or 1 and every guess a probability, it is 1 with
 * that probability. Else the guess is a location: the return is the guess plus an error whose distribution is that of the
 * log's errors, weighted as the policy would meet them. scope-rl takes the guess for certain (no error at all), which makes the
 * modelled distribution of any return too narrow.
 *
 * @param returns [n] as logged
 * @param weight  [n]
 */
export function modelReturns(
  guessed: GuessedReturns,
  returns: Float64Array,
  weight: Float64Array,
  { point }: Grid,
): ModelledReturns {
  const binary = returns.every((g) => g === 0 || g === 1) && guessed.guess.every((q) => q >= 0 && q <= 1);
  return binary ? bernoulli(guessed, point) : aroundGuess(guessed, errorsOf(guessed, returns, weight), point);
}

function bernoulli({ actions, action, guess, policy }: GuessedReturns, point: Float64Array): ModelledReturns {
  const n = action.length;
  const K = point.length;
  const [zero, one] = [point.indexOf(0), point.indexOf(1)];
  const direct = new Float64Array(n * K);
  const taken = new Float64Array(n * K);
  const place = (out: Float64Array, i: number, q: number, share: number): void => {
    // A log in which only one of the two ever came has no point for the other: its mass goes to the nearest.
    out[i * K + (zero < 0 ? 0 : zero)] += share * (1 - q);
    out[i * K + (one < 0 ? K - 1 : one)] += share * q;
  };
  for (let i = 0; i < n; i++) {
    for (let a = 0; a < actions; a++) place(direct, i, guess[i * actions + a], policy[i * actions + a]);
    place(taken, i, guess[i * actions + action[i]], 1);
  }
  return { direct, taken, kind: 'bernoulli' };
}

/** Errors ascending, and the share of the weight up to each. */
interface Errors {
  readonly value: Float64Array;
  readonly share: Float64Array;
}

function errorsOf({ actions, action, guess }: GuessedReturns, returns: Float64Array, weight: Float64Array): Errors {
  const error = Float64Array.from(returns, (g, i) => g - guess[i * actions + action[i]]);
  const order = Int32Array.from(error, (_, i) => i).sort((a, b) => error[a] - error[b]);
  const share = new Float64Array(order.length);
  let total = 0;
  order.forEach((i, at) => (share[at] = total += weight[i]));
  return { value: Float64Array.from(order, (i) => error[i]), share: share.map((sum) => sum / total) };
}

/** P(error ≤ e), with an allowance for rounding. */
function shareBelow({ value, share }: Errors, e: number, allowance: number): number {
  let low = 0;
  let high = value.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value[middle] <= e + allowance) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? 0 : share[low - 1];
}

function aroundGuess(
  { actions, action, guess, policy }: GuessedReturns,
  errors: Errors,
  point: Float64Array,
): ModelledReturns {
  const n = action.length;
  const K = point.length;
  const direct = new Float64Array(n * K);
  const taken = new Float64Array(n * K);
  const allowance = 1e-9 * Math.max(Math.abs(point[0]), Math.abs(point[K - 1]));
  const mass = new Float64Array(K);
  for (let i = 0; i < n; i++) {
    for (let a = 0; a < actions; a++) {
      const at = i * actions + a;
      if (policy[at] === 0 && a !== action[i]) continue;
      let below = 0;
      for (let k = 0; k < K; k++) {
        const reached = k === K - 1 ? 1 : shareBelow(errors, point[k] - guess[at], allowance);
        mass[k] = reached - below;
        below = reached;
      }
      for (let k = 0; k < K; k++) direct[i * K + k] += policy[at] * mass[k];
      if (a === action[i]) taken.set(mass, i * K);
    }
  }
  return { direct, taken, kind: 'residual' };
}
