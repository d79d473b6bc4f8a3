import { ChainBuilder, chainValues, chainVisits } from '../chain.js';
import { cellChain, statesOf } from '../fitted-q/tabular.js';
import { linearRow, linearSystem, RIDGE } from '../fitted-q/linear.js';
import { solveLinear } from '../../../../core/stats/linear-solve.js';
import type { FitWorld } from '../fitted-q/fit.js';
import { expectedUnder, type LoggedSessions, type SessionTerms } from '../sessions.js';
import type { SessionEstimator } from '../forms.js';
import { GymError } from '../../../../core/check.js';

/**
 * What a marginal estimator finds: a weight per decision, such that the value is Σ weight·r / S, and its own view of what
 * follows. They give the per-session form that they share,
 *
 *     V(s_0) + Σ_t weight_t·(r_t + γ V(s_{t+1}) − Q_t),
 *
 * whose mean is the estimate and whose spread is its standard error with the estimated weights accounted for: it is the
 * efficient influence function of the value (Kallus and Uehara 2020) at the fitted weights and Q.
 */
export interface MarginalFit {
  /** [N] expected discounted visits under the policy ÷ visits in the log, times the decision's ratio where it is not in it. */
  readonly weight: Float64Array;
  /** [N] what the decision's reward and future are compared with. */
  readonly fitted: Float64Array;
  /** [N] value of the state. */
  readonly value: Float64Array;
}

function perSession({ sessions, discount }: SessionTerms, fit: MarginalFit): Float64Array {
  const { offsets, reward } = sessions;
  const out = new Float64Array(offsets.length - 1);
  for (let s = 0; s < out.length; s++) {
    const [from, end] = [offsets[s], offsets[s + 1]];
    out[s] = fit.value[from];
    for (let i = from; i < end; i++) {
      const after = i + 1 < end ? discount * fit.value[i + 1] : 0;
      out[s] += fit.weight[i] * (reward[i] + after - fit.fitted[i]);
    }
  }
  return out;
}

const everySession = ({ offsets }: LoggedSessions): Int32Array =>
  Int32Array.from({ length: offsets.length - 1 }, (_, s) => s);

/** The policy's probability of every action, or an error that says how to get them. */
function worldOf({ sessions, target, discount }: SessionTerms, who: string): FitWorld {
  if (target.all !== undefined) return { sessions, policy: target.all, discount };
  throw new GymError(
    'usage',
    `${who}: expected the policy's probability of every action, received only that of the action taken. Use --policy.`,
  );
}

/**
 * Marginal weights over states: the policy's expected discounted visits follow from the start of the sessions and the
 * moves that were logged, each weighted by its decision's ratio (divided by the sum of the ratios in the state):
 *
 *     d(s') = start(s') + γ Σ_s d(s) P(s' | s),   weight_i = d(s_i)·ratio_i / mean over sessions of Σ ratio in s_i
 */
export function stateMarginals({ sessions, ratio, discount }: SessionTerms): MarginalFit {
  const { offsets, reward } = sessions;
  const { code, count: states } = statesOf(sessions, 'smis');
  const S = offsets.length - 1;
  const builder = new ChainBuilder(states);
  const total = new Float64Array(states);
  const start = new Float64Array(states);
  for (let s = 0; s < S; s++) {
    start[code[offsets[s]]] += 1 / S;
    for (let i = offsets[s]; i < offsets[s + 1]; i++) {
      total[code[i]] += ratio[i];
      builder.reward[code[i]] += ratio[i] * reward[i];
      if (i + 1 < offsets[s + 1]) builder.move(code[i], code[i + 1], discount * ratio[i]);
    }
  }
  const chain = builder.done(total);
  const values = chainValues(chain, 'smis');
  const visits = chainVisits(chain, start, 'smis');
  const value = Float64Array.from(code, (c) => values[c]);
  const weight = Float64Array.from(code, (c, i) => (total[c] > 0 ? (visits[c] * S * ratio[i]) / total[c] : 0));
  return { weight, fitted: value, value };
}

/** Marginal weights over (state, action) cells: d(s, a) ÷ the logged visits of the cell per session. */
export function cellMarginals(terms: SessionTerms): MarginalFit {
  const world = worldOf(terms, 'samis');
  const { offsets, actions, action } = terms.sessions;
  const { code } = statesOf(terms.sessions, 'samis');
  const S = offsets.length - 1;
  const { chain, count } = cellChain(world, everySession(terms.sessions));
  const start = new Float64Array(chain.cells);
  for (let s = 0; s < S; s++)
    for (let a = 0; a < actions; a++)
      start[code[offsets[s]] * actions + a] += world.policy[offsets[s] * actions + a] / S;
  const values = chainValues(chain, 'samis');
  const visits = chainVisits(chain, start, 'samis');
  const q = new Float64Array(action.length * actions);
  for (let i = 0; i < action.length; i++)
    for (let a = 0; a < actions; a++) q[i * actions + a] = values[code[i] * actions + a];
  const cell = Int32Array.from(action, (a, i) => code[i] * actions + a);
  return {
    weight: Float64Array.from(cell, (c) => (visits[c] * S) / count[c]),
    fitted: Float64Array.from(cell, (c) => values[c]),
    value: expectedUnder(world.policy, q, action.length),
  };
}

/** Weights linear in φ(s, a) that balance every function linear in it: E[w·(f − γ f(s', π))] = E[f(s_0, π)]. */
export function linearMarginals(terms: SessionTerms): MarginalFit {
  const world = worldOf(terms, 'mwl');
  const { actions, action } = terms.sessions;
  const { design, matrix, right, start, unknowns } = linearSystem(world, everySession(terms.sessions), RIDGE);
  const transposed = matrix.map((_, at) => matrix[(at % unknowns) * unknowns + Math.floor(at / unknowns)]);
  const [balance, coefficients] = [solveLinear(transposed, start), solveLinear(matrix, right)];
  const n = action.length;
  const row = new Float64Array(actions);
  const weight = new Float64Array(n);
  const q = new Float64Array(n * actions);
  for (let i = 0; i < n; i++) {
    linearRow(design, balance, i, row, 0);
    weight[i] = row[action[i]];
    linearRow(design, coefficients, i, q, i * actions);
  }
  const fitted = Float64Array.from(action, (a, i) => q[i * actions + a]);
  return { weight, fitted, value: expectedUnder(world.policy, q, n) };
}

/**
 * State marginal importance sampling (Liu et al. 2018; Xie, Ma and Wang 2019) on discrete states: mean over sessions of
 * Σ_t weight·r. No products of ratios, so its variance does not explode with the length of sessions. States are pooled
 * over steps; with the step in the state (`byStep`) it is the marginalised estimator of Xie, Ma and Wang.
 */
export const smis: SessionEstimator = {
  name: 'State-marginal IS',
  assumption: 'Propensities are right, and the state column is all that the future depends on.',
  weights: 'marginal',
  needs: ['state'],
  perSession: (terms) => ({ parts: [{ numerator: perSession(terms, stateMarginals(terms)) }] }),
};

/**
 * State-action marginal importance sampling: visits of (state, action) cells; no propensities at all. On discrete states
 * its value is that of tabular fitted Q on the whole log (Yin and Wang 2020, where it reaches the Cramér–Rao bound).
 */
export const samis: SessionEstimator = {
  name: 'State-action-marginal IS',
  assumption:
    'The state column is all that rewards and the future depend on; every action of the policy was logged in it.',
  weights: 'marginal',
  needs: ['state', 'policy'],
  perSession: (terms) => ({ parts: [{ numerator: perSession(terms, cellMarginals(terms)) }] }),
};

/**
 * Minimax weight learning with linear functions (Uehara, Huang and Jiang 2020), solved in closed form with a small ridge.
 * Up to the ridge its value is that of linear fitted Q on the whole log; it adds the weights, and with them a standard
 * error that is right when either the weights or Q are linear.
 */
export const mwl: SessionEstimator = {
  name: 'Minimax weights, linear',
  assumption: 'The marginal weights or Q are linear in the features, for each action.',
  weights: 'marginal',
  needs: ['features', 'policy'],
  perSession: (terms) => ({ parts: [{ numerator: perSession(terms, linearMarginals(terms)) }] }),
};

/** The marginal weights of an estimator's decisions, for diagnostics. */
export const MARGINALS = { smis: stateMarginals, samis: cellMarginals, mwl: linearMarginals } as const;

/** The same sessions with the step in the state: code = step·K + state. */
export function byStep(sessions: LoggedSessions): LoggedSessions {
  const { offsets } = sessions;
  const { code, count } = statesOf(sessions, 'state by step');
  const stepped = code.slice();
  let longest = 0;
  for (let s = 0; s + 1 < offsets.length; s++) {
    longest = Math.max(longest, offsets[s + 1] - offsets[s]);
    for (let i = offsets[s]; i < offsets[s + 1]; i++) stepped[i] += (i - offsets[s]) * count;
  }
  return { ...sessions, state: { count: longest * count, code: stepped } };
}
