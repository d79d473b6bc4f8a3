import test from 'ava';
import { startBackend } from '../core/tensor/backend.js';
import { stream } from '../core/random.js';
import { buffer, whyNot, width, type Space } from '../core/space.js';
import { makeEnv } from '../envs/index.js';
import { CartPole, cartPoleDefaults } from '../envs/reference/cartpole.js';
import type { Env } from '../envs/contract.js';
import { checkpointFromBytes, checkpointToBytes } from '../experiments/online/checkpoint.js';
import { rollout } from '../experiments/online/rollout.js';
import { train, type Checkpoint } from '../experiments/online/train.js';
import type { Agent, AgentKind, Metrics } from './contract.js';
import { agents } from './index.js';
import { ppo } from './ppo.js';
import { randomAgent, uniformPropensity } from './random.js';
import { reinforce } from './reinforce.js';
import { amount, identity, tasteSlate, twoArms } from './testing/tiny-envs.js';

test.before(async () => {
  await startBackend(process.env['RECSYS_GYM_BACKEND']);
});

/** Mean return after learning: of the best known actions and of drawn ones. */
function learned<S extends object>(
  kind: AgentKind<S>,
  make: (batch: number) => Env,
  totalSteps: number,
  settings: Partial<S> = {},
): { best: number; drawn: number } {
  const env = make(8);
  const agent = kind.make(env.spec, { ...kind.defaults, ...settings }, stream(1), totalSteps);
  train({ env, agent, seed: 1, totalSteps });
  const play = (explore: boolean): number => rollout({ env, agent, seed: 2, sessions: 200, explore }).meanReturn;
  return { best: play(false), drawn: play(true) };
}

test('two arms: PPO and REINFORCE find the better one', (t) => {
  for (const result of [learned(ppo, twoArms, 2000), learned(reinforce, twoArms, 4000)]) {
    t.true(result.best > 0.74 && result.drawn > 0.7, JSON.stringify(result));
  }
});

test('identity of four states: at least 90 of 100 right', (t) => {
  for (const result of [learned(ppo, identity, 5000), learned(reinforce, identity, 8000)]) {
    t.true(result.best >= 90 && result.drawn >= 90, JSON.stringify(result));
  }
});

test('slates: candidates are scored one by one, so a new set of them every step is no obstacle', (t) => {
  // Chance earns 0, always taking the two best candidates 8.8.
  for (const result of [learned(ppo, tasteSlate, 4000, { epochs: 5 }), learned(reinforce, tasteSlate, 12_000)]) {
    t.true(result.best > 7.5, JSON.stringify(result));
  }
});

/** Those that act in any env. */
const { supervised: _supervised, mmr: _mmr, recomind: _recomind, ...everywhere } = agents;
for (const [name, kind] of Object.entries(everywhere)) {
  test(`${name} plays and learns interest evolution as it comes, with slates inside their space`, (t) => {
    const env = makeEnv('recsim/InterestEvolution-v1', {}, 8);
    const agent = (kind as AgentKind<object>).make(env.spec, kind.defaults, stream(1), 512);
    const { action } = env.spec;
    const watched: Agent = {
      ...agent,
      act: (observation, out, explore) => {
        agent.act(observation, out, explore);
        for (let b = 0; b < 8; b++) t.is(whyNot(action, out.action, 2 * b), undefined);
        t.true(out.propensity.every((p) => p > 0 && p <= 1));
      },
      learn: (before, decision, after) => agent.learn(before, decision, after),
      snapshot: () => agent.snapshot(),
      restore: (state) => agent.restore(state),
    };
    const seen: Metrics[] = [];
    train({ env, agent: watched, seed: 1, totalSteps: 512, onMetrics: (_step, metrics) => seen.push(metrics) });
    // Baselines learn nothing; the others once per `steps`.
    t.is(seen.length, 'steps' in kind.defaults ? 512 / (8 * kind.defaults.steps) : 0);
    t.true(seen.every((metrics) => Object.values(metrics).every(Number.isFinite)));
  });
}

test('amounts: PPO learns a linear rule', (t) => {
  const result = learned(ppo, amount, 8000, { epochs: 10 });
  t.true(result.best > -0.5 && result.drawn > -0.7, JSON.stringify(result));
});

/** Trains from a checkpoint (or the start) and returns what happened and the bytes of where it ended. */
function run<S>(
  kind: AgentKind<S>,
  totalSteps: number,
  resume?: Checkpoint,
): { end: Uint8Array; curve: [number, Metrics][]; checkpoints: Uint8Array[] } {
  const env = new CartPole(cartPoleDefaults, 4);
  const agent = kind.make(env.spec, kind.defaults, stream(5), totalSteps);
  const curve: [number, Metrics][] = [];
  const checkpoints: Uint8Array[] = [];
  const end = train({
    env,
    agent,
    seed: 5,
    totalSteps,
    onMetrics: (step, metrics) => curve.push([step, metrics]),
    checkpointEvery: 100,
    onCheckpoint: (checkpoint) => checkpoints.push(checkpointToBytes(checkpoint)),
    ...(resume === undefined ? {} : { resume }),
  });
  return { end: checkpointToBytes(end), curve, checkpoints };
}

for (const [name, kind] of Object.entries({ ppo, reinforce, random: randomAgent })) {
  test(`${name}: going on from any checkpoint ends in the same bytes as never stopping`, (t) => {
    const whole = run(kind as AgentKind<object>, 600);
    t.is(whole.checkpoints.length, 6);
    // Steps 100 and 300 lie inside a trajectory of 4 × 32 steps.
    for (const at of [0, 2, 5]) {
      const checkpoint = checkpointFromBytes(whole.checkpoints[at]);
      const rest = run(kind as AgentKind<object>, 600, checkpoint);
      t.deepEqual(rest.end, whole.end);
      t.deepEqual(
        rest.curve,
        whole.curve.filter(([step]) => step > checkpoint.step),
      );
      t.deepEqual(rest.checkpoints, whole.checkpoints.slice(at + 1));
    }
  });
}

test('a state of another kind, run or network is refused', (t) => {
  const { spec } = twoArms(2);
  const agent = ppo.make(spec, ppo.defaults, stream(1), 100);
  const other =
    (changed: Agent): (() => void) =>
    () =>
      agent.restore(changed.snapshot());
  t.throws(other(reinforce.make(spec, reinforce.defaults, stream(1), 100)), { message: /one of 'reinforce'/ });
  t.throws(other(ppo.make(spec, ppo.defaults, stream(1), 200)), { message: /in a run of 200/ });
  t.throws(other(ppo.make(spec, { ...ppo.defaults, hidden: [8] }, stream(1), 100)), { message: /other settings\?/ });
  t.throws(() => ppo.make(spec, { ...ppo.defaults, activation: 'gelu' }, stream(1), 100), {
    message: /ppo: activation: expected tanh, relu or linear, received 'gelu'/,
  });
});

const spaces: readonly Space[] = [
  { kind: 'discrete', n: 5 },
  { kind: 'multi-discrete', n: [2, 3] },
  { kind: 'slate', size: 2, candidates: 4 },
  { kind: 'record', fields: { first: { kind: 'discrete', n: 2 }, then: { kind: 'slate', size: 2, candidates: 3 } } },
];

test('the random agent: its propensity is the frequency of each action, in every space', (t) => {
  for (const action of spaces) {
    const rows = 60_000;
    const agent = randomAgent.make({ ...twoArms(rows).spec, action }, {}, stream(4), 0);
    const out = { action: buffer(action, rows), propensity: new Float32Array(rows) };
    agent.act(new Float32Array(rows), out);
    const w = width(action);
    const seen = new Map<string, number>();
    for (let n = 0; n < rows; n++) {
      const key = out.action.slice(n * w, (n + 1) * w).join();
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    t.is(whyNot(action, out.action), undefined);
    t.is(seen.size, Math.round(1 / out.propensity[0]), 'every action appears');
    const p = out.propensity[0];
    for (const count of seen.values()) t.true(Math.abs(count / rows - p) < 5 * Math.sqrt(p / rows));
  }
  t.is(uniformPropensity({ kind: 'slate', size: 3, candidates: 10 }), 1 / 720);
  t.is(uniformPropensity({ kind: 'box', shape: [2], low: -1, high: 3 }), 1 / 16);
});
