import { complaint } from '../../../core/check.js';
import { normalLower, normalQuantile } from '../../../core/stats/normal.js';
import { rootAbove } from '../../../core/stats/root.js';
import { sequenceBoundary } from '../stats/asymptotic-sequence.js';
import { driftForPower, groupBounds, stoppingProbabilities, type Stops } from '../stats/group-sequential.js';
import type { Spending } from '../stats/spending.js';

/** When a test says that there is an effect. */
export type Rule =
  /** Once, at the end. */
  | { readonly kind: 'fixed'; readonly level: number; readonly sides: 1 | 2 }
  /** At planned looks, equally spaced. */
  | {
      readonly kind: 'group';
      readonly level: number;
      readonly sides: 1 | 2;
      readonly looks: number;
      readonly spending: Spending;
    }
  /** By the asymptotic confidence sequence, looked at so often, equally spaced. */
  | { readonly kind: 'always-valid'; readonly level: number; readonly looks: number; readonly tunedFor: number };

/**
 * P(the test finds an effect, on its own side), for z-statistics that are normal in large samples; looks by numeric
 * integration, not by simulation.
 *
 * @param drift effect ÷ standard error at the end, at least 0
 * @param units of both arms at the end; only the always-valid rule needs it
 */
export function powerOfRule(rule: Rule, drift: number, units: number): number {
  if (rule.kind === 'fixed') return normalLower(drift - fixedBound(rule));
  const { upper } = stoppingProbabilities(boundsOf(rule, units), drift);
  return upper.reduce((sum, p) => sum + p, 0);
}

/** The share of the planned units that are seen on average before the test stops: 1 for a fixed horizon. */
export function expectedShareOfRule(rule: Rule, drift: number, units: number): number {
  return rule.kind === 'fixed' ? 1 : stoppingProbabilities(boundsOf(rule, units), drift).expectedFraction;
}

/** The drift at which that power is reached. @param power in (0, 1) */
export function driftOfRule(rule: Rule, power: number, units: number): number {
  if (rule.kind === 'fixed') return Math.max(0, fixedBound(rule) + normalQuantile(power));
  return Math.max(0, driftForPower(boundsOf(rule, units), power));
}

/**
 * The units of both arms at which an effect is found with that power.
 *
 * @param driftAt1 effect ÷ standard error with one unit in all: at n units the drift is √n as large
 */
export function unitsOfRule(rule: Rule, power: number, driftAt1: number): number {
  if (rule.kind !== 'always-valid') return (driftOfRule(rule, power, 1) / driftAt1) ** 2;
  // An always-valid test needs a few times the units of a fixed one, depending on what it is tuned for.
  const start = (driftOfRule({ kind: 'fixed', level: rule.level, sides: 2 }, power, 1) / driftAt1) ** 2;
  const missing = (log: number): number => {
    const units = start * Math.exp(log);
    return powerOfRule(rule, driftAt1 * Math.sqrt(units), units) - power;
  };
  return start * Math.exp(rootAbove(missing, 0, 0.5));
}

function boundsOf(rule: Exclude<Rule, { kind: 'fixed' }>, units: number): Stops {
  const { level, looks } = rule;
  if (!(Number.isInteger(looks) && looks >= 1))
    throw complaint('usage', { where: 'power: looks', expected: 'a whole number from 1 up', received: `${looks}` });
  const at = Array.from({ length: looks }, (_, k) => (k + 1) / looks);
  if (rule.kind === 'group') return groupBounds({ at, level, spending: rule.spending, sides: rule.sides });
  const z = at.map((t) => sequenceBoundary({ units: t * units, level, tunedFor: rule.tunedFor }));
  return { at, z, sides: 2 };
}

function fixedBound({ level, sides }: { readonly level: number; readonly sides: 1 | 2 }): number {
  return -normalQuantile((1 - level) / sides);
}
