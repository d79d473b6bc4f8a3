import type { BuiltOn } from '../../agents/contract.js';
import { complaint } from '../../core/check.js';
import type { MakeEnv } from '../../envs/contract.js';
import { envMaker, FEED_SESSION } from '../../envs/index.js';
import { feedMaker } from '../feed-session/people.js';
import { openFeedRun, type FeedOfRun } from '../feed-session/run-feed.js';

/** Where the agents of a config act, and the models that they may be built on there. */
export interface Stage {
  readonly make: MakeEnv;
  readonly built: BuiltOn;
  /** Of the run that it was made of. */
  readonly hash?: string;
}

export interface StageRequest {
  readonly id: string;
  readonly settings: object;
  /** Plays the env with the feed of a run. */
  readonly feed?: FeedOfRun | undefined;
}

/**
 * The env of a config: by its id and settings, or played with the feed of a run, whose ranker agents are built on.
 *
 * @throws a config error when the run is not there or another env is named beside it
 */
export async function setStage({ id, settings, feed }: StageRequest): Promise<Stage> {
  if (feed === undefined) return { make: envMaker(id, settings), built: {} };
  if (id !== FEED_SESSION) {
    throw complaint('config', {
      where: 'feed',
      expected: `the env ${FEED_SESSION} beside the feed of a run`,
      received: `'${id}'`,
    });
  }
  const opened = await openFeedRun(feed);
  const { ranker, hash } = opened;
  return { make: feedMaker(opened, settings), built: ranker === undefined ? {} : { ranker }, hash };
}
