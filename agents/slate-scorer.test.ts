import test from 'ava';
import { stream } from '../core/random.js';
import { stepBatch } from '../envs/buffers.js';
import { makeEnv } from '../envs/index.js';
import type { Decision } from './contract.js';
import { slateScorer, type SlateScorerSettings } from './slate-scorer.js';

const B = 3;
const env = makeEnv('recsim/InterestEvolution-v1', { candidates: 6, slateSize: 2 }, B);
const seen = stepBatch(env.spec);
env.reset(1, seen);
const act = (settings: Partial<SlateScorerSettings>, explore = true, seed = 1): Decision => {
  const agent = slateScorer.make(env.spec, { ...slateScorer.defaults, ...settings }, stream(seed), 1);
  const out = { action: new Int32Array(2 * B), propensity: new Float32Array(B) };
  agent.act(seen.observation, out, explore);
  return out;
};
/** Topic of each candidate and the user's interests, read off the observation. */
const width = seen.observation.length / B;
const topicOf = (b: number, k: number): number =>
  Array.from({ length: 20 }, (_, t) => seen.observation[b * width + 20 + k * 20 + t]).indexOf(1);
const interest = (b: number, topic: number): number => seen.observation[b * width + topic];

test('the best-scored candidates are shown, first the best', (t) => {
  const { action, propensity } = act({});
  for (let b = 0; b < B; b++) {
    const scores = Array.from({ length: 6 }, (_, k) => interest(b, topicOf(b, k)));
    const ranked = [...scores.keys()].sort((i, j) => scores[j] - scores[i] || i - j);
    t.deepEqual([...action.slice(2 * b, 2 * b + 2)], ranked.slice(0, 2));
  }
  t.deepEqual([...propensity], [1, 1, 1]);
});

test('topic weights rank without interests', (t) => {
  const topicWeights = Array.from({ length: 20 }, (_, topic) => topic);
  const { action } = act({ interestWeight: 0, topicWeights });
  const topics = Array.from({ length: 6 }, (_, k) => topicOf(0, k));
  t.is(topicOf(0, action[0]), Math.max(...topics));
});

test('a drawn slate has the propensity of Plackett–Luce; without exploring it is the best', (t) => {
  const temperature = 0.5;
  const { action, propensity } = act({ temperature });
  for (let b = 0; b < B; b++) {
    const weights = Array.from({ length: 6 }, (_, k) => Math.exp(interest(b, topicOf(b, k)) / temperature));
    const sum = weights.reduce((x, y) => x + y, 0);
    const [first, second] = action.slice(2 * b, 2 * b + 2);
    const wanted = (weights[first] / sum) * (weights[second] / (sum - weights[first]));
    t.true(Math.abs(propensity[b] / wanted - 1) < 1e-5);
  }
  t.deepEqual(act({ temperature }, false).action, act({}).action);
});

test('envs without interests and documents, and weights of another number, are refused', (t) => {
  const cart = makeEnv('reference/CartPole-v1', {}, 1);
  t.throws(() => slateScorer.make(cart.spec, slateScorer.defaults, stream(1), 1), {
    message: /agent slate-scorer in reference\/CartPole-v1: expected slates as actions/,
  });
  t.throws(() => act({ topicWeights: [1, 2] }), { message: /topicWeights: expected one number per topic \(20\)/ });
  t.throws(() => act({ temperature: -1 }), { message: /temperature/ });
});
