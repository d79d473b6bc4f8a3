import { hash32, stream } from '../../core/random.js';
import { sessionRows, type SessionRows } from '../../logs/feed-session/replay.js';
import type { Log } from '../../logs/record.js';
import type { ResponseModel } from '../../reward-models/feed-session/contract.js';
import type { FeedPeople } from '../../simulators/feed-session/contract.js';
import type { FeedExperiment } from '../config/feed-schema.js';
import type { Artefact } from './artefacts.js';
import { feedLog } from './feed-log.js';
import { playFeed } from './play.js';
import type { RealismReport } from './realism/contract.js';
import type { PolicySessions } from './realism/distances.js';
import { realismOf } from './realism/realism.js';
import { feedEnv, setScene } from './scene.js';
import { EXPLORED, loggedPolicy, PLAYED_TOGETHER, SERVED, servingSettings } from './serving.js';

interface JudgingRequest {
  readonly experiment: FeedExperiment;
  /** The simulator: who lives in it, and the model they answer by. */
  readonly people: FeedPeople;
  readonly model: ResponseModel;
  readonly log: Log;
  /** Sessions of users that no fit saw. */
  readonly heldOut: SessionRows;
  /** What served the log, where that is known: its policies are played again in the simulator. */
  readonly served?: Artefact | undefined;
  readonly seed: number;
}

/** Holds a simulator against the sessions that nobody was fitted on, and its logged policies against themselves. */
export function judgeSimulator({
  experiment,
  people,
  model,
  log,
  heldOut,
  served,
  seed,
}: JudgingRequest): RealismReport {
  const names = served === undefined ? [] : [SERVED, EXPLORED];
  return realismOf({
    model,
    simulator: `simulator of seed ${seed}`,
    heldOut,
    logged: names.map((name): PolicySessions => ({ name, sessions: sessionsOf(log, heldOut, name) })),
    simulated: served === undefined ? [] : playLogged(experiment, people, served, seed),
    random: stream(seed).fork('realism'),
  });
}

/** The held-out sessions that one policy served. */
function sessionsOf(log: Log, heldOut: SessionRows, policy: string): SessionRows {
  const code = log.policies.values.indexOf(policy);
  const own = new Uint8Array(log.rows);
  for (const row of heldOut.row) if (log.policy[row] === code) own[row] = 1;
  return sessionRows(log, { keep: (row) => own[row] === 1 });
}

function playLogged(experiment: FeedExperiment, people: FeedPeople, served: Artefact, seed: number): PolicySessions[] {
  const { source, realism } = experiment;
  if (source.from !== 'world') return [];
  const scene = setScene({ people, tower: served.tower, settings: servingSettings(experiment) });
  const env = feedEnv(scene, Math.min(PLAYED_TOGETHER, realism.sessions));
  return [SERVED, EXPLORED].map((policy) => {
    const played = playFeed({
      env,
      agent: loggedPolicy(policy, env.spec, served.response, source.epsilon),
      explore: true,
      seed: hash32(`feed/realism/${seed}/${policy}`),
      sessions: realism.sessions,
    });
    return { name: policy, sessions: sessionRows(feedLog('simulated', people, [{ policy, played }])) };
  });
}
