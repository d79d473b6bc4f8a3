import { complaint } from '../../../core/check.js';
import type { Timeline } from './plan.js';

/** What was seen of one place: its timeline and one outcome per period. */
export interface SwitchbackSeries extends Timeline {
  /** [T] */
  readonly outcome: Float64Array;
}

/**
 * Periods whose last p + 1 periods lie in the same windows, taken together: they see a clean treatment, or a clean control,
 * in the same tosses.
 */
export interface Exposure {
  /** First and last of the windows, counted through all series. */
  readonly from: number;
  readonly to: number;
  /** 1: all treated; 0: all control; null: mixed. */
  readonly clean: 0 | 1 | null;
  readonly outcomes: number;
  readonly sum: number;
}

/**
 * The exposures of all series, in order. Periods without p periods before them are left out: what went before is unknown.
 *
 * @param carryOver p: for how many periods a treatment is felt after its own
 */
export function exposuresOf(series: readonly SwitchbackSeries[], carryOver: number): Exposure[] {
  if (!(Number.isInteger(carryOver) && carryOver >= 0))
    throw complaint('usage', {
      where: 'switchback',
      expected: 'a carry-over of 0, 1, 2 … periods',
      received: `${carryOver}`,
    });
  const found: Exposure[] = [];
  let offset = 0;
  for (const { treated, window, outcome } of series) {
    for (let t = carryOver; t < outcome.length; t++) {
      const [from, to] = [offset + window[t - carryOver], offset + window[t]];
      const last = found.at(-1);
      if (last?.from === from && last.to === to)
        found[found.length - 1] = { ...last, outcomes: last.outcomes + 1, sum: last.sum + outcome[t] };
      else found.push({ from, to, clean: cleanArm(treated, t - carryOver, t), outcomes: 1, sum: outcome[t] });
    }
    offset += window.length === 0 ? 0 : window[window.length - 1] + 1;
  }
  if (found.length > 0) return found;
  throw complaint('data', {
    where: 'switchback',
    expected: `more periods than the carry-over of ${carryOver}`,
    received: `${series.reduce((most, { outcome }) => Math.max(most, outcome.length), 0)}`,
  });
}

function cleanArm(treated: Uint8Array, from: number, to: number): 0 | 1 | null {
  const arm = treated[to] === 1 ? 1 : 0;
  for (let t = from; t < to; t++) if (treated[t] !== arm) return null;
  return arm;
}

/** 2^−windows: the chance of a clean treatment, and of a clean control. */
export function chanceOf({ from, to }: Pick<Exposure, 'from' | 'to'>): number {
  return 2 ** -(to - from + 1);
}
