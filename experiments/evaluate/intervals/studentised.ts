import { bootstrapSums } from '../../../core/stats/bootstrap.js';
import { studentisedInterval } from '../../../core/stats/bootstrap-intervals.js';
import { moments } from '../../../core/stats/moments.js';
import type { PerRound } from '../estimators/form.js';
import type { Found, IntervalMethod } from './method.js';

/**
 * Studentised bootstrap: every replicate has a value and a standard error of its own, of ratios with their moving
 * normaliser, and the quantiles of (value* − value) / error* take the place of Student's.
 */
export const studentised: IntervalMethod = {
  name: 'studentised',
  promise:
    'The bootstrap of the estimate in units of its standard error; second-order right, wide where rewards are rare.',
  resamples: true,
  find: (estimates, { level, replicates, seed }) =>
    estimates.map(({ form, value, standardError }): Found => {
      if (!(standardError > 0)) return { refused: 'the rounds have no spread to scale by' };
      const found = studentisedInterval(pivots(form, { replicates, seed }), value, standardError, level);
      return found === undefined
        ? { refused: 'too many replicates have no spread to scale by' }
        : { interval: [found.low, found.high] };
    }),
};

/**
 * (value* − value) / error* of every replicate, sorted. With x, d, o the numerator, denominator and offset, each less its
 * mean (which changes no variance and keeps the sums small), the replicate's influences are, up to their mean,
 *
 *     o_n + (x_n − R*·d_n) / D*,   R* = X* / D*
 *
 * and so its variance is a quadratic form of the six products' sums.
 */
function pivots(
  { numerator, denominator, offset }: PerRound,
  options: { replicates: number; seed: number },
): Float64Array {
  const n = numerator.length;
  const parts = [numerator, denominator, offset].map((column) => (column === undefined ? undefined : centred(column)));
  const [x, d, o] = parts;
  const columns: Float64Array[] = [];
  /** The place of a column, or of a product of two, among the sums; −1 for what is 0. */
  const place = (column: Float64Array | undefined): number => (column === undefined ? -1 : columns.push(column) - 1);
  const at = {
    ...{ x: place(x?.values), d: place(d?.values), o: place(o?.values) },
    ...{ xx: place(product(x, x)), dd: place(product(d, d)), oo: place(product(o, o)) },
    ...{ xd: place(product(x, d)), xo: place(product(x, o)), do: place(product(d, o)) },
  };
  const mean = { x: x?.mean ?? 0, d: d?.mean ?? 1 };
  const ratio = mean.x / mean.d;
  const found = new Float64Array(options.replicates);
  bootstrapSums(columns, options, (sums, replicate) => {
    const of = (place: number): number => (place < 0 ? 0 : sums[place] / n);
    const [mx, md, mo] = [of(at.x), of(at.d), of(at.o)];
    const D = mean.d + md;
    const R = D === 0 ? 0 : (mean.x + mx) / D;
    const a = D === 0 ? 0 : 1 / D;
    const spread = (both: number, first: number, second: number): number => of(both) - first * second;
    const variance =
      spread(at.oo, mo, mo) +
      a * a * (spread(at.xx, mx, mx) - 2 * R * spread(at.xd, mx, md) + R * R * spread(at.dd, md, md)) +
      2 * a * (spread(at.xo, mx, mo) - R * spread(at.do, md, mo));
    const error = Math.sqrt(Math.max(0, variance) / (denominator === undefined ? n - 1 : n));
    const away = R - ratio + mo;
    found[replicate] = away === 0 ? 0 : away / error;
  });
  return found.sort();
}

interface Centred {
  readonly mean: number;
  readonly values: Float64Array;
}

function centred(column: Float64Array): Centred {
  const { mean } = moments(column);
  return { mean, values: column.map((value) => value - mean) };
}

function product(a: Centred | undefined, b: Centred | undefined): Float64Array | undefined {
  if (a === undefined || b === undefined) return undefined;
  return a.values.map((value, i) => value * b.values[i]);
}
