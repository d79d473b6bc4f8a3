import type tf from '@tensorflow/tfjs';
import { expectLength } from '../core/check.js';
import type { Rng } from '../core/random.js';
import type { InputTensors, Inputs } from '../core/tensor/compiled-programs.js';
import type { ParameterSet } from '../core/tensor/parameters.js';
import type { FeatureEncoder, FeatureRows, FeatureSettings } from '../logs/features.js';
import type { FittedModel, Head, ModelCard } from './contract.js';

/** How networks of every kind are fitted. */
export interface FitSettings extends FeatureSettings {
  /** Most passes over the fitting rows. */
  readonly epochs: number;
  /** Stop after this many passes without a better loss on the held-out rows. */
  readonly patience: number;
  /** Rows per gradient step; 512 to 1,024 makes good use of a step's fixed cost. */
  readonly batch: number;
  /** Adam's step size in the first pass; pass t uses it divided by √t. */
  readonly learningRate: number;
  /**
   * Pull of every weight to 0: the fit minimises Σ row losses + ½·l2·Σ w², as if each weight were drawn from a normal
   * distribution of variance 1/l2 beforehand.
   */
  readonly l2: number;
  /**
   * By how many standard errors the held-out loss must beat the constant's, else the model stays the constant: forty
   * clicks that nothing explains shall not be explained.
   */
  readonly leastGain: number;
  /** Share of the given rows (by hash of user, session, request or row) kept for early stopping and calibration. */
  readonly heldOut: number;
}

/** What a network is built for. H = heads. */
interface NetworkShape {
  /** Size of the embedding table. */
  readonly buckets: number;
  /** Numeric inputs. */
  readonly M: number;
  readonly H: number;
}

/**
 * A network and its two forward passes, which a test holds together: on tensors with gradients, for fitting, and in
 * plain loops, for predicting, so that predictions need no backend, have the same bytes on every backend, and cost
 * microseconds for a single row.
 */
export interface Network {
  readonly parameters: ParameterSet;
  /**
   * [rows, H] deviation z of each head from its base (log-odds of the base rate; mean in standard deviations), on tensors
   * of `featureInputs`.
   */
  forward(features: InputTensors): tf.Tensor2D;
  /** The same numbers, written into out [rows, H]. */
  predict(features: FeatureRows, out: Float64Array): void;
  /** Σ w² over the weights that l2 pulls to 0 (not the biases). */
  squares(): tf.Tensor;
}

/** Features as inputs of a training step: ids [rows, bag] and numeric [rows, M]. */
export function featureInputs({ ids, rows, bag, numeric, M }: FeatureRows): Inputs {
  return {
    ids: { values: ids.subarray(0, rows * bag), shape: [rows, bag] },
    numeric: { values: numeric.subarray(0, rows * M), shape: [rows, M] },
  };
}

export type BuildNetwork<Settings> = (shape: NetworkShape, settings: Settings, random: Rng) => Network;

/**
 * A head with its numbers. Predicted probability σ(offset + intercept + slope·z); predicted value
 * offset + scale·(intercept + slope·z).
 */
export interface FittedHead extends Head {
  readonly offset: number;
  readonly scale: number;
  readonly intercept: number;
  readonly slope: number;
}

/** Turns deviations into probabilities and values, in place of `z`. */
export function applyHead(head: FittedHead, z: number): number {
  const line = head.intercept + head.slope * z;
  return head.unit === 'value' ? head.offset + head.scale * line : 1 / (1 + Math.exp(-(head.offset + line)));
}

/** Rows encoded at a time when predicting: bounds the memory, large enough to forget the fixed cost. */
const CHUNK = 8192;

/** A fitted network as a reward model. */
export function modelOf(
  parts: {
    readonly card: ModelCard;
    readonly encoder: FeatureEncoder;
    readonly network: Network;
    readonly heads: readonly FittedHead[];
  },
  save: () => Uint8Array,
): FittedModel {
  const { card, encoder, network, heads } = parts;
  const H = heads.length;
  const deviations = new Float64Array(CHUNK * H);
  let features: FeatureRows | undefined;
  return {
    card,
    heads: heads.map(({ outcome, unit, mean, calibration }) => ({ outcome, unit, mean, calibration })),
    predict(log, rows, actions, out) {
      expectLength(`${card.kind} predict: out`, out, { rows: rows.length, heads: H });
      expectLength(`${card.kind} predict: actions`, actions, { rows: rows.length });
      for (let from = 0; from < rows.length; from += CHUNK) {
        const to = Math.min(rows.length, from + CHUNK);
        features = encoder.encode(log, rows.subarray(from, to), actions.subarray(from, to), features);
        network.predict(features, deviations);
        for (let n = from, at = 0; n < to; n++) {
          for (let h = 0; h < H; h++, at++) out[n * H + h] = applyHead(heads[h], deviations[at]);
        }
      }
    },
    save,
  };
}
