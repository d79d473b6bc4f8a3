import tf from '@tensorflow/tfjs';
import type { Rng } from '../../core/random.js';
import type { InputTensors } from '../../core/tensor/compiled-programs.js';
import { dense, mlp, type Layer } from '../../core/tensor/layers.js';
import { ParameterSet, zeros } from '../../core/tensor/parameters.js';
import { placesOf, type FeedLayout } from '../../logs/feed-session/layout.js';
import type { ResponseSettings } from './response-settings.js';

/** Widths of the response network that follow from layout and settings. */
export interface ResponseShape {
  readonly layout: FeedLayout;
  /** State numbers before the recent items. */
  readonly known: number;
  /** L and the numbers of one recent item; both 0 without attention. */
  readonly recent: number;
  readonly recentWidth: number;
  /** Width of queries, keys and values; 0 without recent items. */
  readonly attention: number;
  /** F, the features shared with users, and all inputs of the item half. */
  readonly features: number;
  readonly shared: number;
  readonly itemInputs: number;
  readonly hidden: readonly number[];
  /** 2·H − 1: the main outcome, then each other one given main = 0 and given main = 1. */
  readonly columns: number;
}

export function responseShape(layout: FeedLayout, settings: ResponseSettings): ResponseShape {
  const { recent: known, recentWidth } = placesOf(layout);
  const attention = layout.recent === 0 ? 0 : settings.attention;
  const features = layout.itemNames.length;
  return {
    layout,
    known,
    recent: attention === 0 ? 0 : layout.recent,
    recentWidth: attention === 0 ? 0 : recentWidth,
    attention,
    features,
    shared: layout.shared,
    itemInputs: 2 * features + layout.shared + attention,
    hidden: settings.hidden,
    columns: 2 * layout.outcomes.length - 1,
  };
}

/** Column of outcome h ≥ 1 given the main outcome y; the main outcome itself has column 0. */
export function columnOf(h: number, y: number): number {
  return h === 0 ? 0 : 2 * h - 1 + y;
}

/** A network on tensors; its twin in plain loops reads the same parameters by name. */
export interface ResponseNetwork {
  readonly shape: ResponseShape;
  readonly parameters: ParameterSet;
  /**
   * Logits of `columns` per state and item, [n · K, columns].
   *
   * @param inputs known [n, known], recent [n, L · W] (where there is attention), items [n, K, F]
   */
  forward(inputs: InputTensors): tf.Tensor2D;
  /** Σ w² over the weights that l2 pulls to 0. */
  squares(): tf.Tensor;
}

/**
 * z = W·relu(… relu(A·state + B·[x, u ⊙ x, e ⊙ x, Σ_l m_l σ(⟨q, k_l⟩/√d) v_l] + b) …) + b_last
 *
 * with x the item, u the user features that share its space, e the session's exposure, and target attention over the
 * recent items (Zhou et al. 2018, "Deep interest network"): query q from the item, keys and values from each recent item
 * with its answers, weights not normalised so that three like items weigh three times one, m_l = 0 where there is none.
 * A·state is computed once per state, whatever the number of items. The last layer starts at the base rates.
 *
 * @param bases [columns] log-odds
 */
export function buildResponseNetwork(shape: ResponseShape, bases: Float64Array, random: Rng): ResponseNetwork {
  const { known, recent, recentWidth, attention, features, itemInputs, hidden, columns } = shape;
  const parameters = new ParameterSet();
  const [first, ...rest] = hidden;
  const layer = (name: string, inputs: number, outputs: number, onNumbers: boolean): Layer =>
    dense(parameters, { name, inputs, outputs, onNumbers }, random);
  const state = layer('state', known, first, true);
  const item = layer('item', itemInputs, first, attention === 0);
  const attend =
    attention === 0
      ? undefined
      : {
          query: layer('query', features, attention, true),
          key: layer('key', recentWidth, attention, true),
          value: layer('value', recentWidth, attention, true),
        };
  const top = mlp(
    parameters,
    { name: 'top', inputs: first, hidden: rest, outputs: columns, activation: 'relu', initialiseLast: zeros },
    random,
  );
  parameters.numbers(`top.${rest.length}.bias`).set(bases);
  const names = ['state', 'item', ...(attend === undefined ? [] : ['query', 'key', 'value'])];
  const weights = [...names, ...hidden.map((_, i) => `top.${i}`)].map((name) => parameters.named(`${name}.weights`));
  return {
    shape,
    parameters,
    forward({ known: dense, recent: shown, items }) {
      const [n, K] = items.shape;
      const base = state(dense.as2D(n, known)).as3D(n, 1, first);
      const parts = itemParts(shape, dense, items);
      if (attend !== undefined) {
        const width = attention;
        const rows = shown.as2D(n * recent, recentWidth);
        const keys = attend.key(rows).as3D(n, recent, width);
        const values = attend.value(rows).as3D(n, recent, width);
        const query = attend.query(items.as2D(n * K, features)).as3D(n, K, width);
        const present = tf.slice(rows, [0, 0], [n * recent, 1]).as3D(n, 1, recent);
        const score = tf.sigmoid(tf.mul(tf.matMul(query, keys, false, true), 1 / Math.sqrt(width)));
        parts.push(tf.matMul(tf.mul(score, present), values).as2D(n * K, width));
      }
      const own = item(tf.concat2d(parts, 1)).as3D(n, K, first);
      return top(tf.relu(tf.add(own, base)).as2D(n * K, first));
    },
    squares: () => tf.addN(weights.map((weight) => tf.sum(tf.square(weight.value())))),
  };
}

/** [n · K, …] the item, its products with the user, and its products with the session's exposure. */
function itemParts({ features, shared, layout }: ResponseShape, dense: tf.Tensor, items: tf.Tensor): tf.Tensor2D[] {
  const [n, K] = items.shape;
  const parts = [items.as2D(n * K, features)];
  if (shared > 0) {
    const user = tf.slice(dense, [0, 0], [n, shared]).as3D(n, 1, shared);
    parts.push(tf.mul(tf.slice(items, [0, 0, 0], [n, K, shared]), user).as2D(n * K, shared));
  }
  const exposure = tf.slice(dense, [0, placesOf(layout).exposure], [n, features]).as3D(n, 1, features);
  parts.push(tf.mul(items, exposure).as2D(n * K, features));
  return parts;
}
