/** A/B tests played in worlds: who gets which arm, what follows, and the truth beside it. Configs go through `runExperiment`. */
export type * from './contract.js';
export { drawAssignment, everybody, type Assignment, type AssignmentRequest } from './assignment.js';
export { driftOf, type Drift } from './drift.js';
export { playSessions, type Feature, type SessionsRequest } from './env-sessions.js';
export { offPolicyEffect } from './off-policy.js';
export { agreementOf } from './opinion.js';
export { trialOf, type Cut, type TrialRequest } from './trial.js';
export { pairedEffect, type PairedEffect } from './truth.js';
export { type Rows } from './rows.js';
