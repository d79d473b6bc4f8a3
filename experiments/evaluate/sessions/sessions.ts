import { expectLength } from '../../../core/check.js';

/**
 * Logged sessions as columns, documented here once. S = sessions, N = decisions (rows), A = actions, K = states,
 * F = features, H = decisions of the longest session. The decisions of a session are consecutive rows, in order.
 *
 * What is estimated is the value of a session: the expected Σ_t γ^t r_t from its first decision to its end, whatever
 * ended it. A session that is over stays where it is: it earns nothing more and both policies do the same there, so in
 * every sum over sessions at a later step t it counts with reward 0, guess 0 and the weight of its last decision. The
 * mean weight of a step therefore runs over all S sessions. (Over those still going on it would estimate the reward
 * *given* that the session goes on, which a policy that keeps sessions going longer would turn into a bias.)
 *
 * Where a step limit cut sessions, a state (or the features) must tell the step for its future to be known.
 */
export interface LoggedSessions {
  /** [S + 1] session s is the rows offsets[s] … offsets[s + 1] − 1; none is empty. */
  readonly offsets: Int32Array;
  readonly actions: number;
  /** [N] index of the action taken, in [0, A). */
  readonly action: Int32Array;
  /** [N] in the log's reward unit. */
  readonly reward: Float64Array;
  /** [N] μ(a_t | s_t) of the policy that served it, in (0, 1]. */
  readonly propensity: Float64Array;
  /** [S] what the sessions are called; by default their number. */
  readonly names?: readonly string[];
  /** [N] row of the table or log that the decision came from; by default its own. */
  readonly rows?: Int32Array;
  /** A state or cluster of states per decision, for marginal weights and tabular fitted Q. */
  readonly state?: { readonly count: number; /** [N] in [0, K). */ readonly code: Int32Array };
  /** [N, F] what is known of the state, for linear weights and fitted Q. */
  readonly features?: { readonly width: number; readonly values: Float64Array };
}

/** What the judged policy would have done. */
export interface SessionTarget {
  /** [N] π(a_t | s_t) of the action that was taken. */
  readonly taken: Float64Array;
  /** [N, A] π(a | s_t); each row sums to 1. Guesses, states and features need it. */
  readonly all?: Float64Array;
}

/** The target of a whole policy. */
export function targetOf(sessions: LoggedSessions, all: Float64Array): SessionTarget {
  const { action, actions } = sessions;
  expectLength('evaluate sessions: target probabilities', all, { decisions: action.length, actions });
  return { taken: Float64Array.from(action, (a, i) => all[i * actions + a]), all };
}

/** What the estimators are made of, one number per decision. */
export interface SessionTerms {
  readonly sessions: LoggedSessions;
  readonly target: SessionTarget;
  /** γ in [0, 1]. */
  readonly discount: number;
  /** H. */
  readonly longest: number;
  /** π(a_t | s_t) / μ(a_t | s_t). */
  readonly ratio: Float64Array;
  /** w_t = Π_{u ≤ t} ratio_u. */
  readonly weight: Float64Array;
  /** Q(s_t, a_t); absent without guesses. */
  readonly guess?: Float64Array;
  /** V(s_t) = Σ_a π(a | s_t) Q(s_t, a); absent without guesses. */
  readonly direct?: Float64Array;
}

/**
 * Ratios, their running products, and with guesses the model's view of each decision.
 *
 * @param guesses [N, A] Q(s_t, a): the value of the rest of the session, by a model that did not see session n
 */
export function sessionTerms(
  sessions: LoggedSessions,
  target: SessionTarget,
  discount: number,
  guesses?: Float64Array,
): SessionTerms {
  const { offsets, actions, action, propensity } = sessions;
  const n = action.length;
  expectLength('evaluate sessions: target probabilities of the actions taken', target.taken, { decisions: n });
  const ratio = Float64Array.from(propensity, (p, i) => target.taken[i] / p);
  const weight = new Float64Array(n);
  let longest = 0;
  for (let s = 0; s + 1 < offsets.length; s++) {
    let product = 1;
    for (let i = offsets[s]; i < offsets[s + 1]; i++) weight[i] = product *= ratio[i];
    longest = Math.max(longest, offsets[s + 1] - offsets[s]);
  }
  const terms = { sessions, target, discount, longest, ratio, weight };
  const { all } = target;
  if (guesses === undefined || all === undefined) return terms;
  expectLength('evaluate sessions: guesses', guesses, { decisions: n, actions });
  expectLength('evaluate sessions: target probabilities', all, { decisions: n, actions });
  return {
    ...terms,
    guess: Float64Array.from(action, (a, i) => guesses[i * actions + a]),
    direct: expectedUnder(all, guesses, n),
  };
}

/** [N] Σ_a π(a | s_n) q(s_n, a). */
export function expectedUnder(all: Float64Array, q: Float64Array, n: number): Float64Array {
  const actions = all.length / n;
  const out = new Float64Array(n);
  for (let i = 0, at = 0; i < n; i++) {
    let sum = 0;
    for (let a = 0; a < actions; a++, at++) sum += all[at] * q[at];
    out[i] = sum;
  }
  return out;
}

/** Columns of `stepWeights` that were asked for: forms that share a normaliser resample it once. */
const STEP_WEIGHTS = new WeakMap<SessionTerms, Map<number, Float64Array>>();

/** [S] weight of every session at step t; one that is over keeps its last. The same array every time: do not write. */
export function stepWeights(terms: SessionTerms, step: number): Float64Array {
  const { sessions, weight, longest } = terms;
  const { offsets } = sessions;
  const last = Math.min(step, longest - 1);
  const columns = STEP_WEIGHTS.get(terms) ?? new Map<number, Float64Array>();
  STEP_WEIGHTS.set(terms, columns);
  let column = columns.get(last);
  if (column === undefined) {
    column = new Float64Array(offsets.length - 1);
    for (let s = 0; s < column.length; s++) column[s] = weight[Math.min(offsets[s] + last, offsets[s + 1] - 1)];
    columns.set(last, column);
  }
  return column;
}

/** [S] Σ_t γ^t r_t of every session, as logged. */
export function returnsOf({ offsets, reward }: LoggedSessions, discount: number): Float64Array {
  const out = new Float64Array(offsets.length - 1);
  for (let s = 0; s < out.length; s++) {
    // From the end, so that γ^t need not be formed.
    let value = 0;
    for (let i = offsets[s + 1] - 1; i >= offsets[s]; i--) value = reward[i] + discount * value;
    out[s] = value;
  }
  return out;
}

/** What a session is called in messages. */
export function nameOf({ names }: LoggedSessions, session: number): string {
  return names === undefined ? String(session) : `'${names[session]}'`;
}
