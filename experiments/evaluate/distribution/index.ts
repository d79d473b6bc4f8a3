/** The distribution of the return under another policy, not only its mean. */
export * from './cdf.js';
export * from './conditional.js';
export * from './estimators.js';
export * from './evaluate-distribution.js';
export * from './guaranteed-band.js';
