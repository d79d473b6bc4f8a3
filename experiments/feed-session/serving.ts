import type { Agent } from '../../agents/contract.js';
import { hash32, stream } from '../../core/random.js';
import type { EnvSpec } from '../../envs/contract.js';
import { sessionRows } from '../../logs/feed-session/replay.js';
import type { Log } from '../../logs/record.js';
import type { ResponseModel } from '../../reward-models/feed-session/contract.js';
import type { FeedPeople } from '../../simulators/feed-session/contract.js';
import type { FeedExperiment } from '../config/feed-schema.js';
import type { Keep } from '../run/keep.js';
import { agents } from '../tables.js';
import { fitArtefact, type Artefact } from './artefacts.js';
import { feedLog } from './feed-log.js';
import { playFeed } from './play.js';
import { feedEnv, setScene } from './scene.js';

/** Worlds played together while logs are written and policies are tried. */
export const PLAYED_TOGETHER = 512;

/** Names of the policies of a log that the generated world wrote. */
export const SERVED = 'served ranker';
export const EXPLORED = 'random among the retrieved';

/** What it is kept as: no name that an artefact can have. */
const FIRST_RANKER = 'first ranker';

export interface ServedLog {
  readonly log: Log;
  /** What served it: fitted on the cold sessions. */
  readonly served: Artefact;
}

/** How the log was served: one retrieved item after the other. */
export function servingSettings({ env }: FeedExperiment): object {
  return { ...env, slateSize: 1, source: 'retrieved', injected: 0 };
}

/** A policy of the log, to be played again elsewhere. */
export function loggedPolicy(name: string, spec: EnvSpec, served: ResponseModel, epsilon: number): Agent {
  const [id, settings] = name === SERVED ? ['supervised', { epsilon }] : ['random', {}];
  return agents[id].with(settings)(spec, stream('logged policy').fork(name), 1, { ranker: served });
}

/**
 * How the world came to its log: sessions shown at random taught a first ranker, and that ranker, greedy but for a small
 * chance of a random candidate, served the sessions of the log, apart from a slice that stayed random.
 */
export async function serveWorld(
  people: FeedPeople,
  experiment: FeedExperiment,
  {
    seed,
    keep,
    onProgress,
  }: { readonly seed: number; readonly keep?: Keep; readonly onProgress?: (note: string) => void },
): Promise<ServedLog> {
  const { source } = experiment;
  if (source.from !== 'world') throw new Error('serveWorld: only a world can be served');
  const settings = servingSettings(experiment);
  onProgress?.(`${source.cold} cold sessions`);
  const cold = feedEnv(setScene({ people, settings }), PLAYED_TOGETHER);
  const first = playFeed({
    env: cold,
    agent: agents['random'].with({})(cold.spec, stream(seed).fork('cold'), 1),
    explore: true,
    seed: hash32(`feed/cold/${seed}`),
    sessions: source.cold,
  });
  const served = await fitArtefact({
    name: FIRST_RANKER,
    sessions: sessionRows(feedLog('cold sessions', people, [{ policy: EXPLORED, played: first }])),
    settings: { response: {}, tower: {} },
    random: stream(seed).fork('served'),
    ...(keep === undefined ? {} : { keep }),
  });
  onProgress?.(`${source.sessions} served sessions`);
  const live = feedEnv(setScene({ people, tower: served.tower, settings }), PLAYED_TOGETHER);
  const explored = Math.round(source.sessions * source.explored);
  const play = (policy: string, sessions: number): { policy: string; played: ReturnType<typeof playFeed> } => ({
    policy,
    played: playFeed({
      env: live,
      agent: loggedPolicy(policy, live.spec, served.response, source.epsilon),
      explore: true,
      seed: hash32(`feed/log/${seed}/${policy}`),
      sessions,
    }),
  });
  const log = feedLog(`feed of seed ${seed}`, people, [
    play(SERVED, source.sessions - explored),
    play(EXPLORED, explored),
  ]);
  return { log, served };
}
