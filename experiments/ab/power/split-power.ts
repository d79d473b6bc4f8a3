import { complaint } from '../../../core/check.js';
import { chiSquareQuantile, chiSquareUpper } from '../../../core/stats/chi-square.js';
import { rootAbove } from '../../../core/stats/root.js';
import { logGamma } from '../../../core/stats/gamma.js';
import { SAMPLE_RATIO_ALARM } from '../stats/sample-ratio.js';

/** A split as planned and as it really is, in any unit. */
export interface Splits {
  readonly planned: readonly number[];
  readonly actual: readonly number[];
}

/**
 * P(the sample-ratio alarm is raised) when units arrive by another split than the planned one: Pearson's statistic is then
 * χ² with noncentrality n Σ (q_i − p_i)²/p_i.
 *
 * @param alarm p below which it is raised
 */
export function splitPower(units: number, splits: Splits, alarm = SAMPLE_RATIO_ALARM): number {
  const { groups, distance } = apart(splits);
  return alarmPower(units * distance, groups, alarm);
}

/** Units at which a wrong split is noticed with that power; Infinity where it is not wrong. */
export function unitsToNotice(splits: Splits, power: number, alarm = SAMPLE_RATIO_ALARM): number {
  const { groups, distance } = apart(splits);
  if (distance === 0) return Infinity;
  const noncentrality = rootAbove((lambda) => alarmPower(lambda, groups, alarm) - power, 0, 1);
  return Math.ceil(noncentrality / distance);
}

function alarmPower(noncentrality: number, groups: number, alarm: number): number {
  const cut = chiSquareQuantile(1 - alarm, groups - 1);
  return noncentralUpper(cut, groups - 1, noncentrality);
}

/** P(χ²(k, λ) > x) = Σ_j Poisson(j; λ/2) P(χ²(k + 2j) > x): terms of one sign, from the likeliest j outwards. */
function noncentralUpper(x: number, k: number, lambda: number): number {
  // 40 standard deviations away nothing is left of the other side.
  if (Math.sqrt(lambda) > Math.sqrt(x) + 40) return 1;
  const half = lambda / 2;
  const middle = Math.floor(half);
  const weight = (j: number): number =>
    half === 0 ? (j === 0 ? 1 : 0) : Math.exp(j * Math.log(half) - half - logGamma(j + 1));
  let sum = 0;
  for (let j = middle; j >= 0; j--) {
    const w = weight(j);
    sum += w * chiSquareUpper(x, k + 2 * j);
    if (w < 1e-18) break;
  }
  for (let j = middle + 1; ; j++) {
    const w = weight(j);
    sum += w * chiSquareUpper(x, k + 2 * j);
    if (w < 1e-18) break;
  }
  return Math.min(1, sum);
}

/** Σ (q − p)²/p of the shares. */
function apart({ planned, actual }: Splits): { groups: number; distance: number } {
  const [p, q] = [planned, actual].map((split) => {
    const whole = split.reduce((sum, share) => sum + share, 0);
    return split.map((share) => share / whole);
  });
  if (!(p.length === q.length && p.length >= 2 && p.every((share) => share > 0) && q.every((share) => share >= 0)))
    throw complaint('usage', {
      where: 'power: split',
      expected: 'two or more planned shares above 0, and as many actual ones',
      received: `${planned.join(', ')} and ${actual.join(', ')}`,
    });
  return { groups: p.length, distance: p.reduce((sum, share, i) => sum + (q[i] - share) ** 2 / share, 0) };
}
