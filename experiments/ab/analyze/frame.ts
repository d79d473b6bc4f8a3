import type { Trial } from '../contract.js';
import type { Clusters } from '../stats/quantile.js';
import { sumsOf, type Sums } from '../stats/sums.js';
import type { Layout } from './layout.js';
import type { Part } from './plan.js';

/** Columns over the rows of a layout: units in the order of their arms. */
export interface Frame {
  readonly observed: ReadonlyMap<string, Float64Array>;
  readonly before: ReadonlyMap<string, Float64Array>;
  /** [rows] what was randomised together, 0 to `clusters` − 1; absent when every unit was randomised on its own. */
  readonly cluster?: Int32Array;
  readonly clusters: number;
}

/** A stretch of rows of one arm. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/**
 * An empty frame for the named columns. A covariate that is not known of a unit (NaN) is replaced by the mean of the
 * others, which leaves the effect unbiased and gives the unit no adjustment.
 */
export function frameOf(trial: Trial, { unitOf }: Layout, observed: Iterable<string>, before: Iterable<string>): Frame {
  const { cluster } = trial;
  const columns = new Map(Array.from(observed, (name) => [name, new Float64Array(unitOf.length)]));
  const known = new Map(Array.from(before, (name) => [name, filled(trial.covariates[name], unitOf)]));
  if (cluster === undefined) return { observed: columns, before: known, clusters: 0 };
  const rows = unitOf.map((u) => cluster[u]);
  return { observed: columns, before: known, cluster: rows, clusters: rows.reduce((a, b) => Math.max(a, b), -1) + 1 };
}

function filled(column: Float64Array, unitOf: Int32Array): Float64Array {
  const rows = new Float64Array(unitOf.length);
  let [sum, known] = [0, 0];
  for (let r = 0; r < rows.length; r++) {
    rows[r] = column[unitOf[r]];
    if (Number.isNaN(rows[r])) continue;
    sum += rows[r];
    known++;
  }
  if (known === rows.length) return rows;
  const mean = known === 0 ? 0 : sum / known;
  for (let r = 0; r < rows.length; r++) if (Number.isNaN(rows[r])) rows[r] = mean;
  return rows;
}

/** Adds the observations `from` to `to` (exclusive) to their units. */
export function addObservations({ observed }: Frame, trial: Trial, { rowOf }: Layout, { from, to }: Stretch): void {
  const { unit, columns } = trial.observations;
  for (const [name, values] of observed) {
    const seen = columns[name];
    for (let i = from; i < to; i++) {
      const row = rowOf[unit[i]];
      if (row >= 0) values[row] += seen[i];
    }
  }
}

/** The rows of a frame in another order, or some of them. */
export function reordered({ observed, before, cluster, clusters }: Frame, order: Int32Array): Frame {
  const move = (columns: ReadonlyMap<string, Float64Array>): Map<string, Float64Array> =>
    new Map(Array.from(columns, ([name, values]) => [name, Float64Array.from(order, (row) => values[row])]));
  return {
    observed: move(observed),
    before: move(before),
    ...(cluster === undefined ? {} : { cluster: order.map((row) => cluster[row]) }),
    clusters,
  };
}

/** The sums of the parts over a stretch: over its units, or over the clusters that have units in it. */
export function sumsOver(frame: Frame, parts: readonly Part[], stretch: Stretch): Sums {
  const { columns, from, to } = columnsOver(frame, parts, stretch);
  return sumsOf(columns, from, to);
}

/** One column per part, whose rows `from` to `to` are the units of a stretch, or its clusters. */
export function columnsOver(
  frame: Frame,
  parts: readonly Part[],
  stretch: Stretch,
): Stretch & { readonly columns: readonly Float64Array[] } {
  const { cluster } = frame;
  if (cluster === undefined) {
    if (parts.every(({ positive }) => positive !== true))
      return { columns: parts.map((part) => columnOf(frame, part)), ...stretch };
    const columns = parts.map((part) => shown(columnOf(frame, part), part, stretch));
    return { columns, from: 0, to: stretch.to - stretch.from };
  }
  const { dense, count } = denseClusters(cluster, frame.clusters, stretch);
  const columns = parts.map((part) => {
    const rows = new Float64Array(count);
    if (part.from === 'units') for (const c of dense) rows[c]++;
    else shown(columnOf(frame, part), part, stretch).forEach((value, i) => (rows[dense[i]] += value));
    return rows;
  });
  return { columns, from: 0, to: count };
}

function columnOf({ observed, before }: Frame, { from, column }: Part): Float64Array {
  return (from === 'before' ? before : observed).get(column) ?? new Float64Array(0);
}

function shown(column: Float64Array, { positive }: Part, { from, to }: Stretch): Float64Array {
  const values = column.slice(from, to);
  if (positive === true) for (let i = 0; i < values.length; i++) values[i] = values[i] > 0 ? 1 : 0;
  return values;
}

/** The clusters of a stretch, numbered from 0. */
function denseClusters(cluster: Int32Array, all: number, { from, to }: Stretch): { dense: Int32Array; count: number } {
  const number = new Int32Array(all).fill(-1);
  const dense = new Int32Array(to - from);
  let count = 0;
  for (let i = from; i < to; i++) {
    if (number[cluster[i]] < 0) number[cluster[i]] = count++;
    dense[i - from] = number[cluster[i]];
  }
  return { dense, count };
}

/** A stretch of one column, with its clusters where there are any: for quantiles. */
export function valuesOver(
  frame: Frame,
  column: string,
  stretch: Stretch,
): { readonly values: Float64Array; readonly clusters?: Clusters } {
  const values = columnOf(frame, { from: 'observed', column }).subarray(stretch.from, stretch.to);
  if (frame.cluster === undefined) return { values };
  const { dense, count } = denseClusters(frame.cluster, frame.clusters, stretch);
  return { values, clusters: { of: dense, count } };
}
