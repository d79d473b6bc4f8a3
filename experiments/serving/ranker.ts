import tf from '@tensorflow/tfjs';
import type { Rng } from '../../core/random.js';
import { compileInference } from '../../core/tensor/compile.js';
import { mlp } from '../../core/tensor/layers.js';
import { ParameterSet } from '../../core/tensor/parameters.js';

/** Features of a candidate, hidden layers, and predictions of a ranker as large services have them. *Invented*. */
const SHAPE = { inputs: 64, hidden: [128, 64], outputs: 4 } as const;

/**
 * The work of a ranker: scores of N candidates by a network of 64-128-64-4, untrained. What it says is not used; what it
 * costs is what a policy beside it has to hide behind.
 */
export function rankerWork(candidates: number, random: Rng): () => void {
  const parameters = new ParameterSet();
  const net = mlp(parameters, { name: 'ranker', ...SHAPE, activation: 'relu', onNumbers: true }, random);
  const values = Float32Array.from({ length: candidates * SHAPE.inputs }, () => random.next());
  const score = compileInference(parameters, ({ x }) => ({
    scores: tf.sigmoid(net(x.as2D(candidates, SHAPE.inputs))),
  }));
  return () => {
    score({ x: { values, shape: [candidates, SHAPE.inputs] } });
  };
}
