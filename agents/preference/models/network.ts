import tf from '@tensorflow/tfjs';
import type { Source } from '../../../core/random.js';
import type { Inputs, InputTensors } from '../../../core/tensor/compiled-programs.js';
import { embedding, embeddingBag } from '../../../core/tensor/embedding.js';
import { dense, mlp } from '../../../core/tensor/layers.js';
import { normalInit, zeros, type ParameterSet } from '../../../core/tensor/parameters.js';

/** Scores the candidates of contexts and guesses what a context is worth. B contexts, K candidates (padded), F features. */
export interface CandidateNetwork {
  /** The numbers that `judge` needs of these contexts. */
  encode(context: Int32Array): Inputs;
  /** @returns scores [B, K] and values [B] */
  judge(inputs: InputTensors, contexts: number): { readonly scores: tf.Tensor2D; readonly value: tf.Tensor1D };
}

/** Makes a network whose parameters begin with `name`. Scores start at 0 everywhere: the policy starts as its reference. */
export type MakeNetwork = (parameters: ParameterSet, name: string, source: Source) => CandidateNetwork;

/** One number per context and candidate, and one per context: nothing is shared. */
export function tabularNetwork(contexts: number, candidates: number): MakeNetwork {
  return (parameters, name, source) => {
    const table = { buckets: contexts, initialise: zeros };
    const scores = embedding(parameters, { ...table, name: `${name}.scores`, width: candidates }, source);
    const value = embedding(parameters, { ...table, name: `${name}.value`, width: 1 }, source);
    return {
      encode: (context) => ({ [`${name}.context`]: { values: context, shape: [context.length] } }),
      judge: (inputs) => {
        const ids = inputs[`${name}.context`];
        return { scores: scores(ids), value: value(ids).as1D() };
      },
    };
  };
}

/** Candidates described by numbers. */
export interface CandidateFeatures {
  /** [C, K, F]; rows of padding are not read beyond their reference of zero probability. */
  readonly values: Float32Array;
  readonly candidates: number;
  readonly width: number;
  /** Hidden layers over each candidate's features; none is a linear scorer. */
  readonly hidden: readonly number[];
}

/** The same small network scores every candidate; the value reads the mean of what it sees of them. */
export function featureNetwork({ values, candidates: K, width: F, hidden }: CandidateFeatures): MakeNetwork {
  return (parameters, name, source) => {
    const H = hidden.at(-1) ?? F;
    const trunk =
      hidden.length === 0
        ? undefined
        : mlp(
            parameters,
            {
              ...{ name: `${name}.trunk`, inputs: F, hidden: hidden.slice(0, -1), outputs: H },
              ...{ activation: 'tanh', onNumbers: true },
            },
            source,
          );
    const [score, value] = [scoreHead(parameters, name, H, source), valueHead(parameters, name, H, source)];
    return {
      encode: (context) => {
        const rows = new Float32Array(context.length * K * F);
        context.forEach((c, b) => {
          rows.set(values.subarray(c * K * F, (c + 1) * K * F), b * K * F);
        });
        return { [`${name}.features`]: { values: rows, shape: [context.length * K, F] } };
      },
      judge: (inputs, contexts) => {
        const x = inputs[`${name}.features`].as2D(contexts * K, F);
        const seen = trunk === undefined ? x : tf.tanh(trunk(x)).as2D(contexts * K, H);
        return { scores: score(seen, contexts), value: value(seen, contexts) };
      },
    };
  };
}

/** Candidates as bags of hashed words or n-grams. */
export interface CandidateTexts {
  /** [C, K, bag] ids of n-grams; −1 where there is none. */
  readonly ids: Int32Array;
  readonly candidates: number;
  readonly bag: number;
  /** Size of the hash space. */
  readonly buckets: number;
  /** Width of the vectors; 0 scores each n-gram by one number. */
  readonly width: number;
}

/** Mean of the n-grams' vectors, a layer, a score; with width 0 a linear scorer over n-grams. */
export function textNetwork({ ids, candidates: K, bag, buckets, width }: CandidateTexts): MakeNetwork {
  return (parameters, name, source) => {
    const H = Math.max(1, width);
    const start = width === 0 ? zeros : normalInit(0.1);
    const bags = embeddingBag(
      parameters,
      { name: `${name}.grams`, buckets, width: H, initialise: start, mean: width !== 0 },
      source,
    );
    const value = valueHead(parameters, name, H, source);
    const score = width === 0 ? undefined : scoreHead(parameters, name, H, source);
    return {
      encode: (context) => {
        const rows = new Int32Array(context.length * K * bag);
        context.forEach((c, b) => {
          rows.set(ids.subarray(c * K * bag, (c + 1) * K * bag), b * K * bag);
        });
        return { [`${name}.grams`]: { values: rows, shape: [context.length * K * bag] } };
      },
      judge: (inputs, contexts) => {
        const x = bags(inputs[`${name}.grams`], contexts * K);
        if (score === undefined) return { scores: x.as2D(contexts, K), value: value(x, contexts) };
        const seen = tf.tanh(x).as2D(contexts * K, H);
        return { scores: score(seen, contexts), value: value(seen, contexts) };
      },
    };
  };
}

/** A score from each candidate's row [B · K, width]. @returns [B, K] */
function scoreHead(
  parameters: ParameterSet,
  name: string,
  width: number,
  source: Source,
): (x: tf.Tensor2D, contexts: number) => tf.Tensor2D {
  const layer = dense(parameters, { name: `${name}.score`, inputs: width, outputs: 1, initialise: zeros }, source);
  return (x, contexts) => layer(x).as2D(contexts, x.shape[0] / contexts);
}

/** A value from the mean of a context's rows. @returns [B] */
function valueHead(
  parameters: ParameterSet,
  name: string,
  width: number,
  source: Source,
): (x: tf.Tensor2D, contexts: number) => tf.Tensor1D {
  const layer = dense(parameters, { name: `${name}.value`, inputs: width, outputs: 1, initialise: zeros }, source);
  return (x, contexts) =>
    layer(tf.mean(x.as3D(contexts, x.shape[0] / contexts, width), 1).as2D(contexts, width)).as1D();
}
