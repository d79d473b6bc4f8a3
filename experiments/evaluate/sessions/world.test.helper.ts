import { categorical } from '../../../core/distributions.js';
import type { Source } from '../../../core/random.js';
import { targetOf, type LoggedSessions, type SessionTarget } from './sessions.js';

/**
 * A small world with known values: 3 states, 2 actions, sessions of 1 to 3 decisions that only move to later states.
 * All probabilities are multiples of 1/4, so that a log can hold every session exactly as often as it happens.
 */
export const WORLD = {
  states: 3,
  actions: 2,
  start: [0.5, 0.5, 0],
  /** [K][A][K + 1] where to; the last entry ends the session. */
  moves: [
    [
      [0, 0.5, 0.25, 0.25],
      [0, 0, 0.5, 0.5],
    ],
    [
      [0, 0, 0.5, 0.5],
      [0, 0, 1, 0],
    ],
    [
      [0, 0, 0, 1],
      [0, 0, 0, 1],
    ],
  ],
  reward: [
    [1, -0.5],
    [0.25, 2],
    [3, -1],
  ],
  logging: [
    [0.75, 0.25],
    [0.5, 0.5],
    [0.25, 0.75],
  ],
  target: [
    [0.2, 0.8],
    [0.9, 0.1],
    [0.6, 0.4],
  ],
};

/** [K] exact values of the states under a policy, by backward induction. */
export function exactValues(policy: readonly (readonly number[])[], discount: number): number[] {
  const v = [0, 0, 0, 0];
  for (let s = 2; s >= 0; s--)
    v[s] = policy[s].reduce(
      (sum, p, a) =>
        sum + p * (WORLD.reward[s][a] + discount * WORLD.moves[s][a].reduce((t, q, to) => t + q * v[to], 0)),
      0,
    );
  return v.slice(0, 3);
}

/** Value of a session. */
export function exactValue(policy: readonly (readonly number[])[], discount: number): number {
  const v = exactValues(policy, discount);
  return WORLD.start.reduce((sum, p, s) => sum + p * v[s], 0);
}

type Step = readonly [state: number, action: number];

/** Every session that can happen, with its probability under the logging policy. */
export function everySession(): { readonly steps: Step[]; readonly probability: number }[] {
  const found: { steps: Step[]; probability: number }[] = [];
  const walk = (state: number, steps: Step[], probability: number): void => {
    if (probability === 0) return;
    if (state === 3) {
      found.push({ steps, probability });
      return;
    }
    WORLD.logging[state].forEach((p, a) =>
      WORLD.moves[state][a].forEach((q, to) => {
        walk(to, [...steps, [state, a]], probability * p * q);
      }),
    );
  };
  WORLD.start.forEach((p, s) => {
    walk(s, [], p);
  });
  return found;
}

/** A log that holds every session exactly as often as it happens in 2,048: means over it are expectations. */
export function population(): LoggedSessions {
  return logOf(
    everySession().flatMap(({ steps, probability }) => Array.from({ length: probability * 2048 }, () => steps)),
  );
}

/** Sessions drawn under the logging policy. */
export function drawn(luck: Source, count: number): LoggedSessions {
  return logOf(
    Array.from({ length: count }, () => {
      const steps: Step[] = [];
      for (let state = categorical(luck, WORLD.start); state < 3;) {
        const action = categorical(luck, WORLD.logging[state]);
        steps.push([state, action]);
        state = categorical(luck, WORLD.moves[state][action]);
      }
      return steps;
    }),
  );
}

function logOf(sessions: readonly (readonly Step[])[]): LoggedSessions {
  const rows = sessions.flat();
  const offsets = new Int32Array(sessions.length + 1);
  sessions.forEach((steps, s) => (offsets[s + 1] = offsets[s] + steps.length));
  return {
    offsets,
    actions: 2,
    action: Int32Array.from(rows, ([, a]) => a),
    reward: Float64Array.from(rows, ([s, a]) => WORLD.reward[s][a]),
    propensity: Float64Array.from(rows, ([s, a]) => WORLD.logging[s][a]),
    state: { count: 3, code: Int32Array.from(rows, ([s]) => s) },
    // One-hot but for the last state, whose weights are the intercepts.
    features: { width: 2, values: Float64Array.from(rows.flatMap(([s]) => [Number(s === 0), Number(s === 1)])) },
  };
}

/** [N, A] a policy over states, for every decision. */
export function everyRow({ state }: LoggedSessions, table: readonly (readonly number[])[]): Float64Array {
  return Float64Array.from([...(state?.code ?? [])].flatMap((s) => table[s]));
}

export function targetIn(sessions: LoggedSessions, policy = WORLD.target): SessionTarget {
  return targetOf(sessions, everyRow(sessions, policy));
}
