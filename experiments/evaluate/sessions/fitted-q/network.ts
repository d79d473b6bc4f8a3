import tf from '@tensorflow/tfjs';
import { expectNumber } from '../../../../core/check.js';
import { shuffle } from '../../../../core/distributions.js';
import { backendInUse } from '../../../../core/tensor/backend.js';
import { compileStep } from '../../../../core/tensor/compile.js';
import { mlp } from '../../../../core/tensor/layers.js';
import { ParameterSet, zeros } from '../../../../core/tensor/parameters.js';
import { infer, Trainer } from '../../../../core/tensor/train.js';
import { moments } from '../../../../core/stats/moments.js';
import { expectedUnder } from '../sessions.js';
import { designOf } from './design.js';
import type { FitWorld, KindOfQ } from './fit.js';

/** Settings of the neural fit. */
export interface NetworkQSettings {
  /** Units of each hidden layer. */
  readonly hidden: readonly number[];
  /**
   * How often the targets r + γ V(s') are renewed: a reward t steps ahead is known after t renewals. 0: as often as the
   * longest session has decisions, within 20 and 200.
   */
  readonly renewals: number;
  /** Passes over the decisions between two renewals, and most gradient steps that they may take. */
  readonly passes: number;
  readonly steps: number;
  /** Decisions per gradient step. */
  readonly batch: number;
  /** Adam's step size at first; after t renewals it is divided by √(1 + t). */
  readonly learningRate: number;
}

export const NETWORK_Q: NetworkQSettings = {
  hidden: [32],
  renewals: 0,
  passes: 4,
  steps: 200,
  batch: 256,
  learningRate: 0.01,
};

/**
 * Fitted Q by a network: relu layers over the standardised features with one output per action, in standard deviations
 * of the logged returns to go from their mean. Its targets are held still while a few passes learn them, then renewed,
 * which is fitted Q iteration. Needs a started backend (core/tensor).
 */
export function networkQ(settings: Partial<NetworkQSettings> = {}): KindOfQ {
  const { hidden, renewals, passes, steps, batch, learningRate } = { ...NETWORK_Q, ...settings };
  for (const [name, value] of Object.entries({ passes, steps, batch }))
    expectNumber(`network Q: ${name}`, value, 1, 1e6);
  return {
    name: 'network',
    needs: 'features',
    fit(world, members, random) {
      backendInUse();
      const { actions, action } = world.sessions;
      const design = designOf(world.sessions, members);
      const inputs = Float32Array.from(design.values);
      const { width } = design;
      const rows = rowsOf(world, members);
      const { mean, deviation } = scaleOf(world, members);
      const parameters = new ParameterSet();
      const net = mlp(
        parameters,
        {
          name: 'q',
          inputs: width,
          hidden,
          outputs: actions,
          activation: 'relu',
          initialiseLast: zeros,
          onNumbers: true,
        },
        random.fork('initial'),
      );
      const trainer = new Trainer(parameters, { learningRate, clipNorm: 10 });
      const step = compileStep(trainer, ({ x, taken, y }) => {
        const q = net(x.as2D(y.size, width));
        return { loss: tf.mean(tf.square(tf.sub(tf.sum(tf.mul(q, taken), 1), y))).asScalar() };
      });
      /** [N, A] in the log's unit. */
      const everywhere = (): Float64Array =>
        Float64Array.from(
          infer(parameters, () => net(tf.tensor2d(inputs, [action.length, width]))),
          (z) => mean + deviation * z,
        );
      /** One gradient step on some rows. */
      const learn = (some: Int32Array, target: Float64Array, rate: number): void => {
        const x = new Float32Array(some.length * width);
        const taken = new Float32Array(some.length * actions);
        some.forEach((row, n) => {
          x.set(inputs.subarray(row * width, (row + 1) * width), n * width);
          taken[n * actions + action[row]] = 1;
        });
        const y = Float32Array.from(some, (row) => (target[row] - mean) / deviation);
        step(
          {
            x: { values: x, shape: [some.length, width] },
            taken: { values: taken, shape: [some.length, actions] },
            y: { values: y, shape: [some.length] },
          },
          rate,
        );
      };
      const luck = random.fork('order');
      const most = Math.min(steps, passes * Math.ceil(rows.length / batch));
      const times = renewals > 0 ? renewals : Math.min(200, Math.max(20, longestOf(world)));
      let from = rows.length;
      for (let renewal = 0; renewal < times; renewal++) {
        const target = targetsOf(world, everywhere());
        for (let taken = 0; taken < most; taken++, from += batch) {
          if (from >= rows.length) {
            shuffle(luck, rows);
            from = 0;
          }
          learn(rows.subarray(from, from + batch), target, learningRate / Math.sqrt(1 + renewal));
        }
      }
      const q = everywhere();
      return (row, out, at) => out.set(q.subarray(row * actions, (row + 1) * actions), at);
    },
  };
}

function longestOf({ sessions: { offsets } }: FitWorld): number {
  return offsets.reduce((most, offset, s) => Math.max(most, s === 0 ? 0 : offset - offsets[s - 1]), 0);
}

function rowsOf({ sessions: { offsets } }: FitWorld, members: Int32Array): Int32Array {
  const rows: number[] = [];
  for (const s of members) for (let i = offsets[s]; i < offsets[s + 1]; i++) rows.push(i);
  return Int32Array.from(rows);
}

/** [N] r_t + γ Σ_a π(a | s_{t+1}) Q(s_{t+1}, a); the reward alone at the end of a session. */
function targetsOf({ sessions: { offsets, reward }, policy, discount }: FitWorld, q: Float64Array): Float64Array {
  const value = expectedUnder(policy, q, reward.length);
  const target = reward.slice();
  for (let s = 0; s + 1 < offsets.length; s++)
    for (let i = offsets[s]; i + 1 < offsets[s + 1]; i++) target[i] += discount * value[i + 1];
  return target;
}

/** Mean and spread of the members' returns to go. */
function scaleOf(
  { sessions: { offsets, reward }, discount }: FitWorld,
  members: Int32Array,
): { mean: number; deviation: number } {
  const togo: number[] = [];
  for (const s of members) {
    let after = 0;
    for (let i = offsets[s + 1] - 1; i >= offsets[s]; i--) togo.push((after = reward[i] + discount * after));
  }
  const { mean, variance } = moments(togo);
  return { mean, deviation: variance > 0 ? Math.sqrt(variance) : 1 };
}
