import type { Metric } from '../contract.js';
import { armValue, type ArmValue } from '../stats/arm-value.js';
import { cuped, type CupedEffect } from '../stats/cuped.js';
import { permutationP } from '../stats/permutation.js';
import { quantileOf } from '../stats/quantile.js';
import { clearOfZero, relativeWelch } from '../stats/relative.js';
import type { Sums } from '../stats/sums.js';
import { welch, type TestedEffect } from '../stats/welch.js';
import { columnsOver, sumsOver, valuesOver, type Frame, type Stretch } from './frame.js';
import type { Plan } from './plan.js';

/** A metric in one arm. */
export interface Measured {
  readonly value: ArmValue;
  /** With what was known before in the columns behind the metric's own; absent for quantiles. */
  readonly sums?: Sums;
}

/** A number, or why there is none. */
export type Answer = TestedEffect | string;

export interface Compared {
  readonly difference: Answer;
  readonly relative: Answer;
  /** Null: what was known before does not vary. Absent: not asked for. */
  readonly cuped?: CupedEffect | null;
  readonly permutationP?: number;
}

/** A metric with all that was computed of it. */
export interface Found {
  readonly plan: Plan;
  /** [A] */
  readonly measured: readonly Measured[];
  /** [A] undefined at the control */
  readonly compared: readonly (Compared | undefined)[];
  /** What is rough about it, in sentences: "B: so skewed that …". */
  readonly remarks: readonly string[];
}

/** A metric over a stretch of one arm's rows. */
export function measure(frame: Frame, plan: Plan, stretch: Stretch, level: number): Measured {
  const { kind, quantile = 0.5, column } = plan.metric;
  if (kind === 'quantile') {
    const { values, clusters } = valuesOver(frame, column, stretch);
    return { value: quantileOf(values, quantile, level, clusters) };
  }
  const sums = sumsOver(frame, [...plan.parts, ...(plan.before?.parts ?? [])], stretch);
  return { value: armValue(sums, plan.form), sums };
}

/** One arm against the control: refused in words where the data cannot carry a number. */
export function compare(control: Measured, arm: Measured, plan: Plan, level: number): Compared {
  const refused = whyRefused(control.value, arm.value, plan.metric);
  if (refused !== undefined) return { difference: refused, relative: refused };
  const difference = welch(control.value, arm.value, level);
  const relative = clearOfZero(control.value, level)
    ? relativeWelch(control.value, arm.value, level)
    : 'the control is not clearly different from 0';
  if (plan.before === undefined || control.sums === undefined || arm.sums === undefined)
    return { difference, relative };
  const form = { metric: plan.form, before: plan.before.form };
  return { difference, relative, cuped: cuped(control.sums, arm.sums, form, level) };
}

function whyRefused(control: ArmValue, arm: ArmValue, { kind }: Metric): string | undefined {
  const both = [control, arm];
  if (both.some(({ units }) => units === 0)) return 'an arm has no units';
  if (both.some(({ units }) => units < 2)) return 'an arm has fewer than 2 randomised units, so no spread to judge by';
  if (both.some(({ value }) => !Number.isFinite(value))) return 'the denominator adds up to 0 in an arm';
  if (both.some(({ variance }) => !Number.isFinite(variance)))
    return kind === 'quantile'
      ? 'too few units lie beyond the quantile in an arm'
      : 'the values are too large to be squared';
  if (both.some(({ variance }) => variance > 0)) return undefined;
  return kind === 'quantile'
    ? 'the values around the quantile are tied in both arms'
    : 'the metric is constant in both arms';
}

/** The permutation test over the units of two stretches; nothing for ratios, quantiles and clusters. */
export function permuted(
  frame: Frame,
  { form, parts, metric }: Plan,
  [control, arm]: readonly [Stretch, Stretch],
  draws: { readonly replicates: number; readonly seed: number },
): number | undefined {
  if (form === 'ratio' || metric.kind === 'quantile' || frame.cluster !== undefined) return undefined;
  if (Math.min(control.to - control.from, arm.to - arm.from) < 2) return undefined;
  const [a, b] = [control, arm].map((stretch) => {
    const { columns, from, to } = columnsOver(frame, parts, stretch);
    return columns[0].subarray(from, to);
  });
  return permutationP(a, b, draws);
}
