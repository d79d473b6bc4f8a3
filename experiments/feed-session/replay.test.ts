import test from 'ava';
import { randomAgent } from '../../agents/random.js';
import { stream } from '../../core/random.js';
import type { StepBatch } from '../../envs/index.js';
import type { FeedSessionEnv } from '../../envs/feed-session/feed-session.js';
import { dwellNumber, expectSameLayout } from '../../logs/feed-session/layout.js';
import {
  catalogueOf,
  layoutOf,
  populationOf,
  replayStates,
  sessionRows,
  sessionStates,
} from '../../logs/feed-session/replay.js';
import { FeedWorld } from '../../simulators/feed-session/world.js';
import { feedLog } from './feed-log.js';
import { playFeed } from './play.js';
import { feedEnv, setScene } from './scene.js';

const B = 12;
const people = new FeedWorld({ users: 40, items: 300, drift: 0.2, newItems: 0.2 });

function envOf(slateSize: number): FeedSessionEnv {
  return feedEnv(setScene({ people, settings: { slateSize, maxSteps: 15, injected: 2, poolPerCluster: 30 } }), B);
}

/** Sessions of random play, recorded as a log, and every observation of them. */
function recorded(slateSize: number, sessions: number) {
  const env = envOf(slateSize);
  const agent = randomAgent.make(env.spec, randomAgent.defaults, stream(3), 1);
  /** [visit · B + world] the states observed before each choice of a session, and the last one. */
  const observed: Float32Array[][] = [];
  const { width: S } = env.prefix.places;
  const rowOf = (values: Float32Array, b: number): Float32Array => {
    const O = values.length / B;
    return values.slice(b * O, b * O + S);
  };
  const add = (visit: number, b: number, values: Float32Array): void => {
    (observed[visit * B + b] ??= []).push(rowOf(values, b));
  };
  const { reset, step } = { reset: env.reset.bind(env), step: env.step.bind(env) };
  env.reset = (seed: number, out: StepBatch) => {
    reset(seed, out);
    for (let b = 0; b < B; b++) add(0, b, out.observation);
  };
  env.step = (action, out) => {
    const visits = env.visit.slice();
    step(action, out);
    for (let b = 0; b < B; b++) {
      if (out.endReason[b] !== 0) add(visits[b], b, out.final);
      add(env.visit[b], b, out.observation);
    }
  };
  const played = playFeed({ env, agent, explore: true, seed: 5, sessions });
  return { played, observed, rows: sessionRows(feedLog('played', people, [{ policy: 'random', played }])), S };
}

for (const slateSize of [1, 3]) {
  test(`what an env observed is what its log replays, to the bit: slates of ${slateSize}`, (t) => {
    const { observed, rows, played, S } = recorded(slateSize, 50);
    const R = rows.row.length;
    const [before, after] = [new Float32Array(R * S), new Float32Array(R * S)];
    replayStates(rows, before, after);
    const states = sessionStates(rows);
    t.is(rows.starts.length, 51);
    for (let s = 0; s < 50; s++) {
      const [from, to] = [rows.starts[s], rows.starts[s + 1]];
      /** The rows that a choice came before: the first of each slate. */
      const choices = Array.from({ length: to - from }, (_, i) => from + i).filter((_, i) => i % slateSize === 0);
      const replayed = [...choices.map((r) => before.slice(r * S, (r + 1) * S)), after.slice((to - 1) * S, to * S)];
      t.deepEqual(replayed, observed[s], `session ${s}`);
      for (let r = from; r < to; r++) {
        t.deepEqual(states.slice((r + s) * S, (r + s + 1) * S), before.slice(r * S, (r + 1) * S));
        t.deepEqual(states.slice((r + s + 1) * S, (r + s + 2) * S), after.slice(r * S, (r + 1) * S));
      }
      const left = played.endReason[s] === 1;
      t.is(rows.left[to - 1], left ? 1 : 0);
      t.is(rows.unknown[to - 1], left ? 0 : 1);
      t.true(rows.left.subarray(from, to - 1).every((x) => x === 0));
    }
    t.true(rows.left.includes(1) && rows.unknown.includes(1));
  });
}

test('a log knows the catalogue, the layout, the answers and who came', (t) => {
  const { rows, played } = recorded(1, 60);
  const { log } = rows;
  t.notThrows(() => expectSameLayout('log', people.layout, layoutOf(log)));
  const { ids, features, cluster, seconds, birth, clusters } = catalogueOf(log);
  const own = people.catalogue;
  t.deepEqual(
    { ids, features, cluster, clusters, seconds, birth },
    {
      ids: own.ids,
      features: own.features,
      cluster: own.cluster,
      clusters: own.clusters,
      seconds: own.seconds,
      birth: own.birth,
    },
  );
  t.deepEqual(rows.item, played.item);
  for (let r = 0; r < rows.row.length; r++) {
    t.deepEqual([...rows.answers.subarray(6 * r, 6 * r + 5)], [...played.outcomes.subarray(5 * r, 5 * r + 5)]);
    t.is(rows.answers[6 * r + 5], Math.fround(dwellNumber(played.dwellSeconds[r])));
  }
  const came = populationOf(rows);
  const users = [...new Set(played.user)];
  t.deepEqual(
    came.ids,
    users.map((user) => people.userIds[user]),
  );
  t.deepEqual(came.features.slice(0, 11), people.userFeatures.slice(11 * users[0], 11 * users[0] + 11));
  t.deepEqual(came.contexts, played.context);
});

test('some sessions alone replay as they do among all', (t) => {
  const { rows, S } = recorded(1, 30);
  const one = sessionRows(rows.log, { keep: (row) => rows.log.session[row] === 7 });
  t.is(one.starts.length, 2);
  const [alone, all] = [new Float32Array(one.row.length * S), new Float32Array(rows.row.length * S)];
  replayStates(one, alone);
  replayStates(rows, all);
  t.deepEqual(alone, all.slice(rows.starts[7] * S, rows.starts[8] * S));
  t.throws(() => sessionRows(rows.log, { keep: () => false }), { message: /expected rows that name their session/ });
});
