import { WeightGrid } from '../../logs/ad-utility/weight-grid.js';
import { WEIGHTED } from '../../simulators/ad-market/contract.js';
import { adLogPieces } from '../../simulators/ad-market/log.js';
import { AdMarket } from '../../simulators/ad-market/market.js';
import { LEARNING_BAR, learnerPasses } from './ad-utility-learners.js';
import { cpuSeconds, median } from './env-clock.js';
import type { BenchResult } from './index.js';
import { loadNow, machineNotes } from './tensor-machine.js';

export interface AdUtilitySizes {
  readonly rows: number;
  readonly repeats: number;
}

/** Seconds of one core that a million logged requests may take. */
const GENERATION_BAR = 20;

/**
 * Logged requests of an ad market: users, candidates, auction and outcomes, piece by piece as they go into a store.
 * Processor time of the whole process, the middle of the repeats. Then one pass of a learner over as many rows, once.
 */
export async function benchAdUtility(
  { rows, repeats }: AdUtilitySizes = { rows: 1_000_000, repeats: 3 },
): Promise<BenchResult> {
  const load = loadNow();
  const market = new AdMarket();
  const levels = [0, 0.1, 0.2, 0.4, 0.8];
  const grid = new WeightGrid(WEIGHTED.map((name) => ({ name, levels, production: 0.2 })));
  const seconds = Array.from({ length: repeats }, () => {
    const start = cpuSeconds();
    let written = 0;
    for (const piece of adLogPieces(market, { grid, rows })) written += piece.rows;
    return ((cpuSeconds() - start) / written) * 1e6;
  });
  const generation = median(seconds);
  const learners = await learnerPasses(rows, grid);
  return {
    columns: ['what', 'CPU-seconds per million', 'rows per CPU-second', 'bar', 'holds'],
    rows: [
      [
        'logged requests generated',
        generation.toFixed(2),
        Math.round(1e6 / generation),
        `${GENERATION_BAR} s`,
        generation < GENERATION_BAR ? 'yes' : 'no',
      ],
      ...learners.map(({ what, perMillion }) => [
        what,
        perMillion.toFixed(2),
        Math.round(1e6 / perMillion),
        `${LEARNING_BAR} s`,
        perMillion < LEARNING_BAR ? 'yes' : 'no',
      ]),
    ],
    notes: [
      `${grid.size} actions, ${market.shape.candidates} candidates, ${market.shape.slots} slots; ${rows} rows, ${repeats} repeats.`,
      ...machineNotes(load, 1),
    ],
  };
}
