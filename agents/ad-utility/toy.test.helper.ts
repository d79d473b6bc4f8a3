import { stream } from '../../core/random.js';
import { WeightGrid } from '../../logs/ad-utility/weight-grid.js';
import { makeLog } from '../../logs/columns.js';
import type { Log, Rows } from '../../logs/record.js';
import type { LogPolicy } from '../contract.js';

/** Two groups of two weights: actions 0 … 3 are (0, 0), (0, 1), (1, 0), (1, 1). */
export const GRID = new WeightGrid([
  { name: 'click', levels: [0, 1], production: 0 },
  { name: 'hide', levels: [0, 1], production: 0 },
]);

/** Mean reward of every (context, action), q. */
export type Rates = readonly (readonly number[])[];

export interface Toy {
  readonly log: Log;
  readonly rows: Rows;
  readonly reward: Float64Array;
}

/** The same (context, action) pairs equally often, with reward q exactly: what a log says without any luck. */
export function exactToy(q: Rates, copies: number): Toy {
  const A = q[0].length;
  const rows = q.length * A * copies;
  return toy(
    q,
    Int32Array.from({ length: rows }, (_, i) => i % A),
    (i) => Math.floor(i / A) % q.length,
    (row) => row,
  );
}

/** Contexts and actions at random; rewards of 0 or 1 with mean q, or those of `draw`. */
export function luckyToy(q: Rates, rows: number, seed = 1): Toy {
  const luck = stream(seed);
  const A = q[0].length;
  const contexts = Int32Array.from({ length: rows }, () => Math.floor(luck.next() * q.length));
  const actions = Int32Array.from({ length: rows }, () => Math.floor(luck.next() * A));
  return toy(
    q,
    actions,
    (i) => contexts[i],
    (rate) => (luck.next() < rate ? 1 : 0),
  );
}

function toy(
  q: Rates,
  action: Int32Array,
  contextOf: (row: number) => number,
  rewardOf: (rate: number) => number,
): Toy {
  const rows = action.length;
  const context = Int32Array.from(action, (_, i) => contextOf(i));
  const reward = Float64Array.from(action, (a, i) => rewardOf(q[context[i]][a]));
  const log = makeLog({
    name: 'toy',
    rows,
    schema: { outcomes: ['reward'], source: 'test', categoricalNames: ['kind'], numericNames: ['number'] },
    actions: GRID.actionTable(),
    action,
    outcomes: [Float32Array.from(reward)],
    propensity: new Float64Array(rows).fill(1 / q[0].length),
    numeric: Float32Array.from(context, (c) => 3 * c - 1),
    categorical: context,
    categoricalValues: [q.map((_, c) => `kind ${c}`)],
  });
  return { log, reward, rows: { name: 'all', index: Int32Array.from({ length: rows }, (_, i) => i) } };
}

/** π of one row per context, [contexts, A]. */
export function played(policy: LogPolicy, { log }: Toy, contexts = 2): number[][] {
  const A = log.actions.values.length;
  const rows = Int32Array.from({ length: contexts }, (_, c) => log.categorical.indexOf(c));
  const out = new Float64Array(contexts * A);
  policy.probabilities(log, rows, out);
  return rows.length === 0 ? [] : Array.from(rows, (_, c) => [...out.subarray(c * A, (c + 1) * A)]);
}
