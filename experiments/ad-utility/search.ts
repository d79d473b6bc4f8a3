import type { WeightGrid } from '../../logs/ad-utility/weight-grid.js';
import type { Reward } from '../../reward-models/formula.js';
import type { AdMarket } from '../../simulators/ad-market/market.js';
import { playRequests } from './play.js';
import { largest, staticTuner } from './policies.js';

/** What one action for everybody would earn. */
export interface GridSearch {
  /** [A] mean reward per request. */
  readonly reward: Float64Array;
  /** The best joint action; the lowest-numbered among equals. */
  readonly best: number;
}

/** Requests searched together: what is kept of every action at a time. */
const PIECE = 2048;

/** Exact search: every action of the grid serves the same requests with the same luck. What perfect tuning by hand gives. */
export function searchGrid(
  market: AdMarket,
  grid: WeightGrid,
  {
    numbers,
    reward,
    onProgress,
  }: {
    /** [R] requests; not those that judge. */
    readonly numbers: Float64Array;
    readonly reward: Reward;
    readonly onProgress?: (done: number, total: number) => void;
  },
): GridSearch {
  const tuners = Array.from({ length: grid.size }, (_, joint) => staticTuner(String(joint), '', grid, joint));
  const mean = new Float64Array(grid.size);
  for (let from = 0; from < numbers.length; from += PIECE) {
    const part = numbers.subarray(from, from + PIECE);
    const { plays } = playRequests({ market, numbers: part, tuners, reward });
    plays.forEach(({ expected }, a) => {
      mean[a] += expected.reward.reduce((sum, value) => sum + value, 0) / numbers.length;
    });
    onProgress?.(from + part.length, numbers.length);
  }
  return { reward: mean, best: largest(mean, 0, grid.size) };
}
