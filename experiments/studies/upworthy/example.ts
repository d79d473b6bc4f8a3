import { analyseTrial } from '../../ab/analyze/analyse.js';
import type { AbSection } from '../../ab/contract.js';
import type { Archive } from './archive.js';

/** One test of the archive as any trial is analysed: every impression a unit, its packages the arms, the first the control. */
export function analysedTest({ start, impressions, clicks, ids, week }: Archive, test: number): AbSection {
  const rows = Array.from({ length: start[test + 1] - start[test] }, (_, i) => start[test] + i);
  const arms = rows.map((_, i) => `package ${i + 1}`);
  const units = rows.reduce((sum, row) => sum + impressions[row], 0);
  const arm = new Int32Array(units);
  const click = new Float64Array(units);
  let at = 0;
  rows.forEach((row, a) => {
    arm.fill(a, at, at + impressions[row]);
    click.fill(1, at, at + clicks[row]);
    at += impressions[row];
  });
  return analyseTrial(
    {
      arms,
      unit: 'impression',
      arm,
      covariates: {},
      segments: [],
      observations: { unit: Int32Array.from(arm, (_, u) => u), columns: { click } },
    },
    [{ name: 'click', kind: 'proportion', column: 'click', role: 'primary', better: 'higher' }],
    { name: `test ${ids[test]}, week ${week[test]}`, control: arms[0], level: 0.95, correction: 'holm' },
  );
}

/** The test with the most impressions among some. */
export function largestOf({ start, impressions }: Archive, tests: readonly number[]): number {
  const size = (t: number): number => impressions.subarray(start[t], start[t + 1]).reduce((a, b) => a + b, 0);
  return tests.reduce((best, t) => (size(t) > size(best) ? t : best), tests[0]);
}
