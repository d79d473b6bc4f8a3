/**
 * Weights that give up unbiasedness for smaller variance. Each is a function of the weight alone, shared by the
 * estimators of its family (clipped IPS and clipped DR keep the same weight) and by the tuning of their settings.
 */

/** min(w, c). c = ∞ keeps w. */
export function clipped(weight: Float64Array, clip: number): Float64Array {
  const kept = new Float64Array(weight.length);
  for (let i = 0; i < kept.length; i++) kept[i] = weight[i] < clip ? weight[i] : clip;
  return kept;
}

/** w where w ≤ τ, else 0. τ = ∞ keeps w. */
export function switched(weight: Float64Array, threshold: number): Float64Array {
  const kept = new Float64Array(weight.length);
  for (let i = 0; i < kept.length; i++) kept[i] = weight[i] <= threshold ? weight[i] : 0;
  return kept;
}

/** λw / (w² + λ), at most √λ / 2 (Su et al. 2020). λ = 0 keeps nothing, λ = ∞ keeps w. */
export function shrunk(weight: Float64Array, lambda: number): Float64Array {
  const kept = new Float64Array(weight.length);
  if (lambda === 0) return kept;
  // Divided through by λ, so that λ = ∞ works as well.
  for (let i = 0; i < kept.length; i++) kept[i] = weight[i] / ((weight[i] * weight[i]) / lambda + 1);
  return kept;
}

/** w / (1 − λ + λw), at most 1/λ (Metelli, Russo and Restelli 2021). λ = 0 keeps w, λ = 1 keeps 1 wherever w > 0. */
export function tempered(weight: Float64Array, lambda: number): Float64Array {
  const kept = new Float64Array(weight.length);
  for (let i = 0; i < kept.length; i++) kept[i] = weight[i] === 0 ? 0 : weight[i] / (1 - lambda + lambda * weight[i]);
  return kept;
}

/** Clips and thresholds tried when one is tuned. */
export const CUTS: readonly number[] = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
/** Shrinkages tried when one is tuned: the kept weight is at most √λ / 2. */
export const SHRINKAGES: readonly number[] = [0.1, 1, 10, 100, 1000, 1e4, 1e5, 1e6];
/** Tempers tried when one is tuned: the kept weight is at most 1/λ. */
export const TEMPERS: readonly number[] = [1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0];
