import { choose } from '../../core/check.js';
import { checkAdMarket } from '../../simulators/ad-market/settings.js';
import type { AdUtilityExperiment } from '../config/ad-utility-schema.js';
import { logLearners } from '../tables.js';
import { checkNames } from './learning.js';
import { gridOf, rewardOf, settingsOf } from './prepare.js';
import { surfaceCode } from './traffic.js';

/** Throws a config error for whatever can be known to be wrong before a market is made. */
export async function checkAdUtility(experiment: AdUtilityExperiment): Promise<void> {
  checkNames(experiment);
  checkAdMarket(settingsOf(experiment, experiment.seeds[0]));
  gridOf(experiment);
  surfaceCode(experiment.surface);
  for (const { id, settings } of [experiment.policy, ...experiment.rivals]) {
    choose('log learner', logLearners, id).with(settings);
  }
  await rewardOf(experiment);
}
