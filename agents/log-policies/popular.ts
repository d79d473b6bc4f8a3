import type { Log, Rows } from '../../logs/record.js';
import type { LogPolicy } from '../contract.js';
import { keepCandidates, mixUniform } from './candidates.js';

export interface PopularSettings {
  /** Share of decisions that are uniform, in [0, 1]; 0 always shows the most rewarded action. */
  readonly exploration: number;
  /** Rounds of the overall rate that every action's own rate is mixed with, and of its own rate per position. */
  readonly shrinkRounds: number;
}

export const POPULAR_DEFAULTS: PopularSettings = { exploration: 0, shrinkRounds: 50 };

/**
 * Shows the action with the highest mean reward in the fitting rows, per position where positions are logged. Rates are
 * shrunk, so that an action shown twice and clicked once does not win: action towards all, position towards action,
 *
 *   rate_a = (Σ r_a + k·rate) / (n_a + k)      rate_ap = (Σ r_ap + k·rate_a) / (n_ap + k)
 *
 * Ties go to the lower code.
 *
 * @param reward [N] of every row of the log; rows outside `rows` are not read
 */
export function popular(
  log: Log,
  rows: Rows,
  reward: Float64Array,
  settings: PopularSettings = POPULAR_DEFAULTS,
): LogPolicy {
  const A = log.actions.values.length;
  const positions = 1 + rows.index.reduce((most, row) => Math.max(most, log.position[row]), 0);
  const k = settings.shrinkRounds;
  const sums = new Float64Array((positions + 1) * A);
  const counts = new Float64Array((positions + 1) * A);
  let total = 0;
  for (const row of rows.index) {
    const place = positionOf(log, row, positions);
    for (const at of [log.action[row], (place + 1) * A + log.action[row]]) {
      sums[at] += reward[row];
      counts[at]++;
    }
    total += reward[row];
  }
  const overall = total / Math.max(1, rows.index.length);
  const rate = new Float64Array(sums.length);
  for (let at = 0; at < rate.length; at++) {
    const towards = at < A ? overall : rate[at % A];
    rate[at] = counts[at] + k > 0 ? (sums[at] + k * towards) / (counts[at] + k) : towards;
  }
  return {
    id: 'popular',
    probabilities(other, chosen, out) {
      const order = other.actions.values.map((name) => log.actions.values.indexOf(name));
      const count = order.length;
      const all = Int32Array.from(order.keys());
      out.fill(0);
      chosen.forEach((row, n) => {
        const block = (positionOf(other, row, positions) + 1) * A;
        let best = -1;
        for (const a of candidatesOf(other, row, all)) {
          if (order[a] < 0) continue;
          if (best < 0 || rate[block + order[a]] > rate[block + order[best]]) best = a;
        }
        out[n * count + Math.max(0, best)] = 1;
      });
      keepCandidates(other, chosen, out);
      mixUniform(other, chosen, out, settings.exploration);
    },
  };
}

/** The codes a row may choose from. */
function candidatesOf(log: Log, row: number, all: Int32Array): Int32Array {
  if (log.candidates === 'all') return all;
  return log.candidates.codes.subarray(log.candidates.offsets[row], log.candidates.offsets[row + 1]);
}

function positionOf(log: Log, row: number, positions: number): number {
  return Math.min(positions - 1, Math.max(0, log.position[row]));
}
