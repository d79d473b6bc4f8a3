import { join } from 'node:path';
import { complaint } from '../../../core/check.js';
import { readColumns } from '../../../logs/import/fast-csv.js';

/**
 * The Upworthy Research Archive (Matias, Munger, Le Quere and Ebersole 2021): headline tests in which every impression
 * was to be given one of the packages with equal chances.
 */
export interface Archive {
  /** Packages of test t stand in rows start[t] to start[t + 1]. */
  readonly start: Int32Array;
  readonly impressions: Float64Array;
  readonly clicks: Float64Array;
  /** [tests] the earliest week of its packages, as year · 100 + week of the year. */
  readonly week: Int32Array;
  readonly ids: readonly string[];
}

/** Reads `upworthy_packages.csv` of a folder. Packages of one test need not stand together. */
export async function readArchive(folder: string): Promise<Archive> {
  const path = join(folder, 'upworthy_packages.csv');
  const read = await readColumns(path, {
    numbers: [['impressions'], ['clicks'], ['test_week']],
    texts: ['clickability_test_id'],
  });
  const [impressions, clicks, weeks] = read.numbers;
  const [{ codes, values: ids }] = read.texts;
  const wrong = codes.findIndex(
    (code, row) => code < 0 || !(clicks[row] >= 0 && clicks[row] <= impressions[row] && weeks[row] > 0),
  );
  if (wrong >= 0)
    throw complaint('data', {
      where: `${path} line ${read.lines[wrong]}`,
      expected: 'a test, its week, and no more clicks than impressions',
      received: `${impressions[wrong]} impressions, ${clicks[wrong]} clicks, week ${weeks[wrong]}`,
    });
  const start = new Int32Array(ids.length + 1);
  const week = new Int32Array(ids.length).fill(2 ** 31 - 1);
  codes.forEach((code, row) => {
    start[code + 1]++;
    week[code] = Math.min(week[code], weeks[row]);
  });
  for (let t = 0; t < ids.length; t++) start[t + 1] += start[t];
  const next = start.slice();
  const order = new Int32Array(codes.length);
  codes.forEach((code, row) => (order[next[code]++] = row));
  const sorted = (column: Float64Array): Float64Array => Float64Array.from(order, (row) => column[row]);
  return { start, impressions: sorted(impressions), clicks: sorted(clicks), week, ids };
}
