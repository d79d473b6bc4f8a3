import { complaint } from '../../../../core/check.js';
import { solveLinear } from '../../../../core/stats/linear-solve.js';
import { designOf, type Design } from './design.js';
import type { FitWorld, KindOfQ } from './fit.js';

/** More unknowns than this are solved too slowly. */
const MOST_UNKNOWNS = 1500;

/**
 * The equations of a Q that is linear in the features, with weights of its own for each action. P = A·(F + 1) unknowns,
 * block a holding those of action a; φ(s, a) is the design row in block a.
 */
export interface LinearSystem {
  readonly unknowns: number;
  readonly design: Design;
  /** [P, P] Σ φ_t·(φ_t − γ Σ_a π(a | s_{t+1}) φ(s_{t+1}, a))' / sessions + ridge. */
  readonly matrix: Float64Array;
  /** [P] Σ φ_t r_t / sessions. */
  readonly right: Float64Array;
  /** [P] Σ_sessions Σ_a π(a | s_0) φ(s_0, a) / sessions. */
  readonly start: Float64Array;
}

/** @param ridge pull of every weight but the intercepts to 0, in decisions: λ of Σ squares + λ·Σ w² */
export function linearSystem(world: FitWorld, members: Int32Array, ridge: number): LinearSystem {
  const { sessions, policy, discount } = world;
  const { offsets, actions, action, reward } = sessions;
  const design = designOf(sessions, members);
  const { width, values } = design;
  const P = actions * width;
  if (P > MOST_UNKNOWNS) {
    throw complaint('usage', {
      where: 'linear fitted Q',
      expected: `at most ${MOST_UNKNOWNS} weights`,
      received: `${actions} actions × ${width} features with their intercept`,
      try: 'Use fewer features, or --fit network.',
    });
  }
  const [matrix, right, start] = [new Float64Array(P * P), new Float64Array(P), new Float64Array(P)];
  const each = 1 / members.length;
  for (const s of members) {
    for (let a = 0; a < actions; a++)
      for (let f = 0; f < width; f++)
        start[a * width + f] += each * policy[offsets[s] * actions + a] * values[offsets[s] * width + f];
    for (let i = offsets[s]; i < offsets[s + 1]; i++) {
      const block = action[i] * width;
      for (let f = 0; f < width; f++) {
        const x = each * values[i * width + f];
        const at = (block + f) * P;
        right[block + f] += x * reward[i];
        for (let g = 0; g < width; g++) matrix[at + block + g] += x * values[i * width + g];
        if (i + 1 === offsets[s + 1]) continue;
        for (let a = 0; a < actions; a++) {
          const share = x * discount * policy[(i + 1) * actions + a];
          if (share === 0) continue;
          for (let g = 0; g < width; g++) matrix[at + a * width + g] -= share * values[(i + 1) * width + g];
        }
      }
    }
  }
  // The intercepts' share is there only to keep an action that was never logged solvable.
  for (let p = 0; p < P; p++) matrix[p * P + p] += (p % width === 0 ? 1e-9 : 1) * ridge * each;
  return { unknowns: P, design, matrix, right, start };
}

/** Q(s, ·) = design row times the weights of each action. */
export function linearRow(
  { width, values }: Design,
  weights: Float64Array,
  row: number,
  out: Float64Array,
  at: number,
): void {
  for (let a = 0, w = 0; w < weights.length; a++) {
    let sum = 0;
    for (let f = 0; f < width; f++, w++) sum += weights[w] * values[row * width + f];
    out[at + a] = sum;
  }
}

/** Pull of the weights to 0, in decisions. */
export const RIDGE = 1;

/** Linear in the features with weights per action: the fixed point in closed form (LSTD-Q, Lagoudakis and Parr 2003). */
export const linearQ: KindOfQ = {
  name: 'linear',
  needs: 'features',
  fit(world, members) {
    const { design, matrix, right } = linearSystem(world, members, RIDGE);
    const weights = solveLinear(matrix, right);
    return (row, out, at) => linearRow(design, weights, row, out, at);
  },
};
