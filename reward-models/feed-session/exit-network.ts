import tf from '@tensorflow/tfjs';
import type { Rng } from '../../core/random.js';
import type { InputTensors } from '../../core/tensor/compiled-programs.js';
import { mlp } from '../../core/tensor/layers.js';
import { ParameterSet, zeros } from '../../core/tensor/parameters.js';
import { placesOf, type FeedLayout } from '../../logs/feed-session/layout.js';

/** The network of the exit: relu layers on `exitInputs` numbers of the state after an item. */
export interface ExitNetwork {
  readonly layout: FeedLayout;
  readonly inputs: number;
  readonly hidden: readonly number[];
  readonly parameters: ParameterSet;
  /** Logits [n, 1] of `exit` [n, inputs]. */
  forward(inputs: InputTensors): tf.Tensor2D;
  squares(): tf.Tensor;
}

/** What the exit network reads of a state. */
export interface ExitReader {
  readonly inputs: number;
  /** Writes `inputs` numbers at out[to…] for the state at states[at…]. */
  read(states: Float32Array, at: number, out: Float32Array | Float64Array, to: number): void;
}

/**
 * Everything up to the newest item and its answers, then the products of the newest item with the user (is it what they
 * like?) and with the exposure (is it more of the same?).
 */
export function exitReader({ recent: L, shared, itemNames, ...layout }: FeedLayout): ExitReader {
  const { recent, recentWidth, exposure } = placesOf({ recent: L, shared, itemNames, ...layout });
  const F = itemNames.length;
  if (L === 0) {
    return {
      inputs: recent,
      read(states, at, out, to) {
        for (let i = 0; i < recent; i++) out[to + i] = states[at + i];
      },
    };
  }
  const plain = recent + recentWidth;
  return {
    inputs: plain + shared + F,
    read(states, at, out, to) {
      for (let i = 0; i < plain; i++) out[to + i] = states[at + i];
      const newest = at + recent + 1;
      let next = to + plain;
      for (let f = 0; f < shared; f++) out[next++] = states[at + f] * states[newest + f];
      for (let f = 0; f < F; f++) out[next++] = states[at + exposure + f] * states[newest + f];
    },
  };
}

/** @param base log-odds at which the network starts */
export function buildExitNetwork(
  layout: FeedLayout,
  hidden: readonly number[],
  base: number,
  random: Rng,
): ExitNetwork {
  const parameters = new ParameterSet();
  const { inputs } = exitReader(layout);
  const net = mlp(
    parameters,
    { name: 'exit', inputs, hidden, outputs: 1, activation: 'relu', initialiseLast: zeros, onNumbers: true },
    random,
  );
  parameters.numbers(`exit.${hidden.length}.bias`)[0] = base;
  const weights = [...hidden, 1].map((_, i) => parameters.named(`exit.${i}.weights`));
  return {
    layout,
    inputs,
    hidden,
    parameters,
    forward: ({ exit }) => net(exit.as2D(exit.shape[0], inputs)),
    squares: () => tf.addN(weights.map((weight) => tf.sum(tf.square(weight.value())))),
  };
}
