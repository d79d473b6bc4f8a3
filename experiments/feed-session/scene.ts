import { completeSettings } from '../../core/settings.js';
import { FeedSessionEnv, FEED_SESSION, poolDepth } from '../../envs/feed-session/feed-session.js';
import { CandidatePools, contentVectors, type RetrievalVectors } from '../../envs/feed-session/pools.js';
import type { EnvReward } from '../../envs/reward.js';
import { feedSessionDefaults, type FeedSessionSettings } from '../../envs/feed-session/settings.js';
import type { RetrievalTower } from '../../reward-models/feed-session/contract.js';
import type { FeedPeople } from '../../simulators/feed-session/contract.js';

/** People, how items are found for them, and what is asked: everything that envs of one scene share. */
export interface Scene {
  readonly people: FeedPeople;
  readonly pools: CandidatePools;
  readonly settings: FeedSessionSettings;
  readonly reward: EnvReward | undefined;
}

export interface SceneRequest {
  readonly people: FeedPeople;
  /** Content and popularity alone when absent. */
  readonly tower?: RetrievalTower | undefined;
  readonly settings: object;
  readonly reward?: EnvReward | undefined;
}

/** Retrieves for everybody, ahead of all sessions. */
export function setScene({ people, tower, settings, reward }: SceneRequest): Scene {
  const complete = completeSettings(FEED_SESSION, feedSessionDefaults, settings);
  const pools = new CandidatePools(people.catalogue, people.users, vectorsOf(people, tower), poolDepth(complete));
  return { people, pools, settings: complete, reward };
}

/** The same people and pools, asked otherwise. */
export function otherSettings(scene: Scene, settings: object): Scene {
  return { ...scene, settings: completeSettings(FEED_SESSION, scene.settings, settings) };
}

export function feedEnv({ people, pools, settings, reward }: Scene, batch: number): FeedSessionEnv {
  return new FeedSessionEnv({ people, pools, ...(reward === undefined ? {} : { reward }) }, settings, batch);
}

function vectorsOf(people: FeedPeople, tower: RetrievalTower | undefined): RetrievalVectors {
  const { catalogue, userFeatures, users, layout } = people;
  if (tower === undefined) {
    return contentVectors(catalogue, { features: userFeatures, width: layout.userNames.length }, layout.shared);
  }
  return {
    width: tower.width,
    users: tower.users(userFeatures, users),
    items: tower.items(catalogue.features, catalogue.items),
    repetition: tower.repetition,
  };
}
