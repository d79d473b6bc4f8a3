import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { complaint } from '../../core/check.js';
import { makeLog } from '../columns.js';
import { Codes } from '../dictionary.js';
import type { Log } from '../record.js';
import type { LogStore } from '../store/log-store.js';
import { BadRows, type BadRowCount } from './bad-rows.js';
import { fingerprint } from './fingerprint.js';
import type { Imported, ImportOptions } from './import-rows.js';
import { openRows } from './open-rows.js';
import { parseNumber, shown, type Cell } from './parse.js';

/** The archive's own warning: randomisation was faulty from 25 June 2013 to 10 January 2014, weeks 25 to 1. */
export const FAULT = { from: 201325, to: 201401 } as const;
/** Values of the feature `randomisation`. */
export const RANDOMISATION = ['sound', 'faulty'] as const;

const COLUMNS = ['clickability_test_id', 'headline', 'impressions', 'clicks', 'test_week', 'eyecatcher_id'] as const;

/**
 * The Upworthy Research Archive (Matias, Munger, Le Quere and Ebersole 2021), `upworthy_packages.csv`. One row is one
 * package of a headline test:
 *
 * - request: the test; action: the headline; candidates: the test's headlines; position: none.
 * - propensity: the packages of the test that show this headline ÷ all of them: every impression was given a package
 *   with equal chances.
 * - outcomes: impressions, clicks, and their ratio `clickRate`. Rows are totals, not single decisions.
 * - categorical features: `image` (the picture's id) and `randomisation`, faulty in the weeks that the archive warns of.
 * - numeric feature: week, as year · 100 + week of the year.
 */
export async function importUpworthy(store: LogStore, path: string, options: ImportOptions): Promise<Imported> {
  const origin = await upworthyOrigin(path, options.maxBadShare ?? 0);
  const { log, badRows } = await readUpworthy(path, options);
  const stored = await store.put(log, { replace: options.replace ?? false, origin });
  options.onProgress?.({ rows: log.rows, bytes: 1, totalBytes: 1 });
  return { log: stored, badRows };
}

/** Fingerprint of the archive; see `fingerprint`. */
export async function upworthyOrigin(path: string, maxBadShare: number): Promise<string> {
  return fingerprint([await fileOf(path)], { format: 'upworthy', version: 1, maxBadShare });
}

/** The archive in memory, without a store. */
export async function readUpworthy(
  path: string,
  { name = 'upworthy', maxBadShare = 0 }: { readonly name?: string; readonly maxBadShare?: number } = {},
): Promise<{ readonly log: Log; readonly badRows: BadRowCount }> {
  const where = await fileOf(path);
  const file = await openRows(where);
  const at = COLUMNS.map((column) => file.columns.indexOf(column));
  const missing = COLUMNS.filter((_, i) => at[i] < 0);
  if (missing.length > 0) {
    throw complaint('data', {
      where,
      expected: `the columns ${COLUMNS.join(', ')}`,
      received: `no ${missing.join(', ')}`,
      try: 'Is it the packages table of the Upworthy Research Archive?',
    });
  }
  const bad = new BadRows(where, maxBadShare);
  const [tests, headlines, images] = [new Codes(), new Codes(), new Codes()];
  const packages: Package[] = [];
  for await (const { rows } of file.batches) {
    for (const { line, cells, problem } of rows) {
      const found = problem ?? packageOf(at.map((column) => cells[column]));
      if (typeof found === 'string') {
        bad.add(line, found, packages.length);
        continue;
      }
      const { test, headline, image, ...numbers } = found;
      packages.push({
        ...numbers,
        test: tests.code(test),
        headline: headlines.code(headline),
        image: images.code(image),
      });
    }
  }
  const badRows = bad.finish(packages.length);
  return { log: logOf(name, packages, { tests, headlines, images }), badRows };
}

interface Package<Name = number> {
  readonly test: Name;
  readonly headline: Name;
  readonly image: Name;
  readonly impressions: number;
  readonly clicks: number;
  readonly week: number;
}

/** A package, or why it is none. */
function packageOf([test, headline, impressions, clicks, week, image]: readonly Cell[]): Package<string> | string {
  const text = (cell: Cell): string => String(cell ?? '').trim();
  const numbers = { impressions: parseNumber(impressions), clicks: parseNumber(clicks), week: parseNumber(week) };
  if (text(test) === '') return 'no test id';
  if (text(headline) === '') return 'no headline';
  if (!(Number.isInteger(numbers.impressions) && numbers.impressions > 0)) return `${shown(impressions)} impressions`;
  if (!(Number.isInteger(numbers.clicks) && numbers.clicks >= 0 && numbers.clicks <= numbers.impressions))
    return `${shown(clicks)} clicks of ${numbers.impressions} impressions`;
  if (!(Number.isInteger(numbers.week) && numbers.week > 200000)) return `week ${shown(week)}`;
  return { test: text(test), headline: text(headline), image: text(image), ...numbers };
}

function logOf(
  name: string,
  packages: readonly Package[],
  { tests, headlines, images }: Readonly<Record<'tests' | 'headlines' | 'images', Codes>>,
): Log {
  const shownIn = tests.values.map((): number[] => []);
  for (const { test, headline } of packages) shownIn[test].push(headline);
  const offsets = new Int32Array(packages.length + 1);
  const codes: number[] = [];
  packages.forEach(({ test }, row) => {
    codes.push(...[...new Set(shownIn[test])].sort((a, b) => a - b));
    offsets[row + 1] = codes.length;
  });
  const column = (value: (own: Package) => number): Float32Array => Float32Array.from(packages, value);
  return makeLog({
    name,
    rows: packages.length,
    schema: {
      outcomes: ['impressions', 'clicks', 'clickRate'],
      source: 'upworthy: headline tests, one package a row',
      numericNames: ['week'],
      categoricalNames: ['image', 'randomisation'],
      warnings: [
        'rows are totals of a package over its impressions, not single decisions.',
        'randomisation was faulty in weeks 2013-25 to 2014-01; see the feature randomisation.',
      ],
    },
    actions: headlines.values,
    action: Int32Array.from(packages, ({ headline }) => headline),
    requests: tests.values,
    request: Int32Array.from(packages, ({ test }) => test),
    candidates: { offsets, codes: Int32Array.from(codes) },
    propensity: Float64Array.from(packages, ({ test, headline }) => {
      const all = shownIn[test];
      return all.filter((own) => own === headline).length / all.length;
    }),
    policies: ['randomised test'],
    policy: new Int32Array(packages.length),
    outcomes: [
      column(({ impressions }) => impressions),
      column(({ clicks }) => clicks),
      column(({ clicks, impressions }) => clicks / impressions),
    ],
    numeric: column(({ week }) => week),
    categorical: Int32Array.from(
      packages.flatMap(({ image, week }) => [image, Number(week >= FAULT.from && week <= FAULT.to)]),
    ),
    categoricalValues: [images.values, RANDOMISATION],
  });
}

async function fileOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() === true ? join(path, 'upworthy_packages.csv') : path;
}
