import test from 'ava';
import tf from '@tensorflow/tfjs';
import { startBackend } from '../../core/tensor/backend.js';
import { ParameterSet } from '../../core/tensor/parameters.js';
import { infer } from '../../core/tensor/train.js';
import { stream } from '../../core/random.js';
import { actionBuffer, stepBatch } from '../../envs/buffers.js';
import { tinyFeed, tinyRanker } from '../testing/_tiny-feed.test.js';
import { FeedEncoding } from './encoding.js';
import { feedPlaces } from './places.js';
import { recomind } from './recomind.js';
import { scoreNetwork } from './score-network.js';

test.before(async () => {
  await startBackend(process.env['RECSYS_GYM_BACKEND']);
});

test('the shared first layer scores as one layer over state and candidate side by side would', (t) => {
  const parameters = new ParameterSet();
  const shape = { stateWidth: 2, choiceWidth: 3, K: 4, hidden: [5, 3], activation: 'relu', silent: false } as const;
  const score = scoreNetwork(parameters, shape, stream(1));
  const random = stream(2);
  for (let i = 0; i < parameters.values.length; i++) parameters.values[i] = random.next() - 0.5;
  const states = Float32Array.from({ length: 2 * 2 }, () => random.next() - 0.5);
  const choices = Float32Array.from({ length: 2 * 4 * 3 }, () => random.next() - 0.5);
  const own = infer(parameters, () => score(tf.tensor2d(states, [2, 2]), tf.tensor2d(choices, [8, 3])));
  const layer = (name: string, x: readonly number[]): number[] => {
    const [weights, bias] = [parameters.numbers(`${name}.weights`), parameters.numbers(`${name}.bias`)];
    return [...bias].map((b, o) => x.reduce((sum, value, i) => sum + value * weights[i * bias.length + o], b));
  };
  const relu = (x: number): number => Math.max(0, x);
  for (let row = 0; row < 2; row++) {
    for (let k = 0; k < 4; k++) {
      const ofState = layer('score.state', [...states.subarray(2 * row, 2 * row + 2)]);
      const at = 3 * (4 * row + k);
      const first = layer('score.choice', [...choices.subarray(at, at + 3)]).map((x, i) => relu(x + ofState[i]));
      const [wanted] = layer('score.1', layer('score.0', first).map(relu));
      t.true(Math.abs(own[4 * row + k] - wanted) < 1e-5);
    }
  }
});

test('what is read of a candidate: features, exposure · features, taste · content, the ranker, its gap', (t) => {
  const env = tinyFeed(1, { retrieved: 2 });
  const places = feedPlaces('test', env.spec);
  const x = new Float32Array(places.width + 1);
  x.set([0.5, -2, 9], 1);
  x.set([1, 10, 100], 1 + places.exposure);
  x.set([1, 2, 3, 4, 5, 6], 1 + places.candidates);
  const encoding = new FeedEncoding(places, 2, 10);
  t.is(encoding.choiceWidth, 3 + 3 + 2 + 2 + 1);
  t.is(encoding.stateWidth, places.recent + 2 * places.recentWidth);
  const out = new Float32Array(2 * encoding.choiceWidth);
  const probabilities = { values: Float32Array.of(7, 0.5, 0.25, 0.75, 0.125), at: 1 };
  encoding.choices(x, 1, Float64Array.of(0.5, 0.75), probabilities, out, 0);
  t.deepEqual([...out], [1, 2, 3, 1, 20, 300, 0.5, -4, 0.5, 0.25, -2.5, 4, 5, 6, 4, 50, 600, 2, -10, 0.75, 0.125, 0]);
  const bare = new FeedEncoding(places, 2, 0);
  t.is(bare.choiceWidth, 8);
});

test('q-residual by hand: the first loss is that of f against r + γ max f of what followed', (t) => {
  const [B, T, discount] = [5, 12, 0.5];
  const env = tinyFeed(B, { retrieved: 4 });
  const places = feedPlaces('test', env.spec);
  const settings = { ...recomind.defaults, learner: 'q-residual', steps: T, minibatch: B * T, epochs: 1, discount };
  const agent = recomind.make(env.spec, { ...settings, sharpness: 5 }, stream(1), 10_000, { ranker: tinyRanker });
  const f = (observation: Float32Array, b: number): number[] => {
    const out = new Float32Array(8);
    const row = observation.subarray(b * places.width, (b + 1) * places.width);
    const { width, candidates } = places;
    tinyRanker.rank({ rows: 1, values: row, width, stateAt: 0, itemsAt: candidates, items: 4 }, out);
    return [0, 1, 2, 3].map((k) => out[2 * k]);
  };
  let [before, after] = [stepBatch(env.spec), stepBatch(env.spec)];
  const decision = { action: actionBuffer(env.spec), propensity: new Float32Array(B) };
  let [loss, terminated, truncated] = [0, 0, 0];
  env.reset(1, before);
  for (let step = 0; step < T; step++) {
    agent.act(before.observation, decision);
    env.step(decision.action, after);
    // Sessions of the tiny feed rarely reach their limit in so few steps: cut some off.
    for (let b = 0; b < B; b++) {
      if (after.terminated[b] === 0 && (step + b) % 3 === 0) {
        after.truncated[b] = 1;
        after.final.set(before.observation.subarray(b * places.width, (b + 1) * places.width), b * places.width);
      }
      const next = after.truncated[b] === 1 ? after.final : after.observation;
      const beyond = after.terminated[b] === 1 ? 0 : Math.max(...f(next, b));
      loss += (f(before.observation, b)[decision.action[b]] - after.reward[b] - discount * beyond) ** 2;
      terminated += after.terminated[b];
      truncated += after.truncated[b];
    }
    const metrics = agent.learn(before.observation, decision, after);
    if (step + 1 === T) t.true(Math.abs((metrics?.['qLoss'] ?? 0) - loss / (B * T)) < 1e-5);
    [before, after] = [after, before];
  }
  t.true(terminated > 3 && truncated > 3);
});

test('learning from steps that were never decided is refused', (t) => {
  const env = tinyFeed(2);
  const agent = recomind.make(env.spec, recomind.defaults, stream(1), 100, { ranker: tinyRanker });
  const out = stepBatch(env.spec);
  env.reset(1, out);
  const decision = { action: actionBuffer(env.spec), propensity: new Float32Array(2) };
  const learn = (): unknown => agent.learn(out.observation, decision, out);
  t.throws(learn, { message: /learn: notes: expected/ });
  agent.act(out.observation, decision);
  t.notThrows(learn);
  t.throws(learn, { message: /learn: notes: expected/ });
});
