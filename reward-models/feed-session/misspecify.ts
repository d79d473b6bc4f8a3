import { complaint, expectNumber } from '../../core/check.js';
import { placesOf } from '../../logs/feed-session/layout.js';
import type { ResponseModel } from './contract.js';

/** How a model is made wrong, on purpose. */
export interface Misspecification {
  readonly exit: {
    /** −1: what made sessions longer makes them shorter, and the other way round. */
    readonly sign?: 1 | -1;
    /** Factor on how far the log-odds of an exit are from those of the base rate: 0 makes all exits alike. */
    readonly scale?: number;
    /** Whether the exit is asked as if nothing had been shown and answered before the newest item. */
    readonly ignoreFatigue?: boolean;
  };
}

/**
 * The same model with a wrong exit, for studies of what a learned simulator's mistakes do to policies learned in it:
 *
 *     logit' = logit(base rate) + sign · scale · (logit − logit(base rate))
 *
 * It cannot be saved: a file shall not hold a model that is wrong on purpose.
 */
export function misspecify(model: ResponseModel, { exit }: Misspecification): ResponseModel {
  const { sign = 1, scale = 1, ignoreFatigue = false } = exit;
  expectNumber('misspecified exit: scale', scale, 0, 1000);
  const { answers: from, recent: to, width: S } = placesOf(model.layout);
  const base = Math.log(model.card.exitRate / (1 - model.card.exitRate));
  let copy = new Float32Array(0);
  const without = (n: number, states: Float32Array): Float32Array => {
    if (copy.length < n * S) copy = new Float32Array(n * S);
    for (let i = 0; i < n * S; i++) copy[i] = states[i];
    for (let i = 0; i < n; i++) copy.fill(0, i * S + from, i * S + to);
    return copy;
  };
  const words = [
    ...(sign === -1 ? ['sign flipped'] : []),
    ...(scale === 1 ? [] : [`scaled by ${scale}`]),
    ...(ignoreFatigue ? ['averages of answers and exposure taken as 0'] : []),
  ];
  return {
    // The very functions of the model, not calls of them: numbers that are handed on once more would be allocated.
    ...model,
    card: { ...model.card, settings: { ...model.card.settings, misspecifiedExit: words.join(', ') || 'not at all' } },
    exit(n, states, out) {
      model.exit(n, ignoreFatigue ? without(n, states) : states, out);
      for (let i = 0; i < n; i++) {
        const logit = Math.log(out[i] / (1 - out[i]));
        out[i] = 1 / (1 + Math.exp(-base - sign * scale * (logit - base)));
      }
    },
    save: () => {
      throw complaint('usage', {
        where: 'response model',
        expected: 'a fitted model to save',
        received: 'one that is wrong on purpose',
        try: 'Save the model it was made of, and misspecify that again.',
      });
    },
  };
}
