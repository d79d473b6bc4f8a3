/** Off-policy evaluation of sessions: what another policy would have earned over whole sequences of decisions. */
export * from './sessions.js';
export * from './evaluate-sessions.js';
export * from './estimators/index.js';
export { magicBlend, type Blend } from './estimators/magic.js';
export { byStep } from './estimators/marginal.js';
export * from './forms.js';
export * from './fitted-q/fit.js';
export * from './fitted-q/index.js';
export { networkQ, type NetworkQSettings } from './fitted-q/network.js';
export type { SessionDiagnostics, StepDiagnostics, DecisionWeights } from './diagnostics.js';
export * from './table.js';
export * from './log.js';
