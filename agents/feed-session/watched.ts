import type { Metrics } from '../contract.js';
import type { Trajectory } from '../trajectory.js';
import type { FeedNetworksOptions } from './networks.js';

/**
 * What is noted of every decision to see what the policy has become, over the n candidates of the greedy choice:
 *
 * - `residual`, `residualSpread`: the mean |h|, and the mean |h − mean h|, which is what moves candidates past another;
 * - `differs`: 1 where the greedy choice is not the ranker's;
 * - `supervisedDivergence`: KL(softmax z/T ‖ softmax κf/T) in nats.
 */
export const WATCHED = ['residual', 'residualSpread', 'differs', 'supervisedDivergence'] as const;

/**
 * Writes the numbers of `WATCHED`, the last two as 0 where there is no ranker.
 *
 * @param z [K] scores, not yet divided by the temperature
 * @param f [K] the ranker's scores; not read where there is none
 */
export function writeWatched(
  z: Float64Array,
  f: Float64Array,
  { scale, exploration: { greedy: n }, scores, sharpness, temperature }: FeedNetworksOptions,
  out: Float32Array,
  to: number,
): void {
  const known = scale.f !== 0;
  let [mean, size, spread] = [0, 0, 0];
  for (let k = 0; k < n; k++) {
    const h = (z[k] - (known ? scale.f * f[k] : 0)) / scale.h;
    mean += h / n;
    size += Math.abs(h) / n;
  }
  for (let k = 0; k < n; k++) spread += Math.abs((z[k] - (known ? scale.f * f[k] : 0)) / scale.h - mean) / n;
  out[to] = size;
  out[to + 1] = spread;
  out[to + 2] = 0;
  out[to + 3] = 0;
  if (scores === undefined) return;
  let [mine, its] = [0, 0];
  for (let k = 1; k < n; k++) {
    if (z[k] > z[mine]) mine = k;
    if (f[k] > f[its]) its = k;
  }
  let [total, itsTotal, gap] = [0, 0, 0];
  for (let k = 0; k < n; k++) {
    const own = (z[k] - z[mine]) / temperature;
    const other = (sharpness * (f[k] - f[its])) / temperature;
    const weight = Math.exp(own);
    total += weight;
    itsTotal += Math.exp(other);
    gap += weight * (own - other);
  }
  out[to + 2] = Number(mine !== its);
  out[to + 3] = Math.max(0, gap / total - Math.log(total) + Math.log(itsTotal));
}

/** Means over the decisions of a full trajectory. */
export function watchedMeans({ notes, noteWidth }: Trajectory): Metrics {
  // Without a ranker there is nothing to compare with.
  const names = noteWidth === WATCHED.length ? WATCHED.slice(0, 2) : WATCHED;
  const rows = notes.length / noteWidth;
  return Object.fromEntries(
    names.map((name, i) => {
      let sum = 0;
      for (let row = 1; row <= rows; row++) sum += notes[row * noteWidth - WATCHED.length + i];
      return [name, sum / rows];
    }),
  );
}
