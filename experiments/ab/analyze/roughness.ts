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
 * Tails: where the difference has skewness γ, a tail of a t-test is off by γ(2z² + 1)φ(z)/6 (Hall 1987, for Student's t).
 * That is the rule of thumb n > 355·skewness² (Kohavi et al. 2014), for two arms instead of one.
 *
 * @param thirds of control and arm
 * @returns the sentence after the arm's name; nothing where the tails are right enough
 */
export function roughTails(
  { difference }: Compared,
  thirds: readonly [number, number],
  level: number,
): string | undefined {
  if (typeof difference === 'string') return undefined;
  const skewness = (thirds[1] - thirds[0]) / difference.standardError ** 3;
  const z = twoSidedZ(level);
  const tail = (1 - level) / 2;
  const off = Math.abs((skewness * (2 * z * z + 1) * normalDensity(z)) / 6);
  if (!(off > TAIL_OFF * tail)) return undefined;
  const [low, high] = [Math.max(0, tail - off), tail + off].map((share) => brief(100 * share));
  return `so skewed that with these units a tail of ${brief(100 * tail)} % is rather ${low} % or ${high} %: p-values and intervals are rough.`;
}

/**
 * Relative effects: where the control is only a few standard errors from 0, Fieller's interval tells how far the delta
 * method is off.
 *
 * @param arms by name, those that are compared
 * @returns one sentence for all arms; nothing where the two intervals agree
 */
export function roughRelatives(
  arms: readonly { readonly name: string; readonly measured: Measured; readonly compared: Compared }[],
  control: Measured,
  level: number,
): string | undefined {
  const exact = arms.flatMap(({ name, measured, compared: { relative } }) => {
    const interval = typeof relative === 'string' ? null : fieller(control.value, measured.value, level);
    if (typeof relative === 'string' || interval === null) return [];
    const off = Math.max(Math.abs(interval.low - relative.low), Math.abs(interval.high - relative.high));
    return off > END_OFF * (interval.high - interval.low)
      ? [`${brief(100 * interval.low)} to ${brief(100 * interval.high)} % for ${name}`]
      : [];
  });
  if (exact.length === 0) return undefined;
  const { value, variance } = control.value;
  return `the control is only ${brief(Math.abs(value) / Math.sqrt(variance))} standard errors from 0, which skews relative effects; by Fieller they are ${exact.join(', ')}.`;
}
