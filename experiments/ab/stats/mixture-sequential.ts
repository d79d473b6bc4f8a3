import { complaint } from '../../../core/check.js';
import { neverZero } from './welch.js';

/** What is known at one look at two streams of equal length. */
export interface MixtureLook {
  /** Mean of the treatment less that of the control. */
  readonly difference: number;
  /** Units of one arm, n. */
  readonly pairs: number;
  /** Variance of one pair's difference, V: 2σ² when σ is known, p_A(1 − p_A) + p_B(1 − p_B) for proportions. */
  readonly variance: number;
}

/** Two-sided always-valid results of one look. */
export interface MixtureResult {
  readonly low: number;
  readonly high: number;
  /** In (0, 1]. */
  readonly pValue: number;
}

/**
 * The mixture sequential probability ratio test (Robbins 1970; Johari, Koomen, Pekelis and Walsh 2022) of two streams,
 * with effects mixed by N(0, τ²):
 *
 *     Λ_n = √(V/(V + nτ²)) · exp(n²τ²d²/(2V(V + nτ²)))     p_n = min(p_{n−1}, 1/Λ_n)
 *     d ± √(V(V + nτ²)/(n²τ²) · (2 ln(1/α) + ln((V + nτ²)/V)))
 *
 * Exact for normal streams of known σ; for proportions V is the plug-in and the guarantee holds in large samples. A look
 * without variance (all units alike in both arms) or without units says nothing: p stays, and the interval is everything.
 * Other libraries divide by 0 there, and take control 0 of 1, treatment 1 of 1 for a proof.
 *
 * @param looks in order of time
 * @param tau2 τ², above 0: the squared size of plausible effects; `mixingVariance` tunes it
 * @param level e.g. 0.95
 * @returns one result per look; p never rises
 */
export function mixtureSequentialTest(looks: readonly MixtureLook[], tau2: number, level: number): MixtureResult[] {
  if (!(tau2 > 0 && tau2 < Infinity && level > 0 && level < 1))
    throw complaint('numeric', {
      where: 'mixture sequential test',
      expected: 'τ² above 0 and a level in (0, 1)',
      received: `${tau2} and ${level}`,
    });
  let pValue = 1;
  return looks.map((look) => {
    pValue = Math.min(pValue, neverZero(Math.exp(-logMixtureRatio(look, tau2))));
    const { difference, pairs, variance } = look;
    if (!(pairs > 0 && variance > 0)) return { low: -Infinity, high: Infinity, pValue };
    const scale = variance + pairs * tau2;
    const log = Math.log1p((pairs * tau2) / variance) - 2 * Math.log1p(-level);
    const half = Math.sqrt((variance / pairs) * (scale / (pairs * tau2)) * log);
    return { low: difference - half, high: difference + half, pValue };
  });
}

/** ln Λ_n of one look (see `mixtureSequentialTest`); 0 where the look has no units or no variance. */
export function logMixtureRatio({ difference, pairs, variance }: MixtureLook, tau2: number): number {
  if (!(pairs > 0 && variance > 0)) return 0;
  const share = (pairs * tau2) / (variance + pairs * tau2);
  const z2 = ((difference * difference) / variance) * pairs;
  return (share * z2 - Math.log1p((pairs * tau2) / variance)) / 2;
}

/** V of two proportions. */
export function proportionPairVariance(control: number, treatment: number): number {
  return control * (1 - control) + treatment * (1 - treatment);
}

/**
 * The τ² whose interval is narrowest after `pairs` pairs: V/n · (2 ln(1/α) + ln(1 + 2 ln(1/α))), the tuning of
 * `normalMixture` at v = nV.
 */
export function mixingVariance(variance: number, pairs: number, level: number): number {
  const log = -2 * Math.log1p(-level);
  return (variance / pairs) * (log + Math.log1p(log));
}
