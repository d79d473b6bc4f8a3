import { studentQuantile } from '../../../core/stats/student.js';
import type { ArmValue } from './arm-value.js';
import { tested, welchDegrees, type TestedEffect } from './welch.js';

/**
 * (arm − control) / |control| by the delta method: variance v_B / m_A² + v_A m_B² / m_A⁴, degrees of freedom as for
 * the difference. Only for controls that are clearly not 0 (`clearOfZero`): near 0 a ratio has no usable spread.
 */
export function relativeWelch(control: ArmValue, arm: ArmValue, level: number): TestedEffect {
  const base = Math.abs(control.value);
  const variance = arm.variance / base ** 2 + control.variance * (arm.value / base ** 2) ** 2;
  const degrees = welchDegrees(control, arm);
  return tested((arm.value - control.value) / base, Math.sqrt(variance), degrees, level);
}

/** Whether the interval of a value leaves 0 out, so that something may be divided by it. */
export function clearOfZero({ value, variance, units }: ArmValue, level: number): boolean {
  return Math.abs(value) > studentQuantile(0.5 + level / 2, units - 1) * Math.sqrt(variance);
}

/**
 * Fieller's interval (1954) of (arm − control) / |control|: all ρ for which arm − ρ·control is not significant. Exact
 * for normal values, right where the delta method is not (a control a few standard errors from 0), and not symmetric.
 * Null when the control is not clear of 0: then the interval has no end.
 */
export function fieller(control: ArmValue, arm: ArmValue, level: number): { low: number; high: number } | null {
  const t = studentQuantile(0.5 + level / 2, welchDegrees(control, arm));
  const square = control.value ** 2 - t * t * control.variance;
  if (!(square > 0)) return null;
  const middle = control.value * arm.value;
  // The discriminant without the large m_A² m_B² of its two products, which would cancel.
  const inside =
    arm.variance * control.value ** 2 + control.variance * arm.value ** 2 - t * t * control.variance * arm.variance;
  const half = t * Math.sqrt(inside);
  const ends = [(middle - half) / square - 1, (middle + half) / square - 1];
  return control.value > 0 ? { low: ends[0], high: ends[1] } : { low: -ends[1], high: -ends[0] };
}
