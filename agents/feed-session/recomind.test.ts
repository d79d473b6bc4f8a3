import test from 'ava';
import { startBackend } from '../../core/tensor/backend.js';
import { stream } from '../../core/random.js';
import { whyNot } from '../../core/space.js';
import { actionBuffer, stepBatch } from '../../envs/buffers.js';
import type { Env } from '../../envs/contract.js';
import { makeEnv } from '../../envs/index.js';
import { checkpointFromBytes, checkpointToBytes } from '../../experiments/online/checkpoint.js';
import { rollout } from '../../experiments/online/rollout.js';
import { train, type Checkpoint } from '../../experiments/online/train.js';
import type { Agent, Metrics } from '../contract.js';
import { tinyFeed, tinyLayout, tinyRanker, type TinyFeedOptions } from '../testing/_tiny-feed.test.js';
import { feedPlaces } from './places.js';
import { recomind, type RecomindSettings } from './recomind.js';
import { supervised, type SupervisedSettings } from './supervised.js';

test.before(async () => {
  await startBackend(process.env['RECSYS_GYM_BACKEND']);
});

const built = { ranker: tinyRanker };

function learner(env: Env, settings: Partial<RecomindSettings> = {}, totalSteps = 1): Agent {
  return recomind.make(env.spec, { ...recomind.defaults, ...settings }, stream(1), totalSteps, built);
}

function ranked(env: Env, settings: Partial<SupervisedSettings> = {}): Agent {
  return supervised.make(env.spec, { ...supervised.defaults, ...settings }, stream(1), 1, built);
}

const play = (env: Env, agent: Agent, explore = false): number =>
  rollout({ env, agent, seed: 2, sessions: 320, explore }).meanReturn;

/** Watches per session of the greedy policy after learning, and of the ranker. */
function learned(settings: Partial<RecomindSettings>, totalSteps = 20_480, options: TinyFeedOptions = {}): number[] {
  const env = tinyFeed(32, options);
  const agent = learner(env, settings, totalSteps);
  const metrics: Metrics[] = [];
  train({ env, agent, seed: 1, totalSteps, onMetrics: (_step, seen) => metrics.push(seen) });
  return [play(env, agent), play(env, ranked(env))];
}

const LEARNERS = {
  reinforce: { learner: 'reinforce', steps: 8, learningRate: 1e-2 },
  ppo: { learner: 'ppo' },
  'q-residual': { learner: 'q-residual' },
} as const;

for (const [name, settings] of Object.entries(LEARNERS)) {
  test(`${name}: sessions grow far longer than the ranker's when they count, and stay when only the next item does`, (t) => {
    const [far, myopic] = learned(settings);
    t.true(far > 3 * myopic, `${far} against ${myopic}`);
    const [near] = learned({ ...settings, discount: 0 }, 10_240);
    t.true(Math.abs(near / myopic - 1) < 0.15, `${near} against ${myopic}`);
  });
}

for (const name of Object.keys(LEARNERS)) {
  for (const size of [1, 2]) {
    if (size > 1 && name === 'q-residual') continue;
    test(`before the first update the greedy choice is the ranker's, item for item: ${name}, slates of ${size}`, (t) => {
      const env = tinyFeed(64, { injected: 2, size });
      const own = learner(env, { learner: name, injected: 2 });
      const its = ranked(env);
      let [before, after] = [stepBatch(env.spec), stepBatch(env.spec)];
      const mine = { action: actionBuffer(env.spec), propensity: new Float32Array(64) };
      const wanted = { action: actionBuffer(env.spec), propensity: new Float32Array(64) };
      env.reset(7, before);
      for (let step = 0; step < 20; step++) {
        own.act(before.observation, mine, false);
        its.act(before.observation, wanted, false);
        t.deepEqual(mine, wanted);
        env.step(wanted.action, after);
        [before, after] = [after, before];
      }
    });
  }
}

test('slates of two are drawn without replacement, learned from, and inside their space', (t) => {
  const env = tinyFeed(32, { injected: 2, size: 2 });
  const agent = learner(env, { ...LEARNERS.ppo, injected: 2, exploration: 'top-k-inject' }, 20_480);
  const out = stepBatch(env.spec);
  env.reset(1, out);
  const decision = { action: actionBuffer(env.spec), propensity: new Float32Array(32) };
  agent.act(out.observation, decision);
  for (let b = 0; b < 32; b++) t.is(whyNot(env.spec.action, decision.action, 2 * b), undefined);
  train({ env, agent, seed: 1, totalSteps: 20_480 });
  t.true(play(env, agent) > 3 * play(env, ranked(env)));
});

/** Trains from a checkpoint (or the start). */
function run(settings: Partial<RecomindSettings>, resume?: Checkpoint): { end: Uint8Array; checkpoints: Uint8Array[] } {
  const env = tinyFeed(4, { injected: 2 });
  const agent = learner(env, { ...settings, injected: 2, steps: 8, minibatch: 16 }, 320);
  const checkpoints: Uint8Array[] = [];
  const end = train({
    env,
    agent,
    seed: 5,
    totalSteps: 320,
    checkpointEvery: 76,
    onCheckpoint: (checkpoint) => checkpoints.push(checkpointToBytes(checkpoint)),
    ...(resume === undefined ? {} : { resume }),
  });
  return { end: checkpointToBytes(end), checkpoints };
}

const VARIANTS: readonly Partial<RecomindSettings>[] = [
  { learner: 'reinforce' },
  { learner: 'ppo', exploration: 'cluster-item' },
  { learner: 'q-residual', targetEvery: 3, exploration: 'epsilon-catalogue' },
  { learner: 'reinforce', bootstrap: 'clone', cloneUpdates: 4 },
  { learner: 'q-residual', bootstrap: 'scratch' },
];
for (const settings of VARIANTS) {
  test(`going on from any checkpoint ends in the same bytes as never stopping: ${JSON.stringify(settings)}`, (t) => {
    const whole = run(settings);
    t.is(whole.checkpoints.length, 4);
    // 76 and 152 steps lie inside a lesson of 4 × 8.
    for (const at of [0, 1, 3]) t.deepEqual(run(settings, checkpointFromBytes(whole.checkpoints[at])).end, whole.end);
  });
}

test('scratch starts near uniform and needs no ranker; clone ends near the ranker', (t) => {
  const env = tinyFeed(32);
  const bare = recomind.make(env.spec, { ...recomind.defaults, bootstrap: 'scratch' }, stream(1), 1);
  const out = stepBatch(env.spec);
  env.reset(1, out);
  const decision = { action: actionBuffer(env.spec), propensity: new Float32Array(32) };
  bare.act(out.observation, decision);
  t.true(decision.propensity.every((p) => Math.abs(p - 1 / 6) < 0.03));

  const seen: Metrics[] = [];
  const taught = learner(env, { bootstrap: 'clone', cloneUpdates: 1000, learningRate: 5e-3 }, 20_480);
  train({ env, agent: taught, seed: 1, totalSteps: 20_480, onMetrics: (_step, metrics) => seen.push(metrics) });
  const [first, last] = [seen[0], seen[seen.length - 1]];
  t.true(last['supervisedDivergence'] < first['supervisedDivergence'] / 10, JSON.stringify([first, last]));
});

test('metrics: at first nothing differs from the ranker', (t) => {
  for (const name of Object.keys(LEARNERS)) {
    const env = tinyFeed(8);
    const seen: Metrics[] = [];
    const agent = learner(env, { learner: name }, 512);
    train({ env, agent, seed: 1, totalSteps: 512, onMetrics: (_step, metrics) => seen.push(metrics) });
    t.is(seen.length, 8);
    for (const zero of ['differs', 'supervisedDivergence', 'residual', 'residualSpread']) t.is(seen[0][zero], 0, zero);
    t.true(seen[1]['residual'] > 0);
    t.true(seen.every((metrics) => Object.values(metrics).every(Number.isFinite)));
  }
});

test('what cannot be is refused', (t) => {
  const env = tinyFeed(2, { injected: 2 });
  const made =
    (settings: Partial<RecomindSettings>, other: Env = env) =>
    (): Agent =>
      learner(other, settings);
  t.throws(made({ exploration: 'topk' }), { message: /No strategy called 'topk'\. Did you mean 'top-k'/ });
  t.throws(made({ learner: 'dqn' }), { message: /No learner called 'dqn'/ });
  t.throws(made({ bootstrap: 'none' }), { message: /No bootstrap called 'none'/ });
  t.throws(made({ injected: 8 }), { message: /injected: expected 0 to 7 of 8 candidates, received 8/ });
  t.throws(made({ exploration: 'epsilon-catalogue' }), { message: /expected injected candidates to explore/ });
  t.throws(made({ exploration: 'epsilon-catalogue', injected: 2, epsilon: 0 }), { message: /epsilon: expected/ });
  t.throws(made({ sharpness: 0 }), { message: /sharpness: expected a number above 0/ });
  t.throws(made({ targetEvery: 0 }), { message: /targetEvery/ });
  t.throws(made({ hidden: [] }), { message: /layers/ });
  t.throws(made({ activation: 'gelu' }), { message: /activation/ });
  t.throws(made({ scoreWeights: { watched: 1 } }), { message: /No outcome called 'watched'\. Did you mean 'watch'/ });
  t.throws(made({ learner: 'q-residual' }, tinyFeed(2, { size: 2 })), { message: /slates of 2/ });
  t.throws(made({ exploration: 'cluster-item' }, tinyFeed(2, { size: 2 })), { message: /slates of 2/ });
  t.throws(() => recomind.make(env.spec, recomind.defaults, stream(1), 1), {
    message: /expected a ranker to build on, received none.*scratch/,
  });
  const other = { ranker: { ...tinyRanker, layout: { ...tinyLayout, itemNames: ['content0', 'content1'] } } };
  t.throws(() => recomind.make(env.spec, recomind.defaults, stream(1), 1, other), { message: /2 item features/ });
  const slates = makeEnv('recsim/InterestEvolution-v1', {}, 2);
  t.throws(made({}, slates), { message: /in recsim\/InterestEvolution-v1: expected slates as actions, and the obs/ });
  t.throws(made({}, makeEnv('reference/CartPole-v1', {}, 2)), { message: /discrete actions/ });

  const out = stepBatch(env.spec);
  env.reset(1, out);
  const decision = { action: actionBuffer(env.spec), propensity: new Float32Array(2) };
  const act = (injected: number) => (): void => learner(env, { injected }).act(out.observation, decision);
  t.throws(act(0), {
    message: /expected the last 0 of 8 candidates to be injected, received 2 injected, and candidate 6 is\./,
  });
  t.throws(act(3), { message: /expected the last 3 of 8/ });
  t.notThrows(act(2));
});

test('places: by the names of the fields', (t) => {
  const { env: _env, ...places } = feedPlaces('test', tinyFeed(1, { injected: 2 }).spec);
  t.deepEqual(places, {
    U: 3,
    X: 1,
    F: 3,
    H: 2,
    L: 3,
    K: 8,
    size: 1,
    width: 3 + 1 + 2 + 3 + 3 + 3 * 7 + 8 * 5,
    progress: 4,
    answers: 6,
    exposure: 9,
    recent: 12,
    recentWidth: 7,
    candidates: 33,
    injected: 57,
    group: 65,
    clusters: 4,
  });
});
