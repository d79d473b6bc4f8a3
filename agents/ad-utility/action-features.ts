import type { ActionTable } from '../../logs/record.js';

/**
 * Actions as numbers: their numeric features min–max normalised, so that weights that were never logged lie between
 * those that were; one place per action where they have none (or unknown ones).
 */
export function actionFeatures({ values, numericNames, numeric }: ActionTable): {
  width: number;
  features: Float32Array;
} {
  const A = values.length;
  const F = numericNames.length;
  if (F === 0 || numeric.some(Number.isNaN)) {
    const features = new Float32Array(A * A);
    for (let a = 0; a < A; a++) features[a * A + a] = 1;
    return { width: A, features };
  }
  const features = new Float32Array(A * F);
  for (let f = 0; f < F; f++) {
    let [low, high] = [Infinity, -Infinity];
    for (let a = 0; a < A; a++) {
      low = Math.min(low, numeric[a * F + f]);
      high = Math.max(high, numeric[a * F + f]);
    }
    for (let a = 0; a < A; a++) features[a * F + f] = high > low ? (numeric[a * F + f] - low) / (high - low) : 0;
  }
  return { width: F, features };
}
