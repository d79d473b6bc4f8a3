/** Off-policy evaluation: what another policy would have earned on logged decisions, and how far the log carries it. */
export * from './rounds.js';
export * from './evaluate.js';
export * from './estimators/index.js';
export type { Estimator, Need, PerRound, Setting } from './estimators/form.js';
export { densityRatios } from './estimators/density-ratio.js';
export { embeddingShares } from './estimators/embeddings.js';
export * from './summarise.js';
export * from './diagnostics.js';
export * from './verdict.js';
export * from './bad-rounds.js';
export { readEvaluationTable } from './table.js';
export type { EvaluationTable, TableColumns } from './table-columns.js';
export * from './sources.js';
export * from './smoothed-rates.js';
export * from './sessions/index.js';
export * from './ranking.js';
export { biasOf, meanSquaredError, slopeChoice, tuneSetting, type Sized, type TuningMethod } from './tuning.js';
export * from './distribution/index.js';
