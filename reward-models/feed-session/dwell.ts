import { DWELL, type SessionRows } from '../../logs/feed-session/replay.js';

/** Bins of video length, each with about as many of the rows. */
const LENGTH_BINS = 6;
/** Quantiles kept per table, from the least to the greatest. */
const QUANTILES = 65;
/** Fewer rows than this make no table of their own. */
const FEWEST_ROWS = 50;
/** Outcomes beyond so many do not tell patterns apart. */
const MOST_BITS = 30;

/** How long people watched: quantiles by what else they answered and the length of the video. */
export interface DwellTables {
  /** [LENGTH_BINS − 1] seconds at which the next bin begins. */
  readonly edges: Float64Array;
  /** [P] combinations of outcomes that have tables of their own, outcome h as bit h; ascending. */
  readonly patterns: Int32Array;
  /**
   * [2 + P, LENGTH_BINS, QUANTILES] seconds, ascending in the last axis: of all rows without and with the main outcome,
   * then of each pattern.
   */
  readonly quantiles: Float64Array;
}

export const DWELL_TABLE = LENGTH_BINS * QUANTILES;
export const DWELL_EDGES = LENGTH_BINS - 1;

/** Empirical quantiles of the dwell times of a log; all 0 where it has none. */
export function fitDwell({ log, catalogue, row, item, answers, layout }: SessionRows): DwellTables {
  const column = log.schema.outcomes.indexOf(DWELL);
  const lengths = Float64Array.from(item, (i) => catalogue.seconds[i]).sort();
  const edges = Float64Array.from(
    { length: DWELL_EDGES },
    (_, i) => lengths[Math.floor(((i + 1) * lengths.length) / LENGTH_BINS)],
  );
  if (column < 0) return { edges, patterns: new Int32Array(0), quantiles: new Float64Array(2 * DWELL_TABLE) };
  const H = layout.outcomes.length;
  const rowsOf = new Map<number, number[]>();
  row.forEach((_, r) => {
    const pattern = patternOf(answers, r * (H + 1), H);
    const rows = rowsOf.get(pattern);
    if (rows === undefined) rowsOf.set(pattern, [r]);
    else rows.push(r);
  });
  const byMain = [0, 1].map((main) => [...rowsOf].filter(([pattern]) => (pattern & 1) === main).flatMap(([, r]) => r));
  const own = [...rowsOf].filter(([, rows]) => rows.length >= FEWEST_ROWS).sort(([a], [b]) => a - b);
  const quantiles = new Float64Array((2 + own.length) * DWELL_TABLE);
  [...byMain, ...own.map(([, rows]) => rows)].forEach((rows, table) => {
    const seconds: number[][] = Array.from({ length: LENGTH_BINS }, () => []);
    for (const r of rows) {
      seconds[binOf(edges, catalogue.seconds[item[r]])].push(Math.max(0, log.outcomes[column][row[r]]));
    }
    seconds.forEach((values, bin) => {
      const sorted = Float64Array.from(values.length < FEWEST_ROWS ? seconds.flat() : values).sort();
      const at = table * DWELL_TABLE + bin * QUANTILES;
      for (let q = 0; q < QUANTILES; q++) quantiles[at + q] = between(sorted, 0, sorted.length, q / (QUANTILES - 1));
    });
  });
  return { edges, patterns: Int32Array.from(own, ([pattern]) => pattern), quantiles };
}

function patternOf(answers: ArrayLike<number>, at: number, H: number): number {
  let pattern = 0;
  for (let h = 0; h < H && h < MOST_BITS; h++) if (answers[at + h] > 0) pattern |= 1 << h;
  return pattern;
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

/** Seconds for a draw in [0, 1), given the H outcomes at answers[at…]; ascending in the draw. */
export function dwellDrawer(
  { edges, patterns, quantiles }: DwellTables,
  H: number,
): (answers: ArrayLike<number>, at: number, seconds: number, draw: number) => number {
  return (answers, at, seconds, draw) => {
    const pattern = patternOf(answers, at, H);
    let table = pattern & 1;
    for (let p = 0; p < patterns.length; p++) if (patterns[p] === pattern) table = 2 + p;
    return between(quantiles, table * DWELL_TABLE + binOf(edges, seconds) * QUANTILES, QUANTILES, draw);
  };
}
