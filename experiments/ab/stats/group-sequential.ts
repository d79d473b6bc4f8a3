import { complaint } from '../../../core/check.js';
import { normalQuantile, normalUpper } from '../../../core/stats/normal.js';
import { rootAbove, rootBetween } from '../../../core/stats/root.js';
import { atoms, crossing, spread, type Density } from './group-density.js';
import { spentBy, type Spending } from './spending.js';

/** A plan of looks. */
export interface GroupPlan {
  /** [K] information fractions, ascending, in (0, 1]: units seen by the look over units of the last look planned. */
  readonly at: readonly number[];
  /** E.g. 0.95: the error of all looks together is 1 − level. */
  readonly level: number;
  readonly spending: Spending;
  /** 2: stop on either side, symmetrically, with half the error each; 1: only when the effect is large. */
  readonly sides: 1 | 2;
}

/** What to do at each look. */
export interface GroupBounds extends GroupPlan {
  /** [K] stop when z (or |z| with two sides) is at least this; Infinity where nothing may be spent yet. */
  readonly z: readonly number[];
  /** [K] the bound as the p-value of a test without looks, of as many sides. */
  readonly nominal: readonly number[];
  /** [K] error spent up to the look, both sides together. */
  readonly spent: readonly number[];
}

/** Beyond this z nothing is resolved: p = 1.2e-15. Bounds further out are Infinity and their error is spent later. */
const FURTHEST = 8;

/**
 * Boundaries by error spending (Lan and DeMets 1983): at look k, P(not stopped before, Z_k ≥ z_k) under no effect is what
 * the spending function allows between t_{k−1} and t_k. The density of those still running follows from look to look by
 * numeric integration (Armitage, McPherson and Rowe 1969), to about 1e-9.
 *
 * With two sides each side spends half: the O'Brien-Fleming-type function is taken at α/2 for each side, as in ldbounds and
 * East, and not at α for both, which would stop earlier.
 */
export function groupBounds(plan: GroupPlan): GroupBounds {
  expectFractions(plan.at);
  if (!(plan.level > 0.5 && plan.level < 1))
    throw complaint('numeric', {
      where: 'group-sequential: level',
      expected: 'a number above 0.5 and below 1',
      received: `${plan.level}`,
    });
  const alpha = (1 - plan.level) / plan.sides;
  const z: number[] = [];
  const spent: number[] = [];
  let density = atoms(0);
  let used = 0;
  plan.at.forEach((t, k) => {
    const allowed = Math.max(0, spentBy(plan.spending, t, alpha) - used);
    const step = t - (k === 0 ? 0 : plan.at[k - 1]);
    const bound = boundOf(density, { t, step, allowed });
    if (bound < Infinity) used += allowed;
    z.push(bound);
    spent.push(plan.sides * used);
    if (k < plan.at.length - 1) density = spread(density, continuation(t, bound, plan.sides), { t, step, drift: 0 });
  });
  return { ...plan, z, nominal: z.map((bound) => plan.sides * normalUpper(bound)), spent };
}

/** Bounds of any origin, not only those of a spending function. */
export type Stops = Pick<GroupBounds, 'at' | 'z' | 'sides'>;

/** How often one stops where. */
export interface Stopping {
  /** [K] P(first beyond the upper bound at look k). */
  readonly upper: readonly number[];
  /** [K] the same below the lower bound; zeros with one side. */
  readonly lower: readonly number[];
  /** Expected information fraction at the end: of the look that stopped, or of the last. */
  readonly expectedFraction: number;
}

/**
 * When the bounds stop under an effect. Summed over looks, `upper` is the power.
 *
 * @param drift expected z at information fraction 1: effect / standard error of the last look planned
 */
export function stoppingProbabilities({ at, z, sides }: Stops, drift: number): Stopping {
  const upper: number[] = [];
  const lower: number[] = [];
  let density = atoms(0);
  let [expectedFraction, running] = [0, 1];
  at.forEach((t, k) => {
    const step = t - (k === 0 ? 0 : at[k - 1]);
    const bound = z[k] * Math.sqrt(t);
    upper.push(crossing(density, bound, step, drift));
    lower.push(sides === 1 ? 0 : crossing(density, -bound, step, drift, 'below'));
    const stops = k === at.length - 1 ? running : upper[k] + lower[k];
    expectedFraction += t * stops;
    running -= stops;
    if (k < at.length - 1) density = spread(density, continuation(t, z[k], sides), { t, step, drift });
  });
  return { upper, lower, expectedFraction };
}

/** The drift at which the upper bounds are crossed with that probability, e.g. 0.8. */
export function driftForPower(bounds: Stops, power: number): number {
  if (!(power > 0 && power < 1))
    throw complaint('numeric', {
      where: 'group-sequential: power',
      expected: 'a number in (0, 1)',
      received: `${power}`,
    });
  if (bounds.z.every((z) => z === Infinity))
    throw complaint('usage', {
      where: 'group-sequential: looks',
      expected: 'a look at which the test may stop',
      received: `error below 1e-15 at all of ${bounds.at.join(', ')}`,
      try: 'Plan a later look, or spend earlier: pocock, power=1.',
    });
  const of = (drift: number): number => stoppingProbabilities(bounds, drift).upper.reduce((sum, p) => sum + p, 0);
  return rising(of, power, 0);
}

/** A test that has ended, or is looked at, at look `look` with that z. */
export interface GroupLook {
  /** 0 … K − 1. */
  readonly look: number;
  readonly z: number;
}

/** Interval that holds at all looks together: estimate ± z_k · SE (Jennison and Turnbull 1989), everything where z_k is Infinity. */
export function repeatedInterval(
  { z, sides }: GroupBounds,
  { look, estimate, standardError }: { look: number; estimate: number; standardError: number },
): { readonly low: number; readonly high: number } {
  expectLook(look, z.length);
  const half = z[look] * standardError;
  return { low: estimate - half, high: sides === 1 ? Infinity : estimate + half };
}

/**
 * The p-value of a test that stopped, by the stage-wise ordering (Tsiatis, Rosner and Mehta 1984): stopping earlier counts
 * as more extreme than stopping later, whatever the z. p = P(upper bound crossed before look k) + P(running until k, Z_k ≥ z);
 * with two sides twice the smaller of both directions. In (0, 1].
 */
export function stageWisePValue(bounds: GroupBounds, end: GroupLook): number {
  const up = stageWiseTail(bounds, end, 0, 'above');
  if (bounds.sides === 1) return Math.min(1, Math.max(Number.MIN_VALUE, up));
  return Math.min(1, Math.max(Number.MIN_VALUE, 2 * Math.min(up, stageWiseTail(bounds, end, 0, 'below'))));
}

/**
 * Median-unbiased estimate and interval of a test that stopped, by the same ordering, on the scale of the drift: multiply
 * by the standard error of the last look planned. The estimate at the stop itself is too large on average.
 */
export function stageWiseInterval(
  bounds: GroupBounds,
  end: GroupLook,
): { readonly estimate: number; readonly low: number; readonly high: number } {
  const of = (drift: number): number => stageWiseTail(bounds, end, drift, 'above');
  const centre = end.z / Math.sqrt(bounds.at[end.look]);
  const at = (p: number): number => rising(of, p, centre);
  const alpha = (1 - bounds.level) / bounds.sides;
  return { estimate: at(0.5), low: at(alpha), high: bounds.sides === 1 ? Infinity : at(1 - alpha) };
}

function stageWiseTail(bounds: GroupBounds, { look, z }: GroupLook, drift: number, side: 'above' | 'below'): number {
  expectLook(look, bounds.at.length);
  const { at, sides } = bounds;
  let density = atoms(0);
  let tail = 0;
  for (let k = 0; k <= look; k++) {
    const step = at[k] - (k === 0 ? 0 : at[k - 1]);
    const bound = (k === look ? z : side === 'above' ? bounds.z[k] : -bounds.z[k]) * Math.sqrt(at[k]);
    if (k === look || sides === 2 || side === 'above') tail += crossing(density, bound, step, drift, side);
    if (k < look) density = spread(density, continuation(at[k], bounds.z[k], sides), { t: at[k], step, drift });
  }
  return tail;
}

/** The region in which the test goes on, on the scale of Z√t. */
function continuation(t: number, bound: number, sides: 1 | 2): readonly [number, number] {
  return [sides === 1 ? -Infinity : -bound * Math.sqrt(t), bound * Math.sqrt(t)];
}

/** The z at which the upper tail of those still running is `allowed`. */
function boundOf(density: Density, { t, step, allowed }: { t: number; step: number; allowed: number }): number {
  const root = Math.sqrt(t);
  if (!(allowed > 0) || crossing(density, FURTHEST * root, step, 0) > allowed) return Infinity;
  if (density.x.length === 1) return -normalQuantile(allowed);
  return rootBetween((z) => crossing(density, z * root, step, 0) - allowed, -FURTHEST, FURTHEST);
}

/** The x at which a function that rises from 0 to 1 takes a value. @param near any x of the right order */
function rising(of: (x: number) => number, value: number, near: number): number {
  let low = near - 1;
  for (let step = 2; of(low) >= value; step *= 2) low -= step;
  return rootAbove((x) => of(x) - value, low, 1);
}

function expectFractions(at: readonly number[]): void {
  const wrong = at.findIndex((t, k) => !(t > (k === 0 ? 0 : at[k - 1]) && t <= 1));
  if (at.length > 0 && wrong < 0) return;
  throw complaint('usage', {
    where: 'group-sequential: looks',
    expected: 'ascending information fractions above 0 and up to 1',
    received: at.length === 0 ? 'none' : at.join(', '),
    try: 'Five equally spaced looks are 0.2, 0.4, 0.6, 0.8, 1.',
  });
}

function expectLook(look: number, looks: number): void {
  if (Number.isInteger(look) && look >= 0 && look < looks) return;
  throw complaint('usage', {
    where: 'group-sequential: look',
    expected: `a whole number from 0 to ${looks - 1}`,
    received: `${look}`,
  });
}
