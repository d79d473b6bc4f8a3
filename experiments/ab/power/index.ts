/** How long would a test need: power, sample sizes and smallest effects, each the inverse of the others. */
export {
  designEffect,
  liftNoise,
  meanNoise,
  proportionNoise,
  quantileNoise,
  ratioNoise,
  switchbackNoise,
  withClusters,
  withCuped,
  type Noise,
} from './noise.js';
export { expectedUnits, powerOf, smallestEffect, unitsFor, type TestPlan, type UnitsNeeded } from './power.js';
export { preferencePower, queriesFor, smallestShare, type PreferencePlan } from './preference-power.js';
export { type Rule } from './rule.js';
export { splitPower, unitsToNotice, type Splits } from './split-power.js';
