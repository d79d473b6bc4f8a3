import test from 'ava';
import { stream } from '../../core/random.js';
import { actionBuffer, stepBatch } from '../../envs/buffers.js';
import type { Env } from '../../envs/contract.js';
import { makeEnv } from '../../envs/index.js';
import type { Agent } from '../contract.js';
import { tinyFeed, tinyRanker } from '../testing/_tiny-feed.test.js';
import { mmr } from './mmr.js';
import { feedPlaces } from './places.js';
import { SupervisedScores } from './scores.js';
import { supervised, type SupervisedSettings } from './supervised.js';

const built = { ranker: tinyRanker };

function serving(env: Env, settings: Partial<SupervisedSettings> = {}): Agent {
  return supervised.make(env.spec, { ...supervised.defaults, ...settings }, stream(1), 1, built);
}

/** The same first observation many times over, and the decisions on it. */
function decisions(env: Env, agent: Agent, rows: number, explore = true): ReturnType<typeof decide> {
  const out = stepBatch(env.spec);
  env.reset(3, out);
  const many = new Float32Array(rows * out.observation.length);
  for (let b = 0; b < rows; b++) many.set(out.observation, b * out.observation.length);
  return decide(env, agent, many, rows, explore);
}

function decide(
  env: Env,
  agent: Agent,
  observation: Float32Array,
  rows: number,
  explore: boolean,
): { observation: Float32Array; action: Int32Array | Float32Array; propensity: Float32Array } {
  const decision = { action: actionBuffer({ ...env.spec, batch: rows }), propensity: new Float32Array(rows) };
  agent.act(observation, decision, explore);
  return { observation, ...decision };
}

/** f of the first row, main outcome alone. */
function scoresOf(env: Env, observation: Float32Array, weights: Readonly<Record<string, number>> = {}): Float64Array {
  const places = feedPlaces('test', env.spec);
  const scores = new SupervisedScores('test', places, tinyRanker, weights);
  const probabilities = new Float32Array(places.K * 2);
  scores.rank(observation.subarray(0, places.width), 1, probabilities);
  const f = new Float64Array(places.K);
  scores.scores(probabilities, 0, f);
  return f;
}

test('f by hand: weights of named outcomes, the main one alone when none is named', (t) => {
  const env = tinyFeed(1);
  const out = stepBatch(env.spec);
  env.reset(1, out);
  const main = scoresOf(env, out.observation);
  // The tiny ranker's like is a quarter of its watch.
  const both = scoresOf(env, out.observation, { watch: 2, like: -4 });
  const like = scoresOf(env, out.observation, { like: 1 });
  main.forEach((f, k) => {
    t.true(f > 0 && f < 1);
    t.true(Math.abs(both[k] - f) < 1e-6 && Math.abs(like[k] - f / 4) < 1e-6);
  });
});

test('supervised: the retrieved candidate of highest f, ties to the lower one, injected ones never', (t) => {
  const env = tinyFeed(1, { retrieved: 3, injected: 3 });
  const { observation, action, propensity } = decisions(env, serving(env), 1);
  const f = scoresOf(env, observation).slice(0, 3);
  t.is(action[0], f.indexOf(Math.max(...f)));
  t.is(propensity[0], 1);
  // All items alike: a tie.
  const { candidates, F, K, injected } = feedPlaces('test', env.spec);
  const same = observation.slice();
  for (let k = 1; k < K; k++) same.copyWithin(candidates + k * F, candidates, candidates + F);
  t.is(decide(env, serving(env), same, 1, false).action[0], 0);
  // Nothing retrieved: every candidate counts.
  const none = observation.slice().fill(1, injected, injected + K);
  const all = scoresOf(env, observation);
  t.is(decide(env, serving(env), none, 1, false).action[0], all.indexOf(Math.max(...all)));
});

for (const [temperature, epsilon] of [
  [0, 0.3],
  [0.1, 0],
  [0.1, 0.3],
  [0.05, 1],
]) {
  test(`supervised: propensities by enumeration, temperature ${temperature}, epsilon ${epsilon}`, (t) => {
    const rows = 20_000;
    const env = tinyFeed(1, { retrieved: 4, injected: 2 });
    const agent = serving(env, { temperature, epsilon });
    const { observation, action, propensity } = decisions(env, agent, rows);
    const f = scoresOf(env, observation).slice(0, 4);
    const best = Math.max(...f);
    const weights = [...f].map((x) => (temperature === 0 ? Number(x === best) : Math.exp(x / temperature)));
    const total = weights.reduce((sum, w) => sum + w, 0);
    const wanted = [...weights, 0, 0].map((w) => ((1 - epsilon) * w) / total + epsilon / 6);
    const seen = new Float64Array(6);
    for (let b = 0; b < rows; b++) {
      seen[action[b]]++;
      t.true(Math.abs(propensity[b] - wanted[action[b]]) < 1e-6);
    }
    seen.forEach((count, k) => {
      t.true(Math.abs(count / rows - wanted[k]) <= 5 * Math.sqrt((wanted[k] * (1 - wanted[k])) / rows));
    });
    const { action: greedy, propensity: sure } = decisions(env, agent, 1, false);
    t.is(greedy[0], f.indexOf(best));
    t.is(sure[0], 1);
  });
}

test('supervised: slates are the best ones in order, or drawn place by place', (t) => {
  const env = tinyFeed(1, { retrieved: 4, injected: 1, size: 2 });
  const { observation, action } = decisions(env, serving(env), 1);
  const f = [...scoresOf(env, observation).slice(0, 4)];
  const order = [0, 1, 2, 3].sort((a, b) => f[b] - f[a] || a - b);
  t.deepEqual([...action], order.slice(0, 2));
  const drawn = decisions(env, serving(env, { temperature: 0.2 }), 500);
  const weights = f.map((x) => Math.exp(x / 0.2));
  const total = weights.reduce((sum, w) => sum + w, 0);
  for (let b = 0; b < 500; b++) {
    const [first, second] = drawn.action.subarray(2 * b, 2 * b + 2);
    t.true(first < 4 && second < 4 && first !== second);
    const wanted = ((weights[first] / total) * weights[second]) / (total - weights[first]);
    t.true(Math.abs(drawn.propensity[b] - wanted) < 1e-5);
  }
});

test('supervised: draws go on from a snapshot', (t) => {
  const env = tinyFeed(1);
  const [one, other] = [serving(env, { temperature: 0.3 }), serving(env, { temperature: 0.3 })];
  decisions(env, one, 50);
  other.restore(one.snapshot());
  t.deepEqual(decisions(env, other, 50), decisions(env, one, 50));
});

/** An observation of the tiny feed with these contents: recent items, newest first, then candidates. */
function feedOf(env: Env, recent: readonly number[][], candidates: readonly number[][]): Float32Array {
  const places = feedPlaces('test', env.spec);
  const row = new Float32Array(places.width);
  recent.forEach((features, l) => row.set([1, ...features], places.recent + l * places.recentWidth));
  candidates.forEach((features, k) => row.set(features, places.candidates + k * places.F));
  return row;
}

function varied(env: Env, lambda: number): Agent {
  return mmr.make(env.spec, { ...mmr.defaults, lambda }, stream(1), 1, built);
}

test('marginal relevance by hand: likeness to the recent items, then to earlier places', (t) => {
  const env = tinyFeed(1, { retrieved: 3, size: 2 });
  const [east, north, northEast] = [
    [1, 0, 0],
    [0, 1, 0],
    [1, 1, 0],
  ];
  const pick = (lambda: number, recent: readonly number[][]): number[] => [
    ...decide(env, varied(env, lambda), feedOf(env, recent, [east, north, northEast]), 1, true).action,
  ];
  // No taste: f is 1/2 for all. Nothing recent: the first of equals; then north is less like east than north-east is.
  t.deepEqual(pick(0.5, []), [0, 1]);
  // East was shown: cosines 1, 0 and 0.71; after north all three are 1, 1 (taken) and 0.71.
  t.deepEqual(pick(0.5, [east]), [1, 2]);
  // The ranker alone: ties to the lower one, whatever was shown.
  t.deepEqual(pick(1, [east]), [0, 1]);
  // Two recent items: the highest likeness counts. Opposite of what was shown is best of all.
  t.deepEqual(
    [
      ...decide(
        env,
        varied(env, 0.5),
        feedOf(
          env,
          [east, north],
          [
            [0, 1, 0],
            [0, 0, 0],
            [-1, -1, 0],
          ],
        ),
        1,
        true,
      ).action,
    ],
    [2, 1],
  );
});

test('marginal relevance with λ = 1 is the ranker, item for item', (t) => {
  const env = tinyFeed(32, { retrieved: 5, injected: 2, size: 2 });
  const out = stepBatch(env.spec);
  env.reset(4, out);
  for (let step = 0; step < 10; step++) {
    const own = decide(env, varied(env, 1), out.observation, 32, true);
    t.deepEqual(own, decide(env, serving(env), out.observation, 32, true));
    env.step(own.action, out);
  }
});

test('what cannot be is refused', (t) => {
  const env = tinyFeed(1);
  t.throws(() => serving(env, { temperature: -1 }), { message: /supervised: temperature/ });
  t.throws(() => serving(env, { epsilon: 2 }), { message: /supervised: epsilon/ });
  t.throws(() => serving(tinyFeed(1, { size: 2 }), { epsilon: 0.1 }), { message: /slates of 2/ });
  t.throws(() => serving(env, { scoreWeights: { click: 1 } }), { message: /No outcome called 'click'/ });
  t.throws(() => serving(env, { scoreWeights: { watch: Infinity } }), { message: /scoreWeights\.watch/ });
  t.throws(() => varied(env, 1.5), { message: /mmr: lambda/ });
  for (const kind of [supervised, mmr]) {
    const made = (other: Env) => (): unknown =>
      (kind as typeof supervised).make(other.spec, supervised.defaults, stream(1), 1);
    t.throws(made(env), { message: /expected a ranker to build on, received none/ });
    t.throws(made(makeEnv('recsim/InterestEvolution-v1', {}, 1)), { message: /the observation of a feed session/ });
  }
});
