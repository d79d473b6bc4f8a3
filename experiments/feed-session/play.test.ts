import test, { type ExecutionContext } from 'ava';
import type { Agent } from '../../agents/contract.js';
import { stream } from '../../core/random.js';
import { width } from '../../core/space.js';
import type { FeedSessionEnv } from '../../envs/feed-session/feed-session.js';
import { placesOf } from '../../logs/feed-session/layout.js';
import { knownOf, replayStates, sessionRows } from '../../logs/feed-session/replay.js';
import type { Log } from '../../logs/record.js';
import { feedWorldDefaults } from '../../simulators/feed-session/settings.js';
import { FeedWorld } from '../../simulators/feed-session/world.js';
import { agents } from '../tables.js';
import { feedLog } from './feed-log.js';
import { ItemRows } from './item-rows.js';
import { playFeed, type Played } from './play.js';
import { feedEnv, setScene } from './scene.js';

const world = new FeedWorld({ ...feedWorldDefaults, users: 40, items: 120, topics: 4, leverage: 'strong' });

function sceneEnv(slateSize: number, maxSteps: number, batch: number): FeedSessionEnv {
  return feedEnv(setScene({ people: world, settings: { candidates: 6, slateSize, maxSteps } }), batch);
}

interface Watched {
  readonly played: Played;
  readonly log: Log;
  /** What was observed before each decision, by "session/decision": the state, [S]. */
  readonly observed: ReadonlyMap<string, Float32Array>;
}

/** Plays at random, and keeps what was seen before every choice. */
function watch(env: FeedSessionEnv, sessions: number, seed = 5): Watched {
  const { batch: B, observation } = env.spec;
  const S = placesOf(env.people.layout).width;
  const O = width(observation);
  const inner = agents['random'].with({})(env.spec, stream(1), 1);
  const observed = new Map<string, Float32Array>();
  const decided = new Map<number, number>();
  const agent: Agent = {
    ...inner,
    snapshot: () => inner.snapshot(),
    restore: (state) => inner.restore(state),
    learn: () => undefined,
    act: (rows, decision, explore) => {
      for (let b = 0; b < B; b++) {
        const session = env.visit[b] * B + b;
        const number = decided.get(session) ?? 0;
        decided.set(session, number + 1);
        observed.set(`${session}/${number}`, rows.slice(b * O, b * O + S));
      }
      inner.act(rows, decision, explore);
    },
  };
  const played = playFeed({ env, agent, explore: true, seed, sessions });
  return { played, log: feedLog('played', world, [{ policy: 'random', played }]), observed };
}

function sameStates(t: ExecutionContext, slateSize: number, maxSteps: number): Watched {
  const watched = watch(sceneEnv(slateSize, maxSteps, 8), 50);
  const { played, log, observed } = watched;
  const sessions = sessionRows(log);
  const { width: S } = placesOf(sessions.layout);
  const before = new Float32Array(played.item.length * S);
  replayStates(sessions, before);
  let compared = 0;
  for (let s = 0; s < played.sessions; s++) {
    for (let r = played.starts[s]; r < played.starts[s + 1]; r++) {
      if (r > played.starts[s] && played.decision[r] === played.decision[r - 1]) continue;
      const state = observed.get(`${s}/${played.decision[r]}`);
      t.deepEqual(before.slice(r * S, (r + 1) * S), state, `session ${s}, row ${r}`);
      compared++;
    }
  }
  t.true(compared > 100 / slateSize, `${compared} states`);
  return watched;
}

test('states replayed from the log are those that were observed, bit for bit', (t) => {
  const { played, log } = sameStates(t, 1, 9);
  const sessions = sessionRows(log);
  t.deepEqual(sessions.layout, world.layout);
  t.deepEqual(sessions.catalogue, { ...world.catalogue });
  t.deepEqual([...sessions.starts], [...played.starts]);
  t.deepEqual(sessions.item, played.item);
  t.deepEqual(log.requests.values.length, log.rows, 'every item its own request');
  // Users and contexts come back as they were.
  const { users, contexts } = knownOf(sessions);
  t.deepEqual(contexts, played.context);
  const U = world.layout.userNames.length;
  for (let s = 0; s < played.sessions; s++) {
    const user = played.user[s];
    t.deepEqual(users.slice(s * U, (s + 1) * U), world.userFeatures.slice(user * U, (user + 1) * U));
    t.is(log.users.values[log.user[sessions.row[sessions.starts[s]]]], world.userIds[user]);
  }
});

test('slates of two: states before each slate, one request per slate, half a slate where the user left', (t) => {
  const { played, log } = sameStates(t, 2, 9);
  let [whole, half] = [0, 0];
  for (let request = 0; request < log.requests.values.length; request++) {
    const rows = [...log.request.keys()].filter((n) => log.request[n] === request);
    t.true(rows.length === 1 || rows.length === 2);
    if (rows.length === 2) {
      whole++;
      t.is(rows[1], rows[0] + 1);
      t.not(log.action[rows[0]], log.action[rows[1]]);
      t.is(log.propensity[rows[0]], log.propensity[rows[1]], 'the probability of the slate');
    } else {
      half++;
      t.not(log.endReason[rows[0]], 0, 'only the end of a session leaves a slate unseen');
    }
  }
  t.true(whole > 20 && half > 0, `${whole} whole, ${half} half`);
  for (let s = 0; s < played.sessions; s++) {
    const own = played.decision.subarray(played.starts[s], played.starts[s + 1]);
    t.deepEqual(
      [...own],
      Array.from(own, (_, i) => i >> 1),
      'two items a decision',
    );
  }
});

test('sessions in order: visit by visit, world by world, whatever came first; positions, times, ends', (t) => {
  const env = sceneEnv(1, 6, 8);
  const { played, log } = watch(env, 50);
  t.deepEqual(
    [...played.visit],
    Array.from({ length: 50 }, (_, s) => Math.floor(s / 8)),
  );
  const ends = { left: 0, limit: 0 };
  for (let s = 0; s < 50; s++) {
    const [first, end] = [played.starts[s], played.starts[s + 1]];
    t.true(end > first && end - first <= 6);
    for (let r = first; r < end; r++) {
      t.is(log.position[r], r - first);
      t.is(log.sessions.values[log.session[r]], `random/${s}`);
      t.true(r === first || log.timeMs[r] > log.timeMs[r - 1]);
      t.is(log.endReason[r], r === end - 1 ? played.endReason[s] : 0);
    }
    if (played.endReason[s] === 2) t.is(end - first, 6, 'the limit is six items');
    ends[played.endReason[s] === 1 ? 'left' : 'limit']++;
  }
  t.true(ends.left > 0 && ends.limit > 0, JSON.stringify(ends));
  // Whether somebody stopped by the limit would have left is not known.
  const { left, unknown, starts } = sessionRows(log);
  for (let s = 0; s < 50; s++) {
    const last = starts[s + 1] - 1;
    t.deepEqual([left[last], unknown[last]], played.endReason[s] === 1 ? [1, 0] : [0, 1]);
  }
  t.is(
    left.reduce((a, b) => a + b, 0),
    ends.left,
  );
  t.is(
    unknown.reduce((a, b) => a + b, 0),
    ends.limit,
  );
});

test('the same seed gives the same sessions, a part of them too; an agent is left as it was found', (t) => {
  const env = sceneEnv(1, 6, 8);
  const agent = agents['random'].with({})(env.spec, stream(1), 1);
  const found = agent.snapshot();
  const play = (sessions: number, seed = 5): Played => playFeed({ env, agent, explore: true, seed, sessions });
  const fifty = play(50);
  t.deepEqual(agent.snapshot(), found);
  t.deepEqual(play(50), fifty);
  const twenty = play(20);
  t.deepEqual(twenty.item, fifty.item.slice(0, fifty.starts[20]));
  t.deepEqual(twenty.user, fifty.user.slice(0, 20));
  t.notDeepEqual(play(50, 6).item, fifty.item);
  t.is(env.onShown, undefined);
});

test('columns of items grow past their first room and come out session by session', (t) => {
  const rows = new ItemRows(2);
  const n = 40_000;
  for (let r = 0; r < n; r++) {
    // Sessions take turns.
    rows.add({ session: r % 3, item: r, propensity: 1 / (r + 1), decision: r });
    rows.followed(Float32Array.of(9, r % 2, 1 - (r % 2), 0.5), 1, r / 2);
  }
  const { starts, item, outcomes, dwellSeconds, decision, propensity } = rows.bySession(4);
  t.deepEqual([...starts], [0, 13334, 26667, 40000, 40000], 'the fourth session is empty');
  t.true(
    item.every((r, at) => r % 3 === (at < 13334 ? 0 : at < 26667 ? 1 : 2) && (at === 0 || item[at - 1] < r || r < 3)),
  );
  t.true(item.every((r, at) => outcomes[2 * at] === r % 2 && outcomes[2 * at + 1] === 1 - (r % 2)));
  t.true(item.every((r, at) => dwellSeconds[at] === r / 2 && decision[at] === r && propensity[at] === 1 / (r + 1)));
});
