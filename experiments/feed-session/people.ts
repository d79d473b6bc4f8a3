import { complaint } from '../../core/check.js';
import { hash32, stream } from '../../core/random.js';
import { completeSettings } from '../../core/settings.js';
import type { MakeEnv } from '../../envs/contract.js';
import { FEED_SESSION } from '../../envs/feed-session/feed-session.js';
import type { EnvReward } from '../../envs/reward.js';
import { feedSessionDefaults } from '../../envs/feed-session/settings.js';
import { envs } from '../../envs/index.js';
import { populationOf, sessionRows } from '../../logs/feed-session/replay.js';
import type { Log } from '../../logs/record.js';
import type { ResponseModel, RetrievalTower } from '../../reward-models/feed-session/contract.js';
import type { FeedPeople } from '../../simulators/feed-session/contract.js';
import { learnedPeople } from '../../simulators/feed-session/learned.js';
import { FeedWorld } from '../../simulators/feed-session/world.js';
import { agents } from '../tables.js';
import { fitArtefact } from './artefacts.js';
import { feedLog } from './feed-log.js';
import { playFeed } from './play.js';
import { feedEnv, setScene, type Scene } from './scene.js';
import { EXPLORED, PLAYED_TOGETHER } from './serving.js';

/** A feed that can be played: who is there, what finds items for them, and what ranks these. */
export interface Feed {
  readonly people: FeedPeople;
  /** Content and popularity find the items when absent. */
  readonly tower?: RetrievalTower;
  /** What agents that need a ranker are built on. */
  readonly ranker?: ResponseModel;
  /** Settings of recsys/FeedSession-v1 that differ from its defaults. */
  readonly settings: object;
  /** The main outcome when absent. */
  readonly reward?: EnvReward;
}

/** Sessions of a world from which its people are learned unless said otherwise: enough to fit, in seconds. */
const LEARNED_FROM = 2000;

export interface LearnRequest {
  /** Of the weights at first, and of the sessions where a world writes them. */
  readonly seed?: number;
  /** Settings of the response model and of the tower that differ from their defaults. */
  readonly response?: object;
  readonly tower?: object;
}

/**
 * People learned from a feed log: the response model and the tower are fitted on all of its sessions, and its users come
 * in its contexts. Same log and seed, same people. Needs a started backend (core/tensor).
 *
 * @throws a data error when the log is not one of feed sessions
 */
export async function learnFeed(log: Log, request: LearnRequest = {}): Promise<Feed> {
  const { seed = 1, response = {}, tower = {} } = request;
  const sessions = sessionRows(log);
  const fitted = await fitArtefact({
    name: 'people',
    sessions,
    settings: { response, tower },
    random: stream(seed).fork('learned people'),
  });
  const parts = { population: populationOf(sessions), catalogue: sessions.catalogue };
  return {
    people: learnedPeople({ model: fitted.response, ...parts }),
    tower: fitted.tower,
    ranker: fitted.response,
    settings: {},
  };
}

/**
 * People learned from the log of a generated world: its sessions were shown, one item after the other, at random among
 * the candidates. Needs a started backend (core/tensor).
 *
 * @param given settings of recsys/FeedSession-v1 that differ from its defaults; `world` is the world's
 */
export async function learnFeedOfWorld(
  given: object = {},
  request: LearnRequest & { readonly sessions?: number } = {},
): Promise<Feed> {
  const { seed = 1, sessions = LEARNED_FROM } = request;
  const { world, ...settings } = completeSettings(FEED_SESSION, envs[FEED_SESSION].defaults, given);
  const people = new FeedWorld(world);
  const env = feedEnv(setScene({ people, settings: { ...settings, slateSize: 1, injected: 0 } }), PLAYED_TOGETHER);
  const played = playFeed({
    env,
    agent: agents['random'].with({})(env.spec, stream(seed).fork('log'), 1),
    explore: true,
    seed: hash32(`feed/learned/${seed}`),
    sessions,
  });
  const log = feedLog(`${sessions} sessions at random`, people, [{ policy: EXPLORED, played }]);
  return { ...(await learnFeed(log, request)), settings };
}

/**
 * A maker of envs in that feed. Items are found for everybody when the first env is made, which needs a started backend
 * (core/tensor) where a tower finds them.
 *
 * @param given settings that differ from those of the feed
 */
export function feedMaker({ people, tower, settings, reward }: Feed, given: object = {}): MakeEnv {
  if ('world' in given) {
    throw complaint('config', {
      where: `${FEED_SESSION}: world`,
      expected: 'no settings of a generated world beside people that are there',
      received: JSON.stringify(given.world),
    });
  }
  const known = completeSettings(FEED_SESSION, feedSessionDefaults, settings);
  const complete = completeSettings(FEED_SESSION, known, given);
  let scene: Scene | undefined;
  return (batch) => feedEnv((scene ??= setScene({ people, tower, settings: complete, reward })), batch);
}
