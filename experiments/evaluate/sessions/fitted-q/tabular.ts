import { complaint } from '../../../../core/check.js';
import { ChainBuilder, chainValues, type Chain } from '../chain.js';
import type { LoggedSessions } from '../sessions.js';
import type { FitWorld, KindOfQ } from './fit.js';

/** The log as a chain over (state, action) cells; cell = state·A + action. */
export interface CellChain {
  readonly chain: Chain;
  /** [K·A] decisions per cell. */
  readonly count: Float64Array;
}

/** State codes, or an error that says how to get them. */
export function statesOf({ state }: LoggedSessions, who: string): NonNullable<LoggedSessions['state']> {
  if (state !== undefined) return state;
  throw complaint('usage', {
    where: who,
    expected: 'a state for every decision',
    received: 'none',
    try: 'Name its column with --state.',
  });
}

/**
 * What the members' decisions say of every cell: its mean reward, and where the policy goes from it,
 * γ Σ π(a' | s_{t+1}) over what followed. A cell that was never logged in a known state takes the mean of the state's
 * logged cells; a state that was never seen ends at once with the members' mean return to go.
 */
export function cellChain({ sessions, policy, discount }: FitWorld, members: Int32Array): CellChain {
  const { offsets, actions, action, reward } = sessions;
  const { code, count: states } = statesOf(sessions, 'tabular fitted Q');
  const builder = new ChainBuilder(states * actions);
  const count = new Float64Array(states * actions);
  let togo = 0;
  let rows = 0;
  for (const s of members) {
    let after = 0;
    for (let i = offsets[s + 1] - 1; i >= offsets[s]; i--) {
      const cell = code[i] * actions + action[i];
      count[cell]++;
      builder.reward[cell] += reward[i];
      togo += after = reward[i] + discount * after;
      rows++;
      if (i + 1 === offsets[s + 1]) continue;
      for (let a = 0; a < actions; a++)
        builder.move(cell, code[i + 1] * actions + a, discount * policy[(i + 1) * actions + a]);
    }
  }
  return { chain: builder.done(fillUnseen(builder, count, actions, togo / Math.max(1, rows))), count };
}

/** Gives cells without decisions their stand-in; returns what each cell's sums are divided by. */
function fillUnseen(builder: ChainBuilder, count: Float64Array, actions: number, otherwise: number): Float64Array {
  const scale = count.slice();
  for (let from = 0; from < count.length; from += actions) {
    let inState = 0;
    for (let a = 0; a < actions; a++) inState += count[from + a];
    for (let a = 0; a < actions; a++) {
      if (count[from + a] > 0) continue;
      scale[from + a] = 1;
      if (inState === 0) builder.reward[from + a] = otherwise;
      else for (let b = 0; b < actions; b++) builder.move(from + a, from + b, count[from + b] / inState);
    }
  }
  return scale;
}

/** Exact on discrete states: the fixed point of the logged transition counts, solved to rounding. */
export const tabularQ: KindOfQ = {
  name: 'tabular',
  needs: 'state',
  fit(world, members) {
    const { actions } = world.sessions;
    const { code } = statesOf(world.sessions, 'tabular fitted Q');
    const values = chainValues(cellChain(world, members).chain, 'tabular fitted Q');
    return (row, out, at) => {
      for (let a = 0; a < actions; a++) out[at + a] = values[code[row] * actions + a];
    };
  },
};
