import { complaint, expectLength } from '../../core/check.js';
import type { WeightGrid } from '../../logs/ad-utility/weight-grid.js';
import type { ActionTable, Log, Rows } from '../../logs/record.js';
import type { ContextPolicy, ContextRows, ServedPolicy } from '../contract.js';
import { keepCandidates } from '../log-policies/candidates.js';

/**
 * The same action for everybody: weights as they are tuned by hand.
 *
 * @param action code in `actions`; in another log it is found by its name
 * @throws a usage error for an action that is not in the table
 */
export function staticPolicy(actions: Pick<ActionTable, 'values'>, action: number, id = 'static'): ServedPolicy {
  const { values } = actions;
  const A = values.length;
  if (!(Number.isInteger(action) && action >= 0 && action < A)) {
    throw complaint('usage', {
      where: `policy '${id}'`,
      expected: `an action from 0 to ${A - 1}`,
      received: String(action),
    });
  }
  const name = values[action];
  return {
    id,
    actions: A,
    decide(context, out) {
      expectLength(`policy '${id}'`, out, { decisions: context.count, actions: A });
      out.fill(0);
      for (let n = 0; n < context.count; n++) out[n * A + action] = 1;
    },
    best(context, out) {
      expectLength(`policy '${id}'`, out, { decisions: context.count });
      out.fill(action);
    },
    probabilities(log, rows, out) {
      const known = log.actions.values;
      const code = known[action] === name ? action : known.indexOf(name);
      if (code < 0) {
        throw complaint('data', {
          where: `policy '${id}'`,
          expected: `a log with action '${name}'`,
          received: log.name,
        });
      }
      out.fill(0);
      for (let n = 0; n < rows.length; n++) out[n * known.length + code] = 1;
      keepCandidates(log, rows, out);
    },
  };
}

/** What a log says of one action served to everybody. */
export interface ActionEstimate {
  readonly action: number;
  /** Rows that took it. */
  readonly hits: number;
  /** Σ w r / Σ w over its rows, w = 1/μ (SNIPS of the static policy); NaN without hits. */
  readonly mean: number;
  /** √(Σ w² (r − mean)²) / Σ w; NaN with fewer than two hits. */
  readonly standardError: number;
}

/** Every action as a static policy, from the rows of a log that took it. @param reward [N] of every row of the log */
export function estimateActions(log: Log, rows: Rows, reward: Float64Array): ActionEstimate[] {
  const A = log.actions.values.length;
  const [hits, weights, sums] = [0, 1, 2].map(() => new Float64Array(A));
  for (const row of rows.index) {
    const weight = 1 / log.propensity[row];
    if (!(weight >= 1 && weight < Infinity)) {
      throw complaint('data', {
        where: `log '${log.name}' row ${row}`,
        expected: 'a propensity in (0, 1]',
        received: String(log.propensity[row]),
      });
    }
    const action = log.action[row];
    hits[action]++;
    weights[action] += weight;
    sums[action] += weight * reward[row];
  }
  const squares = new Float64Array(A);
  for (const row of rows.index) {
    const action = log.action[row];
    squares[action] += ((reward[row] - sums[action] / weights[action]) / log.propensity[row]) ** 2;
  }
  return Array.from(hits, (count, action) => ({
    action,
    hits: count,
    mean: sums[action] / weights[action],
    standardError: count < 2 ? NaN : Math.sqrt(squares[action]) / weights[action],
  }));
}

/** The static policy that a log likes best. */
export interface BestGlobal {
  readonly policy: ServedPolicy;
  readonly best: ActionEstimate;
  /** [A] */
  readonly estimates: readonly ActionEstimate[];
}

/**
 * The action with the highest mean reward in the log: what tuning by hand would find, if it could try everything. The
 * winner's mean is too high on average, as it won by luck too: judge it on other rows.
 *
 * @param leastHits actions with fewer rows do not compete
 * @throws a data error when none has as many
 */
export function bestGlobal(log: Log, rows: Rows, reward: Float64Array, leastHits = 2): BestGlobal {
  const estimates = estimateActions(log, rows, reward);
  const competing = estimates.filter(({ hits }) => hits >= Math.max(1, leastHits));
  if (competing.length === 0) {
    throw complaint('data', {
      where: `best global action of log '${log.name}'`,
      expected: `an action with ${leastHits} rows or more`,
      received: `${rows.index.length} rows for ${estimates.length} actions`,
    });
  }
  const best = competing.reduce((top, one) => (one.mean > top.mean ? one : top));
  return { policy: staticPolicy(log.actions, best.action, 'best-global'), best, estimates };
}

/** A policy's own average weights for everybody. */
export interface MatchedStatic {
  /** [G] Σ_n Σ_a π(a | x_n)·weights(a) / n, exactly. */
  readonly weights: readonly number[];
  /** The member of the grid that is nearest to them, group by group; ties go to the lower level. */
  readonly nearest: number;
  /** Serves `nearest`. */
  readonly policy: ServedPolicy;
}

/** Decisions asked at a time. */
const ROWS_AT_ONCE = 1024;

/**
 * The control for personalisation (PRL-PUTS, table 3): weights that give everybody what the policy gives on average.
 *
 * @param contexts what the policy decides, in one piece or several
 * @throws a data error without a decision
 */
export function matchedStatic(policy: ContextPolicy, contexts: Iterable<ContextRows>, grid: WeightGrid): MatchedStatic {
  const A = policy.actions;
  const G = grid.groups.length;
  if (A !== grid.size) {
    throw complaint('usage', {
      where: 'matched static',
      expected: `a policy of the grid's ${grid.size} actions`,
      received: String(A),
    });
  }
  const chance = new Float64Array(A);
  let count = 0;
  let room = new Float64Array(0);
  for (const context of contexts) {
    for (let from = 0; from < context.count; from += ROWS_AT_ONCE) {
      const part = sliceRows(context, from, Math.min(context.count, from + ROWS_AT_ONCE));
      if (room.length !== part.count * A) room = new Float64Array(part.count * A);
      policy.decide(part, room);
      for (let i = 0, a = 0; i < room.length; i++) {
        chance[a] += room[i];
        a = a + 1 === A ? 0 : a + 1;
      }
    }
    count += context.count;
  }
  if (count === 0) throw complaint('data', { where: 'matched static', expected: 'decisions', received: 'none' });
  const row = new Float64Array(G);
  const weights = new Array<number>(G).fill(0);
  for (let a = 0; a < A; a++) {
    grid.writeWeights(a, row);
    for (let g = 0; g < G; g++) weights[g] += (chance[a] / count) * row[g];
  }
  const nearest = grid.jointOf(grid.groups.map(({ levels }, g) => nearestLevel(levels, weights[g])));
  return { weights, nearest, policy: staticPolicy(grid.actionTable(), nearest, 'matched-static') };
}

function nearestLevel(levels: readonly number[], weight: number): number {
  return levels.reduce((best, level, l) => (Math.abs(level - weight) < Math.abs(levels[best] - weight) ? l : best), 0);
}

/** Decisions [from, to) as views. */
function sliceRows({ count, numeric, categorical, position }: ContextRows, from: number, to: number): ContextRows {
  const [M, C] = [numeric.length / count, categorical.length / count];
  return {
    count: to - from,
    numeric: numeric.subarray(from * M, to * M),
    categorical: categorical.subarray(from * C, to * C),
    ...(position === undefined ? {} : { position: position.subarray(from, to) }),
  };
}
