import tf from '@tensorflow/tfjs';
import type { Rng } from '../../core/random.js';
import { dense, mlp, type Activation, type Layer } from '../../core/tensor/layers.js';
import { orthogonal, zeros, type ParameterSet } from '../../core/tensor/parameters.js';

export interface ScoreNetworkOptions {
  readonly stateWidth: number;
  readonly choiceWidth: number;
  /** Candidates per state. */
  readonly K: number;
  /** Widths of the hidden layers, at least one. */
  readonly hidden: readonly number[];
  readonly activation: Activation;
  /** Whether every score starts at exactly 0; else near it. */
  readonly silent: boolean;
}

/**
 * Scores every candidate of a state with one network, [rows, K]. The first layer is
 *
 *     activation(W_s · s + W_a · a + b)
 *
 * with W_s · s computed once per state and added to all of its candidates.
 */
export function scoreNetwork(
  parameters: ParameterSet,
  { stateWidth, choiceWidth, K, hidden, activation, silent }: ScoreNetworkOptions,
  random: Rng,
): (states: tf.Tensor2D, choices: tf.Tensor2D) => tf.Tensor2D {
  const [first] = hidden;
  const initialise = orthogonal(Math.SQRT2);
  const half = { outputs: first, initialise, onNumbers: true };
  const ofState = dense(parameters, { ...half, name: 'score.state', inputs: stateWidth }, random.fork('state'));
  const ofChoice = dense(parameters, { ...half, name: 'score.choice', inputs: choiceWidth }, random.fork('choice'));
  const rest: Layer = mlp(
    parameters,
    {
      name: 'score',
      inputs: first,
      hidden: hidden.slice(1),
      outputs: 1,
      activation,
      initialise,
      initialiseLast: silent ? zeros : orthogonal(0.01),
    },
    random.fork('rest'),
  );
  return (states, choices) => {
    const [rows] = states.shape;
    const sum = tf.add(ofState(states).as3D(rows, 1, first), ofChoice(choices).as3D(rows, K, first));
    return rest(activate(sum, activation).as2D(rows * K, first)).as2D(rows, K);
  };
}

function activate(x: tf.Tensor, activation: Activation): tf.Tensor {
  switch (activation) {
    case 'linear':
      return x;
    case 'relu':
      return tf.relu(x);
    case 'tanh':
      return tf.tanh(x);
    case 'sigmoid':
      return tf.sigmoid(x);
  }
}
