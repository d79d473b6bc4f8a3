import type { LoggedRounds } from './rounds.js';

/**
 * Guesses that need no model: the smoothed reward rate of each action, the same in every round, from the evaluated
 * rounds themselves: (Σ reward of a + 1) / (n_a + 1 / overall rate); actions never logged get the overall rate.
 * In-sample, so only a simple reference; a fitted model on other rounds is better.
 *
 * @returns [N, A]
 */
export function smoothedRates({ actions, action, reward }: LoggedRounds): Float64Array {
  const n = action.length;
  const sums = new Float64Array(actions);
  const counts = new Float64Array(actions);
  let total = 0;
  for (let i = 0; i < n; i++) {
    sums[action[i]] += reward[i];
    counts[action[i]]++;
    total += reward[i];
  }
  const overall = total / n;
  const rate = sums.map((sum, a) =>
    counts[a] === 0 || overall === 0 ? overall : (sum + 1) / (counts[a] + 1 / overall),
  );
  const guesses = new Float64Array(n * actions);
  for (let i = 0; i < n; i++) guesses.set(rate, i * actions);
  return guesses;
}
