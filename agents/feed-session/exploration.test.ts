import test from 'ava';
import tf from '@tensorflow/tfjs';
import { fc, testProp } from '@fast-check/ava';
import { startBackend } from '../../core/tensor/backend.js';
import { stream } from '../../core/random.js';
import { actionBuffer, stepBatch } from '../../envs/buffers.js';
import { tinyFeed, tinyRanker } from '../testing/_tiny-feed.test.js';
import { EXPLORATIONS, explorationOf, type Exploration, type ExplorationName } from './exploration.js';
import { feedPlaces } from './places.js';
import { recomind } from './recomind.js';

test.before(async () => {
  await startBackend(process.env['RECSYS_GYM_BACKEND']);
});

const RETRIEVED = 6;
const INJECTED = 2;
const K = RETRIEVED + INJECTED;
const EPSILON = 0.2;
const { spec } = tinyFeed(1, { retrieved: RETRIEVED, injected: INJECTED });
const places = feedPlaces('test', spec);

function strategy(name: ExplorationName): Exploration {
  return explorationOf('test', places, { exploration: name, injected: INJECTED, epsilon: EPSILON });
}

const softmax = (z: readonly number[], among: readonly number[], k: number): number =>
  among.includes(k) ? Math.exp(z[k]) / among.reduce((sum, i) => sum + Math.exp(z[i]), 0) : 0;

/** The definition of every strategy, word for word, by enumeration. */
function defined(name: ExplorationName, z: readonly number[], group: readonly number[], k: number): number {
  const all = z.map((_, i) => i);
  const retrieved = all.slice(0, RETRIEVED);
  switch (name) {
    case 'top-k':
      return softmax(z, retrieved, k);
    case 'top-k-inject':
    case 'uniform-catalogue':
      return softmax(z, all, k);
    case 'epsilon-catalogue':
      return (1 - EPSILON) * softmax(z, retrieved, k) + (k >= RETRIEVED ? EPSILON / INJECTED : 0);
    case 'cluster-item': {
      if (k >= RETRIEVED) return 0;
      const members = (c: number): number[] => retrieved.filter((i) => group[i] === c);
      const mean = (c: number): number => members(c).reduce((sum, i) => sum + z[i] / members(c).length, 0);
      const clusters = [...new Set(retrieved.map((i) => group[i]))];
      const total = clusters.reduce((sum, c) => sum + Math.exp(mean(c)), 0);
      return (Math.exp(mean(group[k])) / total) * softmax(z, members(group[k]), k);
    }
  }
}

function chancesOf(name: ExplorationName, z: readonly number[], group: readonly number[]): number[] {
  const out = new Float64Array(K).fill(7);
  strategy(name).chances(Float64Array.from(z), Float32Array.from([9, ...group]), 1, out);
  return [...out];
}

/** ln of the chances by tensors, and the slope of that of candidate `k` by every score. */
function tensorsOf(name: ExplorationName, z: readonly number[], group: readonly number[], k: number): number[][] {
  const observation = new Float32Array(places.width);
  observation.set(group, places.group);
  const exploration = strategy(name);
  const inputs = exploration.inputs(observation, 1);
  return tf.tidy(() => {
    const known = Object.fromEntries(
      Object.entries(inputs).map(([key, { values, shape }]) => [key, tf.tensor(values, [...shape])]),
    );
    const logs = (x: tf.Tensor): tf.Tensor => exploration.logChances(x.as2D(1, K), known);
    const x = tf.tensor2d([...z], [1, K]);
    const slope = tf.grad((own) => tf.slice(logs(own), [0, k], [1, 1]).asScalar())(x);
    return [[...logs(x).dataSync()], [...slope.dataSync()]];
  });
}

const scores = fc.array(fc.double({ min: -4, max: 4, noNaN: true }), { minLength: K, maxLength: K });
const groups = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: K, maxLength: K });

for (const name of EXPLORATIONS) {
  testProp(
    `${name}: chances are those of the definition, in numbers and in tensors, with their slopes`,
    [scores, groups, fc.integer({ min: 0, max: K - 1 })],
    (t, z, group, k) => {
      const own = chancesOf(name, z, group);
      t.true(Math.abs(own.reduce((sum, p) => sum + p, 0) - 1) < 1e-12);
      own.forEach((p, i) => t.true(Math.abs(p - defined(name, z, group, i)) < 1e-12));
      const [logs, slope] = tensorsOf(name, z, group, k);
      own.forEach((p, i) => {
        t.true(p === 0 ? logs[i] < -1e8 : Math.abs(logs[i] - Math.log(p)) < 1e-4);
      });
      if (own[k] === 0) return;
      z.forEach((_, i) => {
        const at = (moved: number): number =>
          Math.log(
            defined(
              name,
              z.map((value, j) => (i === j ? value + moved : value)),
              group,
              k,
            ),
          );
        t.true(Math.abs(slope[i] - (at(1e-4) - at(-1e-4)) / 2e-4) < 2e-3);
      });
    },
    { numRuns: 30 },
  );

  test(`${name}: extreme scores turn chance into certainty, with finite numbers everywhere`, (t) => {
    const z = [0, 1e4, 0, -1e4, 0, 0, 0, 0];
    const group = [0, 1, 2, 3, 0, 0, 1, 1];
    const own = chancesOf(name, z, group);
    t.is(own[1], name === 'epsilon-catalogue' ? 1 - EPSILON : 1);
    const [logs, slope] = tensorsOf(name, z, group, 1);
    t.true([...logs, ...slope].every(Number.isFinite));
  });

  test(`${name}: an agent's propensity is that of its scores, and the frequency of its choice`, (t) => {
    const rows = 20_000;
    const env = tinyFeed(1, { retrieved: RETRIEVED, injected: INJECTED });
    const out = stepBatch(env.spec);
    env.reset(3, out);
    const many = new Float32Array(rows * places.width);
    for (let b = 0; b < rows; b++) many.set(out.observation, b * places.width);
    const settings = { ...recomind.defaults, exploration: name, injected: INJECTED, epsilon: EPSILON, sharpness: 4 };
    const agent = recomind.make({ ...env.spec, batch: rows }, { ...settings, steps: 1, temperature: 2 }, stream(5), 1, {
      ranker: tinyRanker,
    });
    const decision = { action: actionBuffer({ ...env.spec, batch: rows }), propensity: new Float32Array(rows) };
    agent.act(many, decision);
    const p = new Float32Array(K * 2);
    tinyRanker.rank(
      { rows: 1, values: out.observation, width: places.width, stateAt: 0, itemsAt: places.candidates, items: K },
      p,
    );
    // At update 0 the scores are κ f, and f is the chance of the main outcome.
    const z = Array.from({ length: K }, (_, k) => (4 * p[2 * k]) / 2);
    const group = [...out.observation.subarray(places.group, places.group + K)];
    const seen = new Float64Array(K);
    for (let b = 0; b < rows; b++) {
      const k = decision.action[b];
      seen[k]++;
      t.true(Math.abs(decision.propensity[b] - defined(name, z, group, k)) < 1e-6);
    }
    seen.forEach((count, k) => {
      const wanted = defined(name, z, group, k);
      t.true(Math.abs(count / rows - wanted) <= 5 * Math.sqrt((wanted * (1 - wanted)) / rows), `candidate ${k}`);
    });
  });
}
