import { DWELL, type SessionRows } from '../../logs/feed-session/replay.js';

/** Bins of video length, each with about as many of the rows. */
const LENGTH_BINS = 6;
/** Quantiles kept per table, from the least to the greatest. */
const QUANTILES = 65;
/** Fewer rows than this make no table: all lengths share one. */
const FEWEST_ROWS = 50;

/** How long people watched: quantiles by main outcome and length of the video. */
export interface DwellTables {
  /** [LENGTH_BINS − 1] seconds at which the next bin begins. */
  readonly edges: Float64Array;
  /** [2, LENGTH_BINS, QUANTILES] seconds, ascending in the last axis. */
  readonly quantiles: Float64Array;
}

export const DWELL_SHAPES = { edges: [LENGTH_BINS - 1], quantiles: [2, LENGTH_BINS, QUANTILES] } as const;

/** Empirical quantiles of the dwell times of a log; all 0 where it has none. */
export function fitDwell({ log, catalogue, row, item, answers, layout }: SessionRows): DwellTables {
  const column = log.schema.outcomes.indexOf(DWELL);
  const lengths = Float64Array.from(item, (i) => catalogue.seconds[i]).sort();
  const edges = Float64Array.from(
    { length: LENGTH_BINS - 1 },
    (_, i) => lengths[Math.floor(((i + 1) * lengths.length) / LENGTH_BINS)],
  );
  const quantiles = new Float64Array(2 * LENGTH_BINS * QUANTILES);
  if (column < 0) return { edges, quantiles };
  const A = layout.outcomes.length + 1;
  const seconds: number[][] = Array.from({ length: 2 * LENGTH_BINS }, () => []);
  row.forEach((n, r) => {
    const table = answers[r * A] * LENGTH_BINS + binOf(edges, catalogue.seconds[item[r]]);
    seconds[table].push(Math.max(0, log.outcomes[column][n]));
  });
  for (let main = 0; main < 2; main++) {
    const own = seconds.slice(main * LENGTH_BINS, (main + 1) * LENGTH_BINS);
    const together = own.flat();
    own.forEach((values, bin) => {
      const sorted = Float64Array.from(values.length < FEWEST_ROWS ? together : values).sort();
      const at = (main * LENGTH_BINS + bin) * QUANTILES;
      for (let q = 0; q < QUANTILES; q++) quantiles[at + q] = between(sorted, 0, sorted.length, q / (QUANTILES - 1));
    });
  }
  return { edges, quantiles };
}

function binOf(edges: Float64Array, seconds: number): number {
  let bin = 0;
  while (bin < edges.length && seconds >= edges[bin]) bin++;
  return bin;
}

/** Value at share u of n ascending numbers, on straight lines between them; 0 of none. */
function between(values: Float64Array, at: number, n: number, u: number): number {
  if (n === 0) return 0;
  const place = Math.min(1, Math.max(0, u)) * (n - 1);
  const low = Math.min(Math.floor(place), Math.max(0, n - 2));
  const high = Math.min(low + 1, n - 1);
  return values[at + low] + (place - low) * (values[at + high] - values[at + low]);
}

/** Seconds for a draw in [0, 1); ascending in the draw. */
export function drawDwell({ edges, quantiles }: DwellTables, main: number, seconds: number, draw: number): number {
  const table = (main > 0 ? LENGTH_BINS : 0) + binOf(edges, seconds);
  return between(quantiles, table * QUANTILES, QUANTILES, draw);
}
