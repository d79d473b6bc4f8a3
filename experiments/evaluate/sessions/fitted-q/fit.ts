import { shuffle } from '../../../../core/distributions.js';
import { complaint, expectLength } from '../../../../core/check.js';
import { stream, type Rng } from '../../../../core/random.js';
import type { LoggedSessions } from '../sessions.js';

/** What fitted Q evaluation fits on: sessions, the policy whose value Q is to be, and the discount. */
export interface FitWorld {
  readonly sessions: LoggedSessions;
  /** [N, A] π(a | s_n). */
  readonly policy: Float64Array;
  readonly discount: number;
}

/** A fitted Q: writes Q(s_row, ·) of every action to out[at … at + A). */
export type FittedQ = (row: number, out: Float64Array, at: number) => void;

/**
 * Fitted Q evaluation (Le, Voloshin and Yue 2019): the Q that explains the logged rewards as its own Bellman residuals
 * under the policy,
 *
 *     Q(s_t, a_t) ≈ r_t + γ Σ_a π(a | s_{t+1}) Q(s_{t+1}, a),   0 beyond the end of a session.
 */
export interface KindOfQ {
  readonly name: string;
  /** What the sessions must know of their states. */
  readonly needs: 'state' | 'features';
  /** @param members ascending numbers of the sessions it may see */
  fit(world: FitWorld, members: Int32Array, random: Rng): FittedQ;
}

/**
 * Cross-fitted guesses: sessions are dealt into folds by a seeded shuffle, one Q is fitted per fold on the others, and no
 * session is scored by a Q that saw it (Chernozhukov et al. 2018).
 *
 * @returns [N, A]
 */
export function crossFitQ(
  kind: KindOfQ,
  world: FitWorld,
  { folds, seed }: { readonly folds: number; readonly seed: number },
): Float64Array {
  const { offsets, actions, action } = world.sessions;
  const count = offsets.length - 1;
  expectLength(`${kind.name} fitted Q: policy`, world.policy, { decisions: action.length, actions });
  if (!Number.isInteger(folds) || folds < 2 || folds > count) {
    throw complaint('usage', {
      where: `${kind.name} fitted Q: folds`,
      expected: `a whole number from 2 to the ${count} sessions`,
      received: String(folds),
    });
  }
  const order = Int32Array.from({ length: count }, (_, s) => s);
  const random = stream(seed).fork('fitted-q');
  shuffle(random.fork('folds'), order);
  const guesses = new Float64Array(action.length * actions);
  for (let fold = 0; fold < folds; fold++) {
    const q = kind.fit(world, order.filter((_, i) => i % folds !== fold).sort(), random.fork(fold));
    for (let i = fold; i < count; i += folds)
      for (let row = offsets[order[i]]; row < offsets[order[i] + 1]; row++) q(row, guesses, row * actions);
  }
  return guesses;
}
