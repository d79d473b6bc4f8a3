import tf from '@tensorflow/tfjs';
import type { Rng } from '../../core/random.js';
import type { InputTensors } from '../../core/tensor/compiled-programs.js';
import { dense, mlp } from '../../core/tensor/layers.js';
import { ParameterSet, zeros } from '../../core/tensor/parameters.js';
import type { FeedLayout } from '../../logs/feed-session/layout.js';
import { plainLayer, through, addProduct } from './plain.js';

/** The two sides of the tower and what joins them. */
export interface TowerNetwork {
  readonly parameters: ParameterSet;
  /** Logits [n, 1] of users [n, U], items [n, F] and exposure [n, 1]. */
  forward(inputs: InputTensors): tf.Tensor2D;
  squares(): tf.Tensor;
  /** One side in plain loops: [n, width], the last number being the bias. */
  vectors(side: 'user' | 'item', features: Float32Array, n: number): Float32Array;
  readonly repetition: number;
}

export interface TowerShape {
  readonly layout: FeedLayout;
  /** Numbers of a vector, one of them the bias. */
  readonly width: number;
  /** Units of the hidden layer of each side; 0 leaves it out. */
  readonly hidden: number;
}

/**
 *     logit = ⟨u, v⟩ + b_u + b_v − repetition · exposure of the item's cluster
 *
 * [u, b_u] = A·user + B·relu(C·user + c) + a, and [v, b_v] likewise from the item: with width − 1 no less than the shared
 * features, a match of taste and content is within reach of the linear part.
 *
 * @param base log-odds at which b_u starts
 */
export function buildTower({ layout, width, hidden }: TowerShape, base: number, random: Rng): TowerNetwork {
  const parameters = new ParameterSet();
  const sideOf = (name: 'user' | 'item', inputs: number): ((x: tf.Tensor2D) => tf.Tensor2D) => {
    const linear = dense(parameters, { name: `${name}.linear`, inputs, outputs: width, onNumbers: true }, random);
    if (hidden === 0) return linear;
    const curved = mlp(
      parameters,
      {
        name: `${name}.curved`,
        inputs,
        hidden: [hidden],
        outputs: width,
        activation: 'relu',
        initialiseLast: zeros,
        onNumbers: true,
      },
      random,
    );
    return (x) => tf.add(linear(x), curved(x)).as2D(x.shape[0], width);
  };
  const widths = { user: layout.userNames.length, item: layout.itemNames.length };
  const [user, item] = [sideOf('user', widths.user), sideOf('item', widths.item)];
  const repetition = parameters.add('repetition', [1, 1], zeros, random);
  parameters.numbers('user.linear.bias')[width - 1] = base;
  const pulled = parameters.shapes.filter(({ name }) => name.endsWith('.weights'));
  const weights = pulled.map(({ name }) => parameters.named(name));
  return {
    parameters,
    forward({ users, items, exposure }) {
      const n = users.shape[0];
      const [u, v] = [user(users.as2D(n, widths.user)), item(items.as2D(n, widths.item))];
      const part = (x: tf.Tensor2D, from: number, size: number): tf.Tensor2D => tf.slice2d(x, [0, from], [n, size]);
      const match = tf.sum(tf.mul(part(u, 0, width - 1), part(v, 0, width - 1)), 1, true);
      const own = tf.add(part(u, width - 1, 1), part(v, width - 1, 1));
      return tf.sub(tf.add(match, own), tf.mul(exposure, repetition.value().as1D())).as2D(n, 1);
    },
    squares: () => tf.addN(weights.map((weight) => tf.sum(tf.square(weight.value())))),
    vectors(side, features, n) {
      const inputs = widths[side];
      const linear = plainLayer(parameters, `${side}.linear`);
      const curved = hidden === 0 ? [] : [0, 1].map((i) => plainLayer(parameters, `${side}.curved.${i}`));
      const out = new Float32Array(n * width);
      const x = new Float64Array(inputs);
      for (let i = 0; i < n; i++) {
        for (let f = 0; f < inputs; f++) x[f] = features[i * inputs + f];
        linear.values.set(linear.bias);
        addProduct(linear, x, 0, inputs);
        if (hidden > 0) through(curved, x).forEach((value, d) => (linear.values[d] += value));
        out.set(linear.values, i * width);
      }
      return out;
    },
    get repetition() {
      return parameters.numbers('repetition')[0];
    },
  };
}
