import type { Agent } from '../../../agents/contract.js';
import { recomind } from '../../../agents/feed-session/recomind.js';
import { supervised } from '../../../agents/feed-session/supervised.js';
import { stream } from '../../../core/random.js';
import { meanInterval } from '../../../core/stats/intervals.js';
import { moments } from '../../../core/stats/moments.js';
import type { FeedSessionEnv } from '../../../envs/feed-session/feed-session.js';
import type { ResponseModel } from '../../../reward-models/feed-session/contract.js';
import type { FeedPeople } from '../../../simulators/feed-session/contract.js';
import type { Played } from '../../feed-session/play.js';
import { feedEnv, setScene } from '../../feed-session/scene.js';
import { train } from '../../online/train.js';

/** Sessions played together. */
const BATCH = 32;
const LEVEL = 0.95;

/**
 * A learned feed whose candidates are drawn from the whole catalogue: two item features leave a retrieval stage nothing
 * to find but more of the same.
 */
export function feedOf(people: FeedPeople): FeedSessionEnv {
  return feedEnv(setScene({ people, settings: { source: 'catalogue' } }), BATCH);
}

export function rankerAlone(env: FeedSessionEnv, ranker: ResponseModel, epsilon = 0): Agent {
  const settings = { ...supervised.defaults, epsilon };
  return supervised.make(env.spec, settings, stream(1).fork('supervised'), 1, { ranker });
}

/** Recomind after so many steps in a simulator; 0 is recomind before the first. */
export function trained(env: FeedSessionEnv, ranker: ResponseModel, seed: number, totalSteps: number): Agent {
  const random = stream(seed).fork('recomind');
  const agent = recomind.make(env.spec, recomind.defaults, random, Math.max(1, totalSteps), { ranker });
  if (totalSteps > 0) train({ env, agent, seed, totalSteps });
  return agent;
}

/** Watches per session of two policies with the same users and luck. */
export interface Judgement {
  readonly sessions: number;
  readonly users: number;
  readonly own: number;
  readonly other: number;
  /** Mean over users of their mean difference, own − other. */
  readonly difference: number;
  readonly interval: readonly [number, number];
  /** Items per session. */
  readonly length: readonly [number, number];
  /** Share of the items with the outcome asked for. */
  readonly share: readonly [number, number];
}

/**
 * The interval is Student's t over users: sessions of one user are not independent of each other.
 *
 * @param outcome number of the outcome whose share of the items is told
 */
export function judge(own: Played, other: Played, users: number, outcome: number): Judgement {
  const [a, b] = [watches(own), watches(other)];
  const sums = new Float64Array(users);
  const counts = new Float64Array(users);
  own.user.forEach((user, s) => {
    sums[user] += a[s] - b[s];
    counts[user]++;
  });
  const met = sums.map((sum, user) => sum / counts[user]).filter(Number.isFinite);
  const { mean, variance } = moments(met);
  const { low, high } = meanInterval(mean, Math.sqrt(variance), met.length, LEVEL);
  return {
    sessions: own.sessions,
    users: met.length,
    own: moments(a).mean,
    other: moments(b).mean,
    difference: mean,
    interval: [low, high],
    length: [own.item.length / own.sessions, other.item.length / other.sessions],
    share: [shareOf(own, outcome), shareOf(other, outcome)],
  };
}

/** [sessions] items watched, the main outcome. */
function watches({ sessions, starts, outcomes, item }: Played): Float64Array {
  const H = outcomes.length / item.length;
  const sums = new Float64Array(sessions);
  for (let s = 0; s < sessions; s++) for (let r = starts[s]; r < starts[s + 1]; r++) sums[s] += outcomes[r * H];
  return sums;
}

function shareOf({ outcomes, item }: Played, outcome: number): number {
  const H = outcomes.length / item.length;
  return item.reduce((sum, _, r) => sum + outcomes[r * H + outcome], 0) / item.length;
}
