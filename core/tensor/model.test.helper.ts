import tf from '@tensorflow/tfjs';
import { stream } from '../random.js';
import type { Inputs, InputTensors } from './compiled-programs.js';
import { embeddingBag } from './embedding.js';
import { mlp } from './layers.js';
import { sigmoidCrossEntropy } from './ops/cross-entropy.js';
import { ParameterSet, normalInit } from './parameters.js';
import { Trainer, type TrainerSettings } from './train.js';

/** A model with everything in it: a small table that is a parameter, a large one that learns by rows, dense layers. */
export function model(settings: TrainerSettings = { learningRate: 0.01, clipNorm: 1 }): {
  readonly parameters: ParameterSet;
  readonly trainer: Trainer;
  readonly build: (inputs: InputTensors) => { loss: tf.Scalar; outputs: Record<string, tf.Tensor> };
} {
  const random = stream(4);
  const parameters = new ParameterSet();
  const small = embeddingBag(parameters, { name: 'small', buckets: 11, width: 4, initialise: normalInit(0.3) }, random);
  const large = embeddingBag(
    parameters,
    { name: 'large', buckets: 500, width: 5, initialise: normalInit(0.3), byRows: {}, mean: true },
    random,
  );
  const net = mlp(parameters, { name: 'net', inputs: 12, hidden: [17], outputs: 1, activation: 'tanh' }, random);
  const trainer = new Trainer(parameters, settings);
  return {
    parameters,
    trainer,
    build: ({ x, ids, far, y }) => {
      const rows = y.size;
      const joined = tf.concat2d([x.as2D(rows, 3), small(ids, rows), large(far, rows)], 1);
      const logits = net(joined).as1D();
      return { loss: sigmoidCrossEntropy(logits, y), outputs: { logits, mean: tf.mean(tf.sigmoid(logits)) } };
    },
  };
}

export function batch(rows: number, seed: number): Inputs {
  const random = stream(seed);
  const whole = (length: number, below: number): Int32Array =>
    Int32Array.from({ length }, () => Math.floor(random.next() * below));
  return {
    x: { values: Float32Array.from({ length: rows * 3 }, () => 2 * random.next() - 1), shape: [rows, 3] },
    ids: { values: whole(rows * 2, 11), shape: [rows, 2] },
    far: { values: whole(rows * 4, 501).map((id) => id - 1), shape: [rows, 4] },
    y: { values: Float32Array.from(whole(rows, 2)), shape: [rows] },
  };
}

export function eager({ trainer, build }: ReturnType<typeof model>, inputs: Inputs, rate?: number): number[] {
  let logits: number[] = [];
  const { loss, gradientNorm } = trainer.step(() => {
    const tensors = Object.entries(inputs).map(([name, { values, shape }]) => {
      return [name, tf.tensor(values, [...shape], values instanceof Int32Array ? 'int32' : 'float32')] as const;
    });
    const built = build(Object.fromEntries(tensors));
    logits = [...built.outputs['logits'].dataSync()];
    return built.loss;
  }, rate);
  return [loss, gradientNorm, ...logits];
}
