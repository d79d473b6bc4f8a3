import tf from '@tensorflow/tfjs';
import { stream, type Source } from '../../core/random.js';
import { compileInference, compileStep } from '../../core/tensor/compile.js';
import { tensorsOf, type Inputs, type InputTensors, type Numbers } from '../../core/tensor/compiled-programs.js';
import { embeddingBag } from '../../core/tensor/embedding.js';
import { dense, mlp } from '../../core/tensor/layers.js';
import { selfAttention } from '../../core/tensor/ops/attention.js';
import { layerNorm } from '../../core/tensor/ops/layer-norm.js';
import { ParameterSet, zeros, type Initialiser, type Parameter } from '../../core/tensor/parameters.js';
import { Trainer, infer } from '../../core/tensor/train.js';
import type { MlpSize, Sizes, TableSize, WorkloadName } from './tensor-sizes.js';

/** A workload in our tensors. Each call is one step, and returns its loss, or the first number of what came out. */
export interface Ours {
  readonly eager: () => number;
  readonly compiled: () => number;
}

/** A model that can be made twice from the same random numbers, so that both ways of running it start alike. */
interface Model {
  readonly parameters: ParameterSet;
  readonly build: (inputs: InputTensors) => tf.Tensor;
}

/** Makes a workload ready to run. Both ways start from the same numbers, so that they give the same ones. */
export const OURS: Readonly<Record<WorkloadName, (sizes: Sizes) => Ours>> = {
  'mlp-64': (sizes) => mlpStep(sizes['mlp-64']),
  'mlp-512': (sizes) => mlpStep(sizes['mlp-512']),
  'policy-1': (sizes) => policy(sizes['policy-1']),
  transformer: (sizes) => transformerStep(sizes.transformer),
  embedding: (sizes) => embeddingStep(sizes.embedding),
  'embedding-sgd': (sizes) => embeddingStep(sizes['embedding-sgd']),
  matmul: (sizes) => product(sizes.matmul),
};

const seed = (): Source => stream('bench/tensor');

function numbers(source: Source, ...shape: number[]): { readonly values: Float32Array; readonly shape: number[] } {
  const length = shape.reduce((product, n) => product * n, 1);
  return { values: Float32Array.from({ length }, () => 2 * source.next() - 1), shape };
}

function meanSquare(y: tf.Tensor, target: tf.Tensor): tf.Scalar {
  return tf.mean(tf.square(tf.sub(y, target)));
}

/** Training steps on batches that take turns, by Adam. */
function training(make: () => Model, batches: readonly Inputs[]): Ours {
  const [eager, recorded] = [make(), make()];
  const trainer = new Trainer(eager.parameters, { learningRate: 1e-3 });
  const step = compileStep(new Trainer(recorded.parameters, { learningRate: 1e-3 }), (inputs) => ({
    loss: recorded.build(inputs).asScalar(),
  }));
  const taking = (): (() => Inputs) => {
    let turn = 0;
    return () => batches[turn++ % batches.length];
  };
  const [next, nextRecorded] = [taking(), taking()];
  return {
    eager: () => trainer.step(() => eager.build(tensorsOf(next())).asScalar()).loss,
    compiled: () => step(nextRecorded()).loss,
  };
}

function mlpStep({ batch, inputs, hidden }: MlpSize): Ours {
  const source = seed();
  const make = (): Model => {
    const parameters = new ParameterSet();
    const options = { name: 'net', inputs, hidden, outputs: 1, activation: 'relu', onNumbers: true } as const;
    const net = mlp(parameters, options, seed());
    return { parameters, build: ({ x, y }) => meanSquare(net(x.as2D(batch, inputs)), y) };
  };
  return training(make, [{ x: numbers(source, batch, inputs), y: numbers(source, batch, 1) }]);
}

function policy({ batch, inputs, hidden }: MlpSize): Ours {
  const source = seed();
  const parameters = new ParameterSet();
  const net = mlp(parameters, { name: 'net', inputs, hidden, outputs: 1, activation: 'tanh' }, source);
  const given = { x: numbers(source, batch, inputs) };
  const build = ({ x }: InputTensors): tf.Tensor => net(x.as2D(batch, inputs));
  const forward = compileInference(parameters, (tensors) => ({ y: build(tensors) }));
  return {
    eager: () => infer(parameters, () => build(tensorsOf(given)))[0],
    compiled: () => forward(given)['y'][0],
  };
}

function transformerStep({ batch, places, width, heads }: Sizes['transformer']): Ours {
  const source = seed();
  const rows = batch * places;
  const make = (): Model => {
    const parameters = new ParameterSet();
    const attend = attentionPart(parameters, { batch, places, width, heads });
    const norm = normalisation(parameters, 'before-rows', width);
    const widths = { inputs: width, hidden: [4 * width], outputs: width };
    const feed = mlp(parameters, { name: 'rows', ...widths, activation: 'relu' }, seed());
    const build = ({ x, y }: InputTensors): tf.Tensor => {
      const middle = tf.add(x, attend(x));
      return meanSquare(tf.add(middle, feed(norm(middle).as2D(rows, width))), y);
    };
    return { parameters, build };
  };
  return training(make, [{ x: numbers(source, rows, width), y: numbers(source, rows, width) }]);
}

/** [rows, width] to [rows, width]: normalised, attended to and mixed. */
function attentionPart(
  parameters: ParameterSet,
  { batch, places, width, heads }: Sizes['transformer'],
): (x: tf.Tensor) => tf.Tensor {
  const rows = batch * places;
  const norm = normalisation(parameters, 'before-attention', width);
  const project = dense(parameters, { name: 'qkv', inputs: width, outputs: 3 * width }, seed());
  const mix = dense(parameters, { name: 'out', inputs: width, outputs: width }, seed());
  return (x) => {
    const qkv = project(norm(x).as2D(rows, width)).as3D(batch, places, 3 * width);
    return mix(selfAttention(qkv, { heads, causal: true }).as2D(rows, width));
  };
}

function normalisation(parameters: ParameterSet, name: string, width: number): (x: tf.Tensor) => tf.Tensor {
  const ones: Initialiser = (out) => out.fill(1);
  const part = (of: string, initialise: Initialiser): Parameter =>
    parameters.add(`${name}.${of}`, [width], initialise, seed());
  const [gain, bias] = [part('gain', ones), part('bias', zeros)];
  return (x) => layerNorm(x, gain.value(), bias.value());
}

/** Small distinct numbers in no time: the table is large. */
const spread: Initialiser = (out) => {
  for (let i = 0; i < out.length; i++) out[i] = ((Math.imul(i, 0x9e3779b1) >>> 0) / 2 ** 32 - 0.5) / 10;
};

function embeddingStep({ rows, width, bags, bag, batches, table }: TableSize): Ours {
  const source = seed();
  const make = (): Model => {
    const parameters = new ParameterSet();
    const options = {
      name: 'bag',
      buckets: rows,
      width,
      initialise: spread,
      byRows: { optimiser: table },
    } as const;
    const look = embeddingBag(parameters, options, seed());
    const net = dense(parameters, { name: 'net', inputs: width, outputs: 1 }, seed());
    return { parameters, build: ({ ids, y }) => meanSquare(net(look(ids, bags)), y) };
  };
  const y = numbers(source, bags, 1);
  const ids = (): Numbers => ({
    values: Int32Array.from({ length: bags * bag }, () => Math.floor(rows * source.next())),
    shape: [bags, bag],
  });
  return training(
    make,
    Array.from({ length: batches }, () => ({ ids: ids(), y })),
  );
}

/** The factors are parameters, which a recording reads in place. */
function product({ rows, inner, columns }: Sizes['matmul']): Ours {
  const parameters = new ParameterSet();
  const uniform: Initialiser = (out, shape, source) => out.set(numbers(source, ...shape).values);
  const a = parameters.add('a', [rows, inner], uniform, seed());
  const b = parameters.add('b', [inner, columns], uniform, seed());
  const build = (): tf.Tensor => tf.matMul(a.value(), b.value());
  const multiply = compileInference(parameters, () => ({ y: build() }));
  return {
    eager: () => infer(parameters, build)[0],
    compiled: () => multiply({})['y'][0],
  };
}
