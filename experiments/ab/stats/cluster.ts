import { varianceAlong, type Sums } from './sums.js';
import { gradient } from './arm-value.js';

/** Variances of a difference of means whose rows were randomised in clusters. */
export interface ClusterVariance {
  /** Liang and Zeger 1986: no correction for few clusters. */
  readonly cr0: number;
  /** CR0 · G/(G − 1) · (n − 1)/(n − 2), as statsmodels and Stata report it. */
  readonly cr1: number;
  /** The ratio delta method with G − 1 per arm, which the analysis uses. */
  readonly delta: number;
}

/**
 * The cluster sandwich of regressing rows on their arm, from sums over clusters alone (columns: Σ of the rows, number of
 * rows). In each arm Σ_c e_c² / N² with e_c the summed residuals of a cluster is, up to the factor (G − 1)/G, the delta
 * method's variance of Σ Y_c / Σ N_c; the two are one method.
 */
export function clusterVariance(control: Sums, arm: Sums): ClusterVariance {
  const delta = (sums: Sums): number => varianceAlong(sums, gradient(sums, 'ratio')) / sums.n;
  const plain = (sums: Sums): number => (delta(sums) * (sums.n - 1)) / sums.n;
  const clusters = control.n + arm.n;
  const rows = control.n * control.mean[1] + arm.n * arm.mean[1];
  const cr0 = plain(control) + plain(arm);
  return {
    cr0,
    cr1: cr0 * (clusters / (clusters - 1)) * ((rows - 1) / (rows - 2)),
    delta: delta(control) + delta(arm),
  };
}
