import { hash32 } from '../../core/random.js';
import { completeSettings } from '../../core/settings.js';
import { logSpaced, WeightGrid } from '../../logs/ad-utility/weight-grid.js';
import type { Log } from '../../logs/record.js';
import { compileReward, type Reward } from '../../reward-models/formula.js';
import { DAY_MS, START_MS } from '../../simulators/ad-market/calendar.js';
import { WEIGHTED } from '../../simulators/ad-market/contract.js';
import { LOG_OUTCOMES, type AdLogRequest } from '../../simulators/ad-market/log.js';
import { AdMarket } from '../../simulators/ad-market/market.js';
import { adMarketDefaults, type AdMarketSettings } from '../../simulators/ad-market/settings.js';
import type { AdUtilityExperiment } from '../config/ad-utility-schema.js';

/** What the market of a seed is like. @throws a config error that names the setting */
export function settingsOf({ market }: Pick<AdUtilityExperiment, 'market'>, seed: number): AdMarketSettings {
  const born = { ...adMarketDefaults, seed: hash32(`ad-utility/market/${seed}`) };
  return completeSettings('market', born, market);
}

export function marketOf(experiment: Pick<AdUtilityExperiment, 'market'>, seed: number): AdMarket {
  return new AdMarket(settingsOf(experiment, seed));
}

/** The grid of an experiment. @throws a config error that names the group */
export function gridOf({ grid }: Pick<AdUtilityExperiment, 'grid'>): WeightGrid {
  return new WeightGrid(
    WEIGHTED.map((name) => {
      const { levels, production } = grid[name];
      const listed = 'low' in levels ? logSpaced(levels.low, levels.high, levels.count, production) : levels;
      return { name, levels: listed, production };
    }),
  );
}

/** The reward of an experiment, over the outcomes of a logged request. */
export function rewardOf({ reward }: Pick<AdUtilityExperiment, 'reward'>): Promise<Reward> {
  return compileReward(reward, LOG_OUTCOMES);
}

/** [N] the reward of every row of a log. */
export function rewardsOf(log: Log, reward: Reward): Float64Array {
  const out = new Float64Array(log.rows);
  reward.evaluate(log.outcomes, out);
  return out;
}

/** The exploration slice of the treated surface from a day on. */
export function slice(
  market: AdMarket,
  grid: WeightGrid,
  { surface, log: { exploration } }: Pick<AdUtilityExperiment, 'surface' | 'log'>,
  { day, rows }: { readonly day: number; readonly rows: number },
): AdLogRequest {
  return { grid, rows, exploration, surface, firstRequest: day * market.settings.requestsPerDay };
}

/** The first whole day after a moment. */
export function dayAfter(timeMs: number): number {
  return Math.floor((timeMs - START_MS) / DAY_MS) + 1;
}
