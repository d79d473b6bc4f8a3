import { choose, complaint } from '../../core/check.js';
import { completeSettings } from '../../core/settings.js';
import { FEED_SESSION } from '../../envs/feed-session/feed-session.js';
import { checkFeedSession, feedSessionDefaults } from '../../envs/feed-session/settings.js';
import { responseModel } from '../../reward-models/feed-session/response.js';
import { retrievalTower } from '../../reward-models/feed-session/tower.js';
import { checkFeedWorld, feedWorldDefaults } from '../../simulators/feed-session/settings.js';
import type { FeedExperiment } from '../config/feed-schema.js';
import { agents } from '../tables.js';
import { checkRoles } from './artefacts.js';
import { checkNames } from './learning.js';

/** Throws a config error for whatever can be known to be wrong before anything is played or fitted. */
export function checkFeedExperiment(experiment: FeedExperiment): void {
  checkRoles(experiment);
  checkShares(experiment);
  checkNames(experiment);
  checkSettings(experiment);
}

/** Throws unless some users are left for those who judge. */
function checkShares({ artefacts }: FeedExperiment): void {
  const total = Object.values(artefacts).reduce((sum, { share }) => sum + share, 0);
  // Sums of shares as people write them, 0.33 + 0.33 + 0.33, are off by less than this.
  if (total <= 0.99 + 1e-9) return;
  throw complaint('config', {
    where: 'artefacts: share',
    expected: 'shares that add up to at most 0.99: the rest of the users judges the simulator',
    received: String(total),
  });
}

function checkSettings({ source, artefacts, env, agent, rivals, baselines }: FeedExperiment): void {
  if (source.from === 'world') {
    checkFeedWorld(completeSettings('source: settings', feedWorldDefaults, source.settings));
  }
  for (const [name, { response, tower }] of Object.entries(artefacts)) {
    completeSettings(`artefact ${name}: response`, responseModel.defaults, response);
    completeSettings(`artefact ${name}: tower`, retrievalTower.defaults, tower);
  }
  const shared = completeSettings(FEED_SESSION, feedSessionDefaults, env);
  checkFeedSession(FEED_SESSION, shared);
  for (const learner of [agent, ...rivals]) {
    checkFeedSession(FEED_SESSION, completeSettings(FEED_SESSION, shared, learner.env));
  }
  for (const { id, settings } of [agent, ...rivals, ...baselines]) choose('agent', agents, id).with(settings);
}
