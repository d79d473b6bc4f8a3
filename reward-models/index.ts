import { choose } from '../core/check.js';
import type { FittedModel } from './contract.js';
import { logistic } from './logistic.js';
import { mlp } from './mlp.js';
import { kindOfModel } from './model-file.js';

/** The kinds of reward model: the table is the registry. */
export const rewardModels = { logistic, mlp } as const;

/** Reads a model that any kind of this folder saved. */
export function loadRewardModel(bytes: Uint8Array): FittedModel {
  return choose('reward model', rewardModels, kindOfModel(bytes)).load(bytes);
}

export * from './calibrate.js';
export * from './contract.js';
export * from './cross-fit.js';
export * from './folds.js';
export * from './formula.js';
export * from './guess.js';
export * from './logistic.js';
export * from './mlp.js';
export type { FitSettings } from './network.js';
export * from './quality.js';
export * from './feed-session/contract.js';
export * from './feed-session/misspecify.js';
export * from './feed-session/response.js';
export { RESPONSE_DEFAULTS, STATE_PARTS, type ResponseSettings } from './feed-session/response-settings.js';
export * from './feed-session/tower.js';
export { TOWER_DEFAULTS, type TowerSettings } from './feed-session/tower-file.js';
export * from './preference/auxiliary.js';
export * from './preference/bradley-terry.js';
export * from './preference/texts.js';
