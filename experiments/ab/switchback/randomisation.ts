import { stream } from '../../../core/random.js';
import { hajekSwitchback } from './carry-over.js';
import type { SwitchbackSeries } from './exposure.js';
import { tossWindows } from './plan.js';

/**
 * Fisher's exact test: were no period's outcome changed by any treatment, how often would other tosses have shown so large
 * an effect? p = (1 + hits)/(1 + replicates), valid for any number of windows (Bojinov, Simchi-Levi and Zhao 2023, section
 * 4.1). The statistic is Hájek's difference; tosses that leave an arm without clean periods count as hits.
 */
export function switchbackRandomisationP(
  series: readonly SwitchbackSeries[],
  { carryOver, replicates, seed }: { readonly carryOver: number; readonly replicates: number; readonly seed: number },
): number {
  const settings = { carryOver, level: 0.95 };
  const seen = Math.abs(hajekSwitchback(series, settings).difference);
  const luck = stream(seed).fork('switchback');
  let hits = 0;
  for (let r = 0; r < replicates; r++) {
    const again = series.map((one) => ({ ...one, treated: tossWindows(one.window, luck) }));
    const drawn = Math.abs(hajekSwitchback(again, settings).difference);
    if (!(drawn < seen * (1 - 1e-12))) hits++;
  }
  return (1 + hits) / (1 + replicates);
}
