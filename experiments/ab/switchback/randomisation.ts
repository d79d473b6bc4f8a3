import { bernoulli } from '../../../core/distributions.js';
import { stream } from '../../../core/random.js';
import { chanceOf, exposuresOf, type SwitchbackSeries } from './exposure.js';

/**
 * Fisher's exact test: were no period's outcome changed by any treatment, how often would other tosses have shown so large
 * an effect? p = (1 + hits)/(1 + replicates), valid for any number of windows (Bojinov, Simchi-Levi and Zhao 2023, section
 * 4.1). The statistic is Hájek's difference; tosses that leave an arm without clean periods count as hits.
 */
export function switchbackRandomisationP(
  series: readonly SwitchbackSeries[],
  { carryOver, replicates, seed }: { readonly carryOver: number; readonly replicates: number; readonly seed: number },
): number {
  const exposures = exposuresOf(series, carryOver);
  const statistic = statisticOf({
    from: Int32Array.from(exposures, ({ from }) => from),
    to: Int32Array.from(exposures, ({ to }) => to),
    outcomes: Float64Array.from(exposures, (exposure) => exposure.outcomes / chanceOf(exposure)),
    sum: Float64Array.from(exposures, (exposure) => exposure.sum / chanceOf(exposure)),
  });
  const coins = coinsOf(series);
  const seen = statistic(coins) * (1 - 1e-12);
  const luck = stream(seed).fork('switchback');
  let hits = 0;
  for (let r = 0; r < replicates; r++) {
    for (let w = 0; w < coins.length; w++) coins[w] = bernoulli(luck, 0.5);
    if (!(statistic(coins) < seen)) hits++;
  }
  return (1 + hits) / (1 + replicates);
}

/** Exposures as columns; outcomes and sums already over their chance. */
interface Columns {
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly outcomes: Float64Array;
  readonly sum: Float64Array;
}

/** |Hájek's difference| under the given tosses; NaN where an arm has no clean period. */
function statisticOf({ from, to, outcomes, sum }: Columns): (coins: Uint8Array) => number {
  return (coins) => {
    let [sum0, sum1, count0, count1] = [0, 0, 0, 0];
    for (let g = 0; g < from.length; g++) {
      const coin = coins[to[g]];
      let w = from[g];
      while (w < to[g] && coins[w] === coin) w++;
      if (w < to[g]) continue;
      if (coin === 1) {
        sum1 += sum[g];
        count1 += outcomes[g];
      } else {
        sum0 += sum[g];
        count0 += outcomes[g];
      }
    }
    return Math.abs(sum1 / count1 - sum0 / count0);
  };
}

/** How each window was tossed, through all series. */
function coinsOf(series: readonly SwitchbackSeries[]): Uint8Array {
  return Uint8Array.from(
    series.flatMap(({ treated, window }) =>
      Array.from(treated).filter((_, t) => t === 0 || window[t] !== window[t - 1]),
    ),
  );
}
