import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stream } from '../../core/random.js';
import { analyseTrial } from '../ab/analyze/analyse.js';
import { readTrial } from '../ab/analyze/table.js';
import type { Metric, Trial } from '../ab/contract.js';
import type { BenchResult } from './index.js';

const OPTIONS = { name: 'bench', control: 'A', level: 0.95 };
const spend: Metric = { name: 'spend', kind: 'mean', column: 'spend', role: 'primary', better: 'higher' };
const METRICS: readonly Metric[] = [
  { ...spend, covariate: 'before' },
  { ...spend, name: 'visit', kind: 'proportion', column: 'visit' },
  { ...spend, name: 'spend per visit', kind: 'ratio', denominator: 'visit' },
];

/** Seconds to analyse a trial, and to read it from CSV first. */
export async function benchAb({ units = 1_000_000, days = 14 } = {}): Promise<BenchResult> {
  const trial = invented(units, days);
  const rows: [string, number][] = [];
  const clock = <T>(what: string, work: () => T): T => {
    const start = performance.now();
    const result = work();
    rows.push([what, (performance.now() - start) / 1000]);
    return result;
  };
  clock(`${METRICS.length} metrics, one look`, () => analyseTrial(trial, METRICS, OPTIONS));
  clock(`${METRICS.length} metrics, ${days} looks`, () => analyseTrial(trial, METRICS, { ...OPTIONS, looks: true }));
  const median: Metric = { ...spend, name: 'median', kind: 'quantile', quantile: 0.5 };
  clock('a quantile', () => analyseTrial(trial, [median], OPTIONS));
  const folder = mkdtempSync(join(tmpdir(), 'recsys-gym-bench-'));
  try {
    const path = join(folder, 'trial.csv');
    writeFileSync(path, csvOf(trial));
    const start = performance.now();
    const columns = { arm: 'arm', control: 'A', measures: ['spend', 'visit'], covariates: ['before'], segments: [] };
    const read = await readTrial(path, columns);
    rows.push(['reading a row per unit from CSV', (performance.now() - start) / 1000]);
    analyseTrial(read.trial, METRICS, OPTIONS);
  } finally {
    rmSync(folder, { recursive: true });
  }
  return {
    columns: ['what', 'seconds'],
    rows,
    notes: [`${units} units in two arms, a mean with CUPED, a proportion and a ratio; one run each.`],
  };
}

function invented(units: number, days: number): Trial {
  const luck = stream(1);
  const before = Float64Array.from({ length: units }, () => luck.next());
  return {
    arms: ['A', 'B'],
    unit: 'user',
    arm: Int32Array.from({ length: units }, () => (luck.next() < 0.5 ? 0 : 1)),
    covariates: { before },
    segments: [],
    observations: {
      unit: Int32Array.from({ length: units }, (_, u) => u),
      day: Int32Array.from({ length: units }, (_, u) => Math.floor((u * days) / units)),
      columns: {
        spend: before.map((x) => x + luck.next()),
        visit: Float64Array.from({ length: units }, () => (luck.next() < 0.3 ? 1 : 0)),
      },
    },
  };
}

function csvOf({ arm, arms, covariates, observations: { columns } }: Trial): string {
  const number = (x: number): string => x.toFixed(4);
  const { spend: spent, visit } = columns;
  const rows = Array.from(
    arm,
    (a, u) => `${arms[a]},${number(spent[u])},${visit[u]},${number(covariates['before'][u])}`,
  );
  return `arm,spend,visit,before\n${rows.join('\n')}\n`;
}
