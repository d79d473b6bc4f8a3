import { complaint } from '../../../core/check.js';
import { ratioOf } from '../stats/arm-value.js';
import { sumsOf } from '../stats/sums.js';
import { welch, type TestedEffect } from '../stats/welch.js';
import type { SwitchbackSeries } from './exposure.js';

/** An effect from the periods that were kept. */
export interface WashoutEffect extends Omit<TestedEffect, 'effect'> {
  readonly difference: number;
  readonly means: readonly [number, number];
  /** Windows with at least one kept period: control, treatment. */
  readonly windows: readonly [number, number];
  /** Periods kept, and dropped because the one before had other treatment. */
  readonly kept: number;
  readonly dropped: number;
}

/**
 * Drops the first p periods after each switch, and those at the beginning, and compares the means of what is left. Outcomes
 * of one window rise and fall together, so windows are the rows: each arm's mean is Σ of windows ÷ number of periods, with
 * the variance of a ratio over windows (the cluster sandwich) and Welch's degrees of freedom in windows.
 *
 * Simpler and usually narrower than weighting by randomisation, but it takes windows for exchangeable: hours that are
 * always dropped (because switches happen at the same time of day) are not represented.
 */
export function washoutEffect(
  series: readonly SwitchbackSeries[],
  { carryOver, level }: { readonly carryOver: number; readonly level: number },
): WashoutEffect {
  const sums: [number[], number[]] = [[], []];
  const counts: [number[], number[]] = [[], []];
  let dropped = 0;
  for (const { treated, window, outcome } of series) {
    let clean = 0;
    let current = -1;
    for (let t = 0; t < outcome.length; t++) {
      clean = t > 0 && treated[t] === treated[t - 1] ? clean + 1 : 0;
      if (clean < carryOver) {
        dropped++;
        continue;
      }
      const arm = treated[t] === 1 ? 1 : 0;
      if (window[t] !== current) {
        sums[arm].push(0);
        counts[arm].push(0);
        current = window[t];
      }
      sums[arm][sums[arm].length - 1] += outcome[t];
      counts[arm][counts[arm].length - 1]++;
    }
  }
  if (sums.some((list) => list.length < 2))
    throw complaint('data', {
      where: 'switchback: washout',
      expected: 'two windows of each arm that outlast the carry-over',
      received: `${sums[0].length} of the control and ${sums[1].length} of the treatment`,
      try: 'Take longer windows, or a shorter carry-over.',
    });
  const [control, arm] = [0, 1].map((a) => ratioOf(sumsOf([Float64Array.from(sums[a]), Float64Array.from(counts[a])])));
  const { effect: difference, ...rest } = welch(control, arm, level);
  return {
    difference,
    ...rest,
    means: [control.value, arm.value],
    windows: [sums[0].length, sums[1].length],
    kept: counts.flat().reduce((sum, count) => sum + count, 0),
    dropped,
  };
}
