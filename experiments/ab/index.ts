/** A/B tests: the statistics of fixed horizons, and the analysis of a trial. */
export type * from './contract.js';
export * from './stats/arm-value.js';
export * from './stats/cluster.js';
export * from './stats/cuped.js';
export * from './stats/non-inferiority.js';
export * from './stats/permutation.js';
export * from './stats/quantile.js';
export * from './stats/relative.js';
export * from './stats/sample-ratio.js';
export * from './stats/segments.js';
export * from './stats/sums.js';
export * from './stats/welch.js';
