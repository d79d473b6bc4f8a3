import tf from '@tensorflow/tfjs';
import { GymError, complaint, suggestion } from '../../core/check.js';
import type { Inputs as StepInputs, InputTensors } from '../../core/tensor/compiled-programs.js';
import type { FeedPlaces } from './places.js';

/** ln of a chance that is none. */
export const NEVER = -1e9;

/**
 * How scores become chances: one distribution over the K candidates of a decision, once in plain numbers (to draw and
 * to log) and once in tensors (for gradients); a test holds both together.
 */
export interface Exploration {
  /** The first n candidates, among which the greedy choice is made. */
  readonly greedy: number;
  /** n where it is the softmax of the first n candidates, which whole slates can be drawn from; otherwise 0. */
  readonly softmax: number;
  /**
   * Chances of the K candidates, which sum to 1.
   *
   * @param z     [K] scores, already divided by the temperature
   * @param group clusters of the candidates from `group[at]`
   * @param out   [K] overwritten
   */
  chances(z: Float64Array, group: Float32Array, at: number, out: Float64Array): void;
  /** ln of the same, [rows, K], for scores of that shape. */
  logChances(z: tf.Tensor2D, inputs: InputTensors): tf.Tensor2D;
  /** Further inputs that `logChances` reads, for rows of observations. */
  inputs(observation: Float32Array, rows: number): StepInputs;
}

/** Names of the strategies. */
export const EXPLORATIONS = [
  'top-k',
  'epsilon-catalogue',
  'top-k-inject',
  'uniform-catalogue',
  'cluster-item',
] as const;
export type ExplorationName = (typeof EXPLORATIONS)[number];

export interface ExplorationSettings {
  readonly exploration: string;
  /** m: the last m candidates are drawn from the whole catalogue. */
  readonly injected: number;
  readonly epsilon: number;
}

/**
 * The strategy of that name, for n = K − m retrieved and m injected candidates:
 *
 * - `top-k`: softmax of the retrieved;
 * - `epsilon-catalogue`: with chance ε one of the injected, each alike, else the softmax of the retrieved;
 * - `top-k-inject`: softmax of retrieved and injected together;
 * - `uniform-catalogue`: softmax of whatever there is, for envs whose candidates are drawn from the whole catalogue;
 * - `cluster-item`: softmax of the mean scores of the retrieved candidates' clusters, then softmax inside the cluster.
 */
export function explorationOf(agent: string, places: FeedPlaces, settings: ExplorationSettings): Exploration {
  const { exploration, injected: m, epsilon } = settings;
  const name = EXPLORATIONS.find((known) => known === exploration);
  if (name === undefined) {
    throw new GymError(
      'config',
      `agent ${agent}: exploration: No strategy called '${exploration}'. ${suggestion(exploration, EXPLORATIONS)}`,
    );
  }
  const { K, size } = places;
  const refuse = (key: string, expected: string, received: number): Error =>
    complaint('config', { where: `agent ${agent}: ${key}`, expected, received: String(received) });
  if (!(Number.isInteger(m) && m >= 0 && m < K)) throw refuse('injected', `0 to ${K - 1} of ${K} candidates`, m);
  const n = K - m;
  if (n < size) throw refuse('injected', `at most ${K - size}, which leaves a slate of retrieved candidates`, m);
  if (name === 'epsilon-catalogue' && m === 0) throw refuse('injected', 'injected candidates to explore', m);
  if (name === 'epsilon-catalogue' && !(epsilon > 0 && epsilon < 1)) {
    throw refuse('epsilon', 'a chance between 0 and 1', epsilon);
  }
  if (size > 1 && (name === 'epsilon-catalogue' || name === 'cluster-item')) {
    throw complaint('config', {
      where: `agent ${agent}: exploration`,
      expected: 'a strategy that draws whole slates: top-k, top-k-inject or uniform-catalogue',
      received: `${name} in an env of slates of ${size}`,
    });
  }
  switch (name) {
    case 'top-k':
      return softmaxOf(n, n);
    case 'top-k-inject':
      return softmaxOf(K, n);
    case 'uniform-catalogue':
      return softmaxOf(K, K);
    case 'epsilon-catalogue':
      return epsilonCatalogue(n, K, epsilon);
    case 'cluster-item':
      return clusterItem(n, places);
  }
}

/** Softmax of the first n, in plain numbers. */
function writeSoftmax(z: Float64Array, n: number, out: Float64Array): void {
  let highest = -Infinity;
  for (let k = 0; k < n; k++) highest = Math.max(highest, z[k]);
  let total = 0;
  for (let k = 0; k < n; k++) total += out[k] = Math.exp(z[k] - highest);
  for (let k = 0; k < n; k++) out[k] /= total;
  out.fill(0, n);
}

/** ln softmax of the first n of each row, and the same number for all others. */
function logSoftmaxOf(z: tf.Tensor2D, n: number, others: number): tf.Tensor2D {
  const [rows, K] = z.shape;
  if (n === K) return tf.logSoftmax(z);
  return tf.pad(
    tf.logSoftmax(tf.slice(z, [0, 0], [rows, n])),
    [
      [0, 0],
      [0, K - n],
    ],
    others,
  );
}

function softmaxOf(n: number, greedy: number): Exploration {
  return {
    greedy,
    softmax: n,
    chances: (z, _group, _at, out) => {
      writeSoftmax(z, n, out);
    },
    logChances: (z) => logSoftmaxOf(z, n, NEVER),
    inputs: () => ({}),
  };
}

function epsilonCatalogue(n: number, K: number, epsilon: number): Exploration {
  const each = epsilon / (K - n);
  return {
    greedy: n,
    softmax: 0,
    chances: (z, _group, _at, out) => {
      writeSoftmax(z, n, out);
      for (let k = 0; k < n; k++) out[k] *= 1 - epsilon;
      out.fill(each, n);
    },
    logChances: (z) => {
      const [rows] = z.shape;
      const retrieved = tf.add(tf.logSoftmax(tf.slice(z, [0, 0], [rows, n])), Math.log1p(-epsilon));
      return tf.pad(
        retrieved.as2D(rows, n),
        [
          [0, 0],
          [0, K - n],
        ],
        Math.log(each),
      );
    },
    inputs: () => ({}),
  };
}

/** Clusters are numbered anew in each row, in the order in which they appear, so that few stand beside each other. */
function clusterItem(n: number, { K, clusters, group: groupAt, width }: FeedPlaces): Exploration {
  const C = Math.min(clusters, n);
  const own = new Int32Array(n);
  const renumbered = new Int32Array(clusters);
  const number = (group: Float32Array, at: number): number => {
    renumbered.fill(-1);
    let known = 0;
    for (let k = 0; k < n; k++) {
      const cluster = group[at + k];
      if (renumbered[cluster] < 0) renumbered[cluster] = known++;
      own[k] = renumbered[cluster];
    }
    return known;
  };
  const [mean, chance, highest, total] = [0, 1, 2, 3].map(() => new Float64Array(C));
  const count = new Int32Array(C);
  return {
    greedy: n,
    softmax: 0,
    chances: (z, group, at, out) => {
      const known = number(group, at);
      for (const column of [mean, total, count]) column.fill(0);
      highest.fill(-Infinity);
      for (let k = 0; k < n; k++) {
        mean[own[k]] += z[k];
        count[own[k]]++;
        highest[own[k]] = Math.max(highest[own[k]], z[k]);
      }
      for (let c = 0; c < known; c++) mean[c] /= count[c];
      writeSoftmax(mean, known, chance);
      for (let k = 0; k < n; k++) total[own[k]] += out[k] = Math.exp(z[k] - highest[own[k]]);
      for (let k = 0; k < n; k++) out[k] *= chance[own[k]] / total[own[k]];
      out.fill(0, n);
    },
    logChances: (z, inputs) => {
      const [rows] = z.shape;
      const members = inputs['members'].as3D(rows, C, K);
      const size = tf.sum(members, 2);
      const sums = tf.sum(tf.mul(members, z.as3D(rows, 1, K)), 2);
      const empty = tf.mul(tf.equal(size, 0).toFloat(), NEVER);
      const cluster = tf.logSoftmax(tf.add(tf.div(sums, tf.maximum(size, 1)), empty));
      const outside = tf.mul(tf.sub(members, 1), -NEVER);
      const inside = tf.logSoftmax(tf.add(z.as3D(rows, 1, K), outside));
      const both = tf.sum(tf.mul(members, tf.add(cluster.as3D(rows, C, 1), inside)), 1);
      return tf.add(both, tf.mul(tf.sub(tf.sum(members, 1), 1), -NEVER)).as2D(rows, K);
    },
    inputs: (observation, rows) => {
      const members = new Float32Array(rows * C * K);
      for (let row = 0; row < rows; row++) {
        number(observation, row * width + groupAt);
        for (let k = 0; k < n; k++) members[(row * C + own[k]) * K + k] = 1;
      }
      return { members: { values: members, shape: [rows, C, K] } };
    },
  };
}
