import { expectLength } from '../../core/check.js';
import type { Log } from '../../logs/record.js';
import type { LogPolicy } from '../contract.js';
import { keepCandidates, mixUniform } from './candidates.js';

/** Guesses of the reward for every action of the given rows: [n, A]. */
export type GuessRewards = (log: Log, rows: Int32Array) => Float32Array;

/**
 * Shows the action with the highest guessed reward; with exploration ε, a uniform one in that share of decisions. Ties
 * go to the lower code. Guesses come from a model fitted on other rows than those that judge the policy.
 */
export function greedy(guess: GuessRewards, exploration = 0): LogPolicy {
  return {
    id: 'greedy',
    probabilities(log, rows, out) {
      const A = log.actions.values.length;
      const guesses = guess(log, rows);
      expectLength('greedy policy: guesses', guesses, { rows: rows.length, actions: A });
      out.fill(1);
      keepCandidates(log, rows, out);
      for (let n = 0; n < rows.length; n++) {
        let best = -1;
        for (let at = n * A; at < (n + 1) * A; at++) {
          if (out[at] > 0 && (best < 0 || guesses[at] > guesses[best])) best = at;
        }
        out.fill(0, n * A, (n + 1) * A);
        out[best] = 1;
      }
      mixUniform(log, rows, out, exploration);
    },
  };
}
