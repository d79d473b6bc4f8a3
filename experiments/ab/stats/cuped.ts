import { armValue, gradient, type ArmValue, type Form } from './arm-value.js';
import { clearOfZero } from './relative.js';
import { addSums, varianceAlong, type Sums } from './sums.js';
import { tested, welch, welchDegrees, type TestedEffect } from './welch.js';

/** What the columns of the sums are: those of the metric first, then what was known before. */
export interface CupedForm {
  readonly metric: Form;
  /** A mean (one column) or a ratio (two), as known before the units were given their arms. */
  readonly before: 'mean' | 'ratio';
}

export interface CupedEffect {
  readonly theta: number;
  /** Of the metric and what was known before, within the arms. */
  readonly correlation: number;
  /** 1 − variance with ÷ variance without. */
  readonly varianceReduction: number;
  readonly difference: TestedEffect;
  /** Null where the unadjusted control is not clear of 0. */
  readonly relative: TestedEffect | null;
  /** Health checks that failed, in sentences: reasons to doubt the trial. */
  readonly alarms: readonly string[];
  /** What the adjustment cannot do here, in sentences. */
  readonly remarks: readonly string[];
}

/** One arm's part: variances of a single unit, to be divided by n. */
interface Parts {
  readonly value: ArmValue;
  readonly before: ArmValue;
  readonly post: number;
  readonly pre: number;
  readonly cross: number;
}

/** The arms differ beforehand, so something other than the treatment does: chance gives this in one of 100 tests. */
const IMBALANCE = 0.01;
const LOW_CORRELATION = 0.1;

/**
 * CUPED (Deng, Xu, Kohavi and Walker 2013): Y − θX with X known beforehand. X cannot be changed by the treatment, so
 * the effect stays what it was and the variance falls to v_Y + θ² v_X − 2 θ c.
 *
 * For means θ = cov/var over the two arms pooled, the difference between the arms included; where a ratio is involved
 * θ = (Σ c/n) / (Σ v_X/n), which minimises the summed variance of the linearised ratios. The relative effect is
 * (adjusted arm − adjusted control) / |unadjusted control| with the variance of its linearisation, in which the
 * control's Y moves both numerator and denominator:
 *
 *     [v_Y + θ² v_X − 2 θ c]_B / (n_B m_A²) + [v_Y m_B²/m_A² − 2 θ c m_B/m_A + θ² v_X]_A / (n_A m_A²)
 *
 * Null when what was known beforehand does not vary.
 */
export function cuped(control: Sums, arm: Sums, form: CupedForm, level: number): CupedEffect | null {
  const [a, b] = [partsOf(control, form), partsOf(arm, form)];
  const each = (part: 'post' | 'pre' | 'cross'): number => a[part] / control.n + b[part] / arm.n;
  const [post, pre, cross] = [each('post'), each('pre'), each('cross')];
  if (!(pre > 0)) return null;
  const theta = form.metric === 'ratio' || form.before === 'ratio' ? cross / pre : pooledTheta(control, arm);
  const adjusted = ({ value, before, ...v }: Parts): ArmValue => ({
    value: value.value - theta * before.value,
    variance: Math.max(0, v.post + theta * theta * v.pre - 2 * theta * v.cross) / value.units,
    units: value.units,
  });
  const [from, to] = [adjusted(a), adjusted(b)];
  const difference = welch(from, to, level);
  const without = welch(a.value, b.value, level);
  const correlation = post > 0 ? Math.max(-1, Math.min(1, cross / Math.sqrt(post * pre))) : 0;
  return {
    theta,
    correlation,
    varianceReduction: 1 - (difference.standardError / without.standardError) ** 2,
    difference,
    relative: clearOfZero(a.value, level) ? relative(a, b, theta, { from, to, level }) : null,
    alarms: alarms(welch(a.before, b.before, level), without, difference, level),
    remarks:
      Math.abs(correlation) < LOW_CORRELATION
        ? [`The correlation is ${correlation.toFixed(3)}: what was known before says next to nothing of the metric.`]
        : [],
  };
}

function partsOf(sums: Sums, { metric, before }: CupedForm): Parts {
  const at = metric === 'ratio' ? 2 : 1;
  const [g, h] = [gradient(sums, metric), gradient(sums, before, at)];
  const value = armValue(sums, metric);
  const pre = varianceAlong(sums, h);
  const earlier = before === 'mean' ? sums.mean[at] : sums.mean[at] / sums.mean[at + 1];
  return {
    value,
    before: { value: earlier, variance: pre / sums.n, units: sums.n },
    post: value.variance * sums.n,
    pre,
    cross: varianceAlong(sums, g, h),
  };
}

function pooledTheta(control: Sums, arm: Sums): number {
  const { products } = addSums(control, arm);
  return products[1] / products[3];
}

function relative(
  a: Parts,
  b: Parts,
  theta: number,
  { from, to, level }: { readonly from: ArmValue; readonly to: ArmValue; readonly level: number },
): TestedEffect {
  const base = Math.abs(a.value.value);
  const times = b.value.value / a.value.value;
  const own = a.post * times * times - 2 * theta * a.cross * times + theta * theta * a.pre;
  const variance = (to.variance + own / a.value.units) / (base * base);
  return tested((to.value - from.value) / base, Math.sqrt(variance), welchDegrees(from, to), level);
}

function alarms(before: TestedEffect, without: TestedEffect, difference: TestedEffect, level: number): string[] {
  const found: string[] = [];
  if (before.pValue < IMBALANCE)
    found.push(
      `The arms differed before the test began (p = ${before.pValue.toPrecision(2)}): the split is not random, or the column is not from before.`,
    );
  const clear = Math.min(without.pValue, difference.pValue) < 1 - level;
  if (clear && Math.sign(without.effect) * Math.sign(difference.effect) < 0)
    found.push('The adjustment turns the sign of the effect: the two arms were not alike beforehand.');
  return found;
}
