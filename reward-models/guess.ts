import { complaint } from '../core/check.js';
import type { Log } from '../logs/record.js';
import type { FittedModel, GuessMatrix, Head } from './contract.js';
import type { Reward } from './formula.js';

/** (context, action) pairs predicted at a time: bounds the memory of large matrices. */
const PAIRS = 65_536;
/** Up to this many 0/1 outcomes all their combinations are tried; beyond it they are taken at their means. */
const MOST_COMBINED = 8;

/** How the expected reward is made from a model's predictions, for the report. */
export type GuessMethod = 'exact' | 'as if outcomes were independent' | 'at the predicted means';

/** E[reward] from the predictions of one row. */
export interface Expectation {
  readonly method: GuessMethod;
  /** @param predicted [.., H] the row's predictions start at `from` */
  readonly of: (predicted: ArrayLike<number>, from: number) => number;
}

/**
 * How to get from predicted outcomes to the expected reward:
 *
 *   linear formula, or one 0/1 outcome     exact
 *   several 0/1 outcomes                   Σ over their combinations of P(combination)·reward, as if they were
 *                                          independent given context and action
 *   otherwise                              0/1 outcomes as above, amounts at their predicted means
 *
 * @throws a usage error when the formula reads an outcome that no head predicts
 */
export function expectation(reward: Reward, heads: readonly Head[]): Expectation {
  const read = reward.names.map((name) => {
    const head = heads.findIndex(({ outcome }) => outcome === name);
    if (head < 0) {
      throw complaint('usage', {
        where: `guesses of '${reward.text}'`,
        expected: `a model that predicts '${name}'`,
        received: `one that predicts ${heads.map(({ outcome }) => outcome).join(', ')}`,
        try: 'Fit it with every outcome that the reward reads.',
      });
    }
    return { head, place: reward.outcomes.indexOf(name), unit: heads[head].unit };
  });
  const { linear } = reward;
  if (linear !== undefined) {
    const terms = reward.names.map((name, i) => ({ head: read[i].head, weight: linear.coefficients[name] }));
    return {
      method: 'exact',
      of: (predicted, from) =>
        terms.reduce((sum, { head, weight }) => sum + weight * predicted[from + head], linear.constant),
    };
  }
  const values = new Float64Array(reward.outcomes.length);
  const events = read.filter(({ unit }) => unit === 'probability');
  if (events.length > MOST_COMBINED) {
    return {
      method: 'at the predicted means',
      of: (predicted, from) => {
        for (const { head, place } of read) values[place] = predicted[from + head];
        return reward.evaluateRow(values);
      },
    };
  }
  const method =
    events.length < read.length
      ? 'at the predicted means'
      : events.length > 1
        ? 'as if outcomes were independent'
        : 'exact';
  return {
    method,
    of: (predicted, from) => {
      for (const { head, place } of read) values[place] = predicted[from + head];
      let sum = 0;
      for (let combination = 0; combination < 2 ** events.length; combination++) {
        let share = 1;
        events.forEach(({ head, place }, bit) => {
          const happens = (combination >> bit) & 1;
          values[place] = happens;
          share *= happens === 1 ? predicted[from + head] : 1 - predicted[from + head];
        });
        if (share > 0) sum += share * reward.evaluateRow(values);
      }
      return sum;
    },
  };
}

/**
 * The model's guess of the reward of every action in the contexts of the given rows. For off-policy evaluation the model
 * must not have seen these rows: see cross-fit.ts.
 *
 * @param rows [n] row numbers
 * @returns [n, A]
 */
export function guessMatrix(model: FittedModel, reward: Reward, log: Log, rows: Int32Array): GuessMatrix {
  const A = log.actions.values.length;
  const H = model.heads.length;
  const expected = expectation(reward, model.heads);
  const guesses = new Float32Array(rows.length * A);
  const step = Math.max(1, Math.floor(PAIRS / Math.max(1, A)));
  const pairs = Math.min(step, rows.length) * A;
  const [pairRows, pairActions, predicted] = [
    new Int32Array(pairs),
    new Int32Array(pairs),
    new Float32Array(pairs * H),
  ];
  for (let from = 0; from < rows.length; from += step) {
    const n = Math.min(step, rows.length - from) * A;
    for (let i = 0; i < n; i++) {
      pairRows[i] = rows[from + Math.floor(i / A)];
      pairActions[i] = i % A;
    }
    model.predict(log, pairRows.subarray(0, n), pairActions.subarray(0, n), predicted.subarray(0, n * H));
    for (let i = 0; i < n; i++) guesses[from * A + i] = expected.of(predicted, i * H);
  }
  return guesses;
}
