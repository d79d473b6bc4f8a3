import { quantileOfSorted } from '../../../core/stats/moments.js';
import type { SessionRows } from '../../../logs/feed-session/replay.js';
import { clusteredChange, clusteredMean } from './clustered.js';
import type { Direction, RealismThresholds, Slice, SliceTable } from './contract.js';
import type { HeadRows } from './head-rows.js';

/** Some rows of a head under a name. */
interface Part {
  readonly name: string;
  /** Places in the head's rows, ascending. */
  readonly rows: Int32Array;
}

/** One way to cut the rows of a head; empty parts are left out. */
interface Cut {
  readonly by: string;
  /** Whether the parts go from little to much. */
  readonly ordered: boolean;
  readonly parts: readonly Part[];
}

/** First step of each slice by steps so far. */
const STEPS = [0, 3, 8, 15] as const;
/** Clusters told apart; the others are one slice. */
const CLUSTERS = 12;
/** Of directions: there are few, and a wrong one refuses a simulator. */
const DIRECTION_LEVEL = 0.99;
const LEVEL = 0.95;

/** All slices of all heads: by steps so far, cluster, engagement and logging policy. Cuts into one slice are left out. */
export function slicesOf(
  heads: readonly HeadRows[],
  sessions: SessionRows,
  thresholds: RealismThresholds,
): { readonly tables: SliceTable[]; readonly directions: Direction[] } {
  const cuts = heads.map((head) => ({
    head,
    cuts: cutsOf(head, sessions).filter(({ parts }) => parts.length > 1),
  }));
  const all = cuts.reduce((sum, { cuts: own }) => sum + own.reduce((parts, cut) => parts + cut.parts.length, 0), 0);
  const level = 1 - (1 - LEVEL) / Math.max(1, all);
  return {
    tables: cuts.flatMap(({ head, cuts: own }) =>
      own.map(({ by, parts }) => ({
        head: head.head,
        by,
        rows: parts.map((part) => sliceOf(head, part, level, thresholds)),
      })),
    ),
    directions: cuts.flatMap(({ head, cuts: own }) =>
      own.filter(({ ordered }) => ordered).flatMap((cut) => directionOf(head, cut) ?? []),
    ),
  };
}

/** Whether a probability is further from what was observed than a tolerance: the smaller of two, in shares and absolute. */
export function isFar(predicted: number, observed: number, absolute: number, share: number): boolean {
  return Math.abs(predicted - observed) > Math.min(absolute, share * observed);
}

function sliceOf(head: HeadRows, { name, rows }: Part, level: number, thresholds: RealismThresholds): Slice {
  const { rows: n, sessions, mean, interval } = clusteredMean(head, rows, level);
  const predicted = rows.reduce((sum, row) => sum + head.predicted[row], 0) / n;
  const outside = predicted < interval[0] || predicted > interval[1];
  return {
    slice: name,
    rows: n,
    sessions,
    predicted,
    observed: mean,
    interval,
    flagged: outside && isFar(predicted, mean, thresholds.slice, thresholds.sliceShare),
  };
}

function cutsOf(head: HeadRows, sessions: SessionRows): Cut[] {
  return [bySteps(head), byCluster(head, sessions), byEngagement(head), byPolicy(head, sessions)];
}

/** Parts by a number per row; −1 belongs to none. */
function partsOf(names: readonly string[], head: HeadRows, numberOf: (row: number) => number): Part[] {
  const lists: number[][] = names.map(() => []);
  for (let row = 0; row < head.row.length; row++) {
    const part = numberOf(row);
    if (part >= 0) lists[part].push(row);
  }
  return names.map((name, i) => ({ name, rows: Int32Array.from(lists[i]) })).filter(({ rows }) => rows.length > 0);
}

function bySteps(head: HeadRows): Cut {
  const names = STEPS.map((first, i) =>
    i + 1 < STEPS.length ? `${first} to ${STEPS[i + 1] - 1}` : `${first} or more`,
  );
  const parts = partsOf(names, head, (row) => STEPS.findLastIndex((first) => head.steps[row] >= first));
  return { by: 'steps so far', ordered: true, parts };
}

function byCluster(head: HeadRows, { item, catalogue }: SessionRows): Cut {
  const { cluster, clusters } = catalogue;
  const counts = new Int32Array(clusters);
  for (const row of head.row) counts[cluster[item[row]]]++;
  const largest = Array.from(counts, (_, c) => c).sort((a, b) => counts[b] - counts[a] || a - b);
  const place = new Int32Array(clusters).fill(CLUSTERS);
  const told = largest.slice(0, CLUSTERS).sort((a, b) => a - b);
  told.forEach((c, i) => (place[c] = i));
  const names = [...told.map((c) => `cluster ${c}`), ...(clusters > CLUSTERS ? ['other clusters'] : [])];
  return {
    by: 'cluster of the item',
    ordered: false,
    parts: partsOf(names, head, (row) => Math.min(place[cluster[item[head.row[row]]]], names.length - 1)),
  };
}

function byEngagement(head: HeadRows): Cut {
  const { engagement } = head;
  const known = engagement.filter((value) => !Number.isNaN(value)).sort();
  const [low, high] = [quantileOfSorted(known, 1 / 3), quantileOfSorted(known, 2 / 3)];
  const names = ['lowest third', 'middle third', 'highest third'];
  const third = (value: number): number => (Number.isNaN(value) ? -1 : value <= low ? 0 : value <= high ? 1 : 2);
  return { by: 'engagement so far', ordered: true, parts: partsOf(names, head, (row) => third(engagement[row])) };
}

function byPolicy(head: HeadRows, { log, row: rowOfLog }: SessionRows): Cut {
  const parts = partsOf(log.policies.values, head, (row) => log.policy[rowOfLog[head.row[row]]]);
  return { by: 'logging policy', ordered: false, parts };
}

function directionOf(head: HeadRows, { by, parts }: Cut): Direction | undefined {
  const [first, last] = [parts[0], parts[parts.length - 1]];
  const change = clusteredChange(head, first.rows, last.rows, DIRECTION_LEVEL);
  if (change === null) return undefined;
  // Rounded, so that means of equal numbers are equal.
  const mean = (values: Float64Array, { rows }: Part): number =>
    Number((rows.reduce((sum, row) => sum + values[row], 0) / rows.length).toPrecision(12));
  const predicted = mean(head.predicted, last) - mean(head.predicted, first);
  const told = change.interval[0] > 0 || change.interval[1] < 0;
  return {
    head: head.head,
    by,
    from: first.name,
    to: last.name,
    observed: change.value,
    interval: change.interval,
    predicted,
    rankCorrelation: spearman(
      parts.map((part) => mean(head.predicted, part)),
      parts.map((part) => mean(head.observed, part)),
    ),
    agrees: told ? predicted * change.value > 0 : null,
  };
}

/** Spearman's rank correlation, tied numbers sharing their mean rank; null where one of the two does not vary. */
export function spearman(x: readonly number[], y: readonly number[]): number | null {
  const ranks = (values: readonly number[]): number[] =>
    values.map(
      (value) =>
        values.filter((other) => other < value).length + (values.filter((other) => other === value).length - 1) / 2,
    );
  const centred = (values: number[]): number[] => values.map((value) => value - (values.length - 1) / 2);
  const [a, b] = [centred(ranks(x)), centred(ranks(y))];
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const spread = sum(a.map((value) => value * value)) * sum(b.map((value) => value * value));
  return spread === 0 ? null : sum(a.map((value, i) => value * b[i])) / Math.sqrt(spread);
}
