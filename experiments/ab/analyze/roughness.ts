import { twoSidedZ } from '../../../core/stats/intervals.js';
import { normalDensity } from '../../../core/stats/normal.js';
import { gradient } from '../stats/arm-value.js';
import { fieller } from '../stats/relative.js';
import { brief } from './brief.js';
import type { Compared, Measured } from './compare.js';
import { columnsOver, type Frame, type Stretch } from './frame.js';
import type { Plan } from './plan.js';

/** How far a tail may be off, relative to itself, before it is told. */
const TAIL_OFF = 0.2;
/** How far an end of the relative interval may be off, in widths. */
const END_OFF = 0.1;

/**
 * Third central moment of an arm's value, by linearisation: Σ (g·(x − x̄))³ / n³.
 *
 * The skewness γ of a difference is Σ ± of these over SE³; with equal arms alike it cancels.
 */
export function thirdMoment(frame: Frame, plan: Plan, stretch: Stretch, { sums }: Measured): number {
  if (sums === undefined || sums.n === 0) return NaN;
  const g = gradient(sums, plan.form);
  const { columns, from, to } = columnsOver(frame, plan.parts, stretch);
  let cubes = 0;
  for (let i = from; i < to; i++) {
    let moved = 0;
    for (let k = 0; k < columns.length; k++) moved += g[k] * (columns[k][i] - sums.mean[k]);
    cubes += moved * moved * moved;
  }
  return cubes / sums.n ** 3;
}

/**
 * What is rough about a comparison, in words that follow the arm's name:
 *
 * Tails: where the difference has skewness γ, a tail of a t-test is off by γ(2z² + 1)φ(z)/6 (Hall 1987, for Student's t).
 * That is the rule of thumb n > 355·skewness² (Kohavi et al. 2014), for two arms instead of one.
 *
 * Relative interval: where the control is only a few standard errors from 0, Fieller's interval tells how far the delta
 * method is off.
 */
export function roughness(
  { difference, relative }: Compared,
  [control, arm]: readonly [Measured, Measured],
  [thirdControl, thirdArm]: readonly [number, number],
  level: number,
): string[] {
  const remarks: string[] = [];
  if (typeof difference === 'string') return remarks;
  const skewness = (thirdArm - thirdControl) / difference.standardError ** 3;
  const z = twoSidedZ(level);
  const tail = (1 - level) / 2;
  const off = Math.abs((skewness * (2 * z * z + 1) * normalDensity(z)) / 6);
  if (off > TAIL_OFF * tail)
    remarks.push(
      `so skewed that with these units a tail of ${brief(100 * tail)} % is rather ${brief(100 * Math.max(0, tail - off))} % or ${brief(100 * (tail + off))} %: p-values and intervals are rough.`,
    );
  if (typeof relative === 'string') return remarks;
  const exact = fieller(control.value, arm.value, level);
  if (exact === null) return remarks;
  const width = exact.high - exact.low;
  if (Math.max(Math.abs(exact.low - relative.low), Math.abs(exact.high - relative.high)) > END_OFF * width)
    remarks.push(
      `the control is only ${brief(Math.abs(control.value.value) / Math.sqrt(control.value.variance))} standard errors from 0, which skews the relative effect; Fieller's interval is ${brief(100 * exact.low)} to ${brief(100 * exact.high)} %.`,
    );
  return remarks;
}
