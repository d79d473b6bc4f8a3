import type { Source } from '../../../core/random.js';
import { chiSquareUpper } from '../../../core/stats/chi-square.js';
import { wilson } from '../../../core/stats/intervals.js';
import { SAMPLE_RATIO_ALARM, sampleRatioP } from '../../ab/stats/sample-ratio.js';
import { neverZero } from '../../ab/stats/welch.js';
import type { Archive } from './archive.js';
import { equalSplit } from './split.js';

/** A week is called broken when the alarms of its tests are surely above this share: 100 times the nominal rate. */
export const BROKEN_SHARE = 100 * SAMPLE_RATIO_ALARM;

/** The sample-ratio tests of some of the archive's tests, together. */
export interface Alarms {
  readonly tests: number;
  readonly alarms: number;
  readonly share: number;
  /** Wilson 95%. */
  readonly interval: readonly [number, number];
  /** Tests with p below 0.05: 5 % where impressions are independent. */
  readonly below5: number;
  /** Σ χ² ÷ Σ degrees: 1 where impressions are independent, above it where they come in bunches or the split is off. */
  readonly dispersion: number;
  /** The same without the one test that is furthest off. */
  readonly dispersionButOne: number;
  /** p of Σ χ² with Σ degrees. */
  readonly p: number;
}

/** [tests] p of each test's split, with every package planned to have the same share. */
export function splitPs({ start, impressions }: Archive): Float64Array {
  return Float64Array.from({ length: start.length - 1 }, (_, t) => {
    const counts = impressions.subarray(start[t], start[t + 1]);
    return sampleRatioP(counts, new Float64Array(counts.length).fill(1));
  });
}

export function alarmsOf({ start, impressions }: Archive, ps: Float64Array, tests: readonly number[]): Alarms {
  let [alarms, below5, distance, degrees, furthest, itsDegrees] = [0, 0, 0, 0, 0, 0];
  for (const t of tests) {
    if (ps[t] < SAMPLE_RATIO_ALARM) alarms++;
    if (ps[t] < 0.05) below5++;
    const packages = start[t + 1] - start[t];
    const mean = impressions.subarray(start[t], start[t + 1]).reduce((a, b) => a + b, 0) / packages;
    let own = 0;
    for (let i = start[t]; mean > 0 && i < start[t + 1]; i++) own += (impressions[i] - mean) ** 2 / mean;
    if (own > furthest) [furthest, itsDegrees] = [own, packages - 1];
    distance += own;
    degrees += packages - 1;
  }
  const { low, high } = wilson(alarms, tests.length, 0.95);
  return {
    tests: tests.length,
    alarms,
    share: alarms / tests.length,
    interval: [low, high],
    below5: below5 / tests.length,
    dispersion: distance / degrees,
    dispersionButOne: (distance - furthest) / Math.max(1, degrees - itsDegrees),
    p: neverZero(chiSquareUpper(distance, degrees)),
  };
}

/** The archive's tests by week, in order. */
export function byWeek({ week }: Archive): Map<number, number[]> {
  const weeks = new Map<number, number[]>();
  const order = [...week.keys()].sort((a, b) => week[a] - week[b] || a - b);
  for (const t of order) {
    const tests = weeks.get(week[t]) ?? [];
    tests.push(t);
    weeks.set(week[t], tests);
  }
  return weeks;
}

/** Null control: every test's impressions dealt out again by chance. @returns share of alarms over all re-splits */
export function nullAlarms({ start, impressions }: Archive, resplits: number, luck: Source): number {
  let alarms = 0;
  const tests = start.length - 1;
  for (let t = 0; t < tests; t++) {
    const counts = impressions.slice(start[t], start[t + 1]);
    const whole = counts.reduce((a, b) => a + b, 0);
    const shares = new Float64Array(counts.length).fill(1);
    for (let r = 0; r < resplits; r++) {
      equalSplit(luck, whole, counts);
      if (sampleRatioP(counts, shares) < SAMPLE_RATIO_ALARM) alarms++;
    }
  }
  return alarms / (tests * resplits);
}
