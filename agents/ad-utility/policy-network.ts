import tf from '@tensorflow/tfjs';
import type { Affine } from '../../core/affine-rows.js';
import { expectLength } from '../../core/check.js';
import type { KeyedDraws } from '../../core/draws.js';
import type { Rng } from '../../core/random.js';
import { averageInto, BATCH_NORM_EPSILON, batchNorm, type Normalised } from '../../core/tensor/batch-norm.js';
import type { Outputs } from '../../core/tensor/compile.js';
import type { InputTensors, Numbers } from '../../core/tensor/compiled-programs.js';
import { dense, type Layer } from '../../core/tensor/layers.js';
import { glorot, ParameterSet, zeros } from '../../core/tensor/parameters.js';
import { PlainNetwork } from './plain-network.js';

/** Share of a batch's moments in the running averages, once there were enough batches for a plain average. */
const RUNNING_SHARE = 0.1;

export interface NetworkShape {
  /** Numbers per row. */
  readonly inputs: number;
  /** Width of each block. */
  readonly hidden: readonly number[];
  readonly outputs: number;
  /** Chance that a number of a block is dropped in training, in [0, 1); whole 65,536ths. */
  readonly dropout: number;
  /** Whether the last layer starts at 0, so that a softmax starts uniform. */
  readonly startAtZero: boolean;
  /** Whether rows are plain numbers: they then get no gradient. */
  readonly onNumbers: boolean;
}

/**
 * [BatchNorm → Linear → ReLU → Dropout] per block, then Linear: the network of DRL-PUT's Figure 1, whose softmax is the
 * caller's. Batch statistics while it learns, running averages afterwards.
 */
export class PolicyNetwork {
  readonly shape: NetworkShape;
  readonly parameters = new ParameterSet();
  /** [Σ blocks 2·inputs] running mean and variance of every batch norm's input. */
  readonly running: Float32Array;
  /** Numbers of the network itself, the first of `parameters`: whoever learns may add more behind them. */
  readonly size: number;
  readonly #blocks: readonly { readonly norm: (x: tf.Tensor2D) => Normalised; readonly linear: Layer }[];
  readonly #last: Layer;
  #batches = 0;

  constructor(shape: NetworkShape, random: Rng) {
    this.shape = shape;
    const widths = [shape.inputs, ...shape.hidden];
    this.#blocks = shape.hidden.map((outputs, i) => {
      const onNumbers = shape.onNumbers && i === 0;
      const norm = batchNorm(this.parameters, { name: `norm.${i}`, width: widths[i], onNumbers }, random);
      const name = `linear.${i}`;
      return { norm, linear: dense(this.parameters, { name, inputs: widths[i], outputs, activation: 'relu' }, random) };
    });
    const { outputs, startAtZero } = shape;
    const initialise = startAtZero ? zeros : glorot;
    this.#last = dense(
      this.parameters,
      { name: 'last', inputs: widths[shape.hidden.length], outputs, initialise },
      random,
    );
    this.size = this.parameters.values.length;
    this.running = new Float32Array(2 * widths.slice(0, -1).reduce((sum, width) => sum + width, 0));
    this.#moments((_, variance) => variance.fill(1));
  }

  /** Masks of one batch as inputs of its step; none without dropout. */
  masks(rows: number, draws: KeyedDraws, keep: Record<string, Float32Array>): Record<string, Numbers> {
    const { hidden, dropout } = this.shape;
    if (dropout === 0) return {};
    return Object.fromEntries(
      hidden.map((width, i): [string, Numbers] => {
        const name = `mask.${i}`;
        const size = rows * width;
        const room = name in keep && keep[name].length >= size ? keep[name] : (keep[name] = new Float32Array(size));
        return [name, { values: fillMask(room.subarray(0, size), dropout, draws), shape: [rows, width] }];
      }),
    );
  }

  /** The last layer's numbers in training, [rows, outputs], and the moments for `absorb`; reads the masks of `inputs`. */
  forward(rows: tf.Tensor2D, inputs: InputTensors): { logits: tf.Tensor2D; moments: Record<string, tf.Tensor> } {
    const moments: Record<string, tf.Tensor> = {};
    let x = rows;
    this.#blocks.forEach(({ norm, linear }, i) => {
      const { value, mean, variance } = norm(x);
      moments[`mean.${i}`] = mean;
      moments[`variance.${i}`] = variance;
      x = linear(value);
      if (this.shape.dropout > 0) x = matrix(tf.mul(x, inputs[`mask.${i}`]));
    });
    return { logits: this.#last(x), moments };
  }

  /** Takes the moments of a step into the running averages. */
  absorb(outputs: Outputs): void {
    const share = Math.max(RUNNING_SHARE, 1 / ++this.#batches);
    this.#moments((mean, variance, i) => {
      averageInto(mean, outputs[`mean.${i}`], share);
      averageInto(variance, outputs[`variance.${i}`], share);
    });
  }

  /** Replaces the running averages by saved ones. @throws a shape error */
  loadRunning(values: Float32Array, where: string): void {
    expectLength(`${where}: running averages`, values, { numbers: this.running.length });
    this.running.set(values);
  }

  /** The network as it serves: every batch norm folded into the linear layer after it, W' = diag(gain/σ)·W. */
  plain(): PlainNetwork {
    const layers: Affine[] = [];
    this.#moments((mean, variance, i) => {
      const [gain, bias] = ['gain', 'bias'].map((name) => this.parameters.numbers(`norm.${i}.${name}`));
      const slope = Float64Array.from(gain, (g, k) => g / Math.sqrt(variance[k] + BATCH_NORM_EPSILON));
      const shift = Float64Array.from(bias, (b, k) => b - mean[k] * slope[k]);
      layers.push(folded(this.parameters, `linear.${i}`, slope, shift));
    });
    const width = this.shape.hidden.at(-1) ?? this.shape.inputs;
    layers.push(folded(this.parameters, 'last', new Float64Array(width).fill(1), new Float64Array(width)));
    return new PlainNetwork(layers);
  }

  #moments(use: (mean: Float32Array, variance: Float32Array, block: number) => void): void {
    let at = 0;
    [this.shape.inputs, ...this.shape.hidden].slice(0, -1).forEach((width, i) => {
      use(this.running.subarray(at, at + width), this.running.subarray(at + width, at + 2 * width), i);
      at += 2 * width;
    });
  }
}

/** W' = diag(slope)·W and b' = b + shift·W of a linear layer. */
function folded(parameters: ParameterSet, name: string, slope: Float64Array, shift: Float64Array): Affine {
  const given = parameters.numbers(`${name}.weights`);
  const bias = Float64Array.from(parameters.numbers(`${name}.bias`));
  const [inputs, outputs] = [slope.length, bias.length];
  const weights = new Float32Array(inputs * outputs);
  for (let i = 0, at = 0; i < inputs; i++) {
    for (let o = 0; o < outputs; o++, at++) {
      weights[at] = slope[i] * given[at];
      bias[o] += shift[i] * given[at];
    }
  }
  return { inputs, outputs, weights, bias: Float32Array.from(bias) };
}

/** 0 with that chance, else 1/(1 − chance); two numbers per draw. */
function fillMask(out: Float32Array, chance: number, draws: KeyedDraws): Float32Array {
  const [limit, kept] = [Math.round(chance * 65_536), 1 / (1 - chance)];
  for (let i = 0; i < out.length; i += 2) {
    const word = Math.floor(draws.next() * 4_294_967_296);
    out[i] = (word & 0xffff) < limit ? 0 : kept;
    if (i + 1 < out.length) out[i + 1] = word >>> 16 < limit ? 0 : kept;
  }
  return out;
}

/** A tensor of rows, known to be one. */
export function matrix(x: tf.Tensor): tf.Tensor2D {
  const [rows, width = 1] = x.shape;
  return x.as2D(rows, width);
}
