import type { Agent } from '../../../agents/contract.js';
import { randomAgent } from '../../../agents/random.js';
import { KeyedDraws } from '../../../core/draws.js';
import { hash32, stream } from '../../../core/random.js';
import { sessionRows, type SessionRows } from '../../../logs/feed-session/replay.js';
import type { Log } from '../../../logs/record.js';
import type { FeedPeople } from '../../../simulators/feed-session/contract.js';
import { feedLog } from '../../feed-session/feed-log.js';
import { playFeed } from '../../feed-session/play.js';
import { feedEnv, otherSettings, setScene } from '../../feed-session/scene.js';
import type { PolicySessions } from '../../feed-session/realism/distances.js';

/** Sessions played together. */
const BATCH = 64;
/** How often the policy that follows retrieval shows another candidate. */
const EXPLORED = 0.2;

/** The policies that wrote the log: where their candidates come from, and which of them they show. */
export const POLICIES = [
  { name: 'random items', source: 'catalogue', ordered: false },
  { name: 'random retrieved', source: 'retrieved', ordered: false },
  { name: 'retrieval order', source: 'retrieved', ordered: true },
] as const;

/** Shows the best retrieved candidate, and every fifth time one of all of them. */
function inOrder(candidates: number, seed: number): Agent {
  const draws = new KeyedDraws(seed, 'retrieval order');
  let step = 0;
  return {
    act(_observation, { action, propensity }) {
      step++;
      for (let b = 0; b < propensity.length; b++) {
        draws.at(b, step);
        const pick = draws.next() < EXPLORED ? Math.floor(draws.next() * candidates) : 0;
        action[b] = pick;
        propensity[b] = EXPLORED / candidates + (pick === 0 ? 1 - EXPLORED : 0);
      }
    },
    learn: () => undefined,
    snapshot: () => ({ json: String(step), arrays: {} }),
    restore: ({ json }) => {
      step = Number(json);
    },
  };
}

/** What the policies did in a feed of these people, as one log. */
export function logOf(name: string, people: FeedPeople, sessions: number, seed: number): Log {
  const scene = setScene({ people, settings: {} });
  const served = POLICIES.map(({ name: policy, source, ordered }) => {
    const env = feedEnv(otherSettings(scene, { source }), BATCH);
    // Sessions of their own for every policy, as the weeks of a log have them.
    const luck = hash32(`${seed}/${policy}`);
    const agent = ordered ? inOrder(scene.settings.candidates, luck) : randomAgent.make(env.spec, {}, stream(luck), 1);
    return { policy, played: playFeed({ env, agent, explore: true, seed: luck, sessions }) };
  });
  return feedLog(name, people, served);
}

/** Sessions of half of the users; the halves are dealt by the hash of their names. */
export function halfOf(log: Log, half: 0 | 1): SessionRows {
  const deal = log.users.values.map((id) => hash32(id, 7) & 1);
  return sessionRows(log, { keep: (row) => deal[log.user[row]] === half });
}

/** Sessions policy by policy, of those users that `half` names; all of them without. */
export function byPolicy(log: Log, half?: 0 | 1): PolicySessions[] {
  const deal = log.users.values.map((id) => hash32(id, 7) & 1);
  return POLICIES.map(({ name }, policy) => ({
    name,
    sessions: sessionRows(log, {
      keep: (row) => log.policy[row] === policy && (half === undefined || deal[log.user[row]] === half),
    }),
  }));
}
