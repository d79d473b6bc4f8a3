/** Off-policy estimates of policies that fill slates. */
export { slateEstimators, type SlateEstimator, type SlateEstimatorKey } from './estimators.js';
export {
  evaluateSlates,
  parseSlateEstimators,
  possibleSlateEstimators,
  type SlateEvaluation,
  type SlateOptions,
} from './evaluate-slates.js';
export type { LoggedSlates, Propensities, SlotModel } from './slates.js';
