import tf from '@tensorflow/tfjs';
import type { Source } from '../../../core/random.js';
import type { Inputs, InputTensors } from '../../../core/tensor/compiled-programs.js';
import { embedding, embeddingBag } from '../../../core/tensor/embedding.js';
import { dense, mlp } from '../../../core/tensor/layers.js';
import { stopGradient } from '../../../core/tensor/ops/stop-gradient.js';
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

/** A score from the mean of the n-grams' vectors; with width 0 one number per n-gram, summed. */
export function textNetwork(texts: CandidateTexts): MakeNetwork {
  return (parameters, name, source) => {
    const { ids, candidates: K, bag } = texts;
    const judge = (texts.width === 0 ? linearText : vectorText)(texts, parameters, name, source);
    return {
      encode: (context) => {
        const rows = new Int32Array(context.length * K * bag);
        context.forEach((c, b) => {
          rows.set(ids.subarray(c * K * bag, (c + 1) * K * bag), b * K * bag);
        });
        return { [`${name}.grams`]: { values: rows, shape: [context.length * K * bag] } };
      },
      judge: (inputs, contexts) => judge(inputs[`${name}.grams`], contexts),
    };
  };
}

type JudgeTexts = (grams: tf.Tensor, contexts: number) => ReturnType<CandidateNetwork['judge']>;

function vectorText(
  { candidates: K, buckets, width }: CandidateTexts,
  parameters: ParameterSet,
  name: string,
  source: Source,
): JudgeTexts {
  const start = { buckets, width, initialise: normalInit(0.1), mean: true };
  const bags = embeddingBag(parameters, { name: `${name}.grams`, ...start }, source);
  const value = valueHead(parameters, name, width, source);
  const score = scoreHead(parameters, name, width, source);
  return (grams, contexts) => {
    const seen = tf.tanh(bags(grams, contexts * K)).as2D(contexts * K, width);
    return { scores: score(seen, contexts), value: value(seen, contexts) };
  };
}

/** Score and value have numbers of their own: what makes a text better than another says nothing of what both are worth. */
function linearText(
  { candidates: K, buckets }: CandidateTexts,
  parameters: ParameterSet,
  name: string,
  source: Source,
): JudgeTexts {
  const start = { buckets, width: 1, initialise: zeros };
  const score = embeddingBag(parameters, { name: `${name}.grams`, ...start }, source);
  const worth = embeddingBag(parameters, { name: `${name}.worth`, ...start, mean: true }, source);
  const usual = parameters.add(`${name}.usual`, [1], zeros, source);
  return (grams, contexts) => ({
    scores: score(grams, contexts * K).as2D(contexts, K),
    value: tf.add(tf.mean(worth(grams, contexts * K).as2D(contexts, K), 1), usual.value()).as1D(),
  });
}

/** A score from each candidate's row [B · K, width]. @returns [B, K] */
export function scoreHead(
  parameters: ParameterSet,
  name: string,
  width: number,
  source: Source,
): (x: tf.Tensor2D, contexts: number) => tf.Tensor2D {
  const layer = dense(parameters, { name: `${name}.score`, inputs: width, outputs: 1, initialise: zeros }, source);
  return (x, contexts) => layer(x).as2D(contexts, x.shape[0] / contexts);
}

/**
 * A value from the mean of a context's rows, which it reads without moving them: with a small auxiliary weight the policy
 * is then close to that of the base loss. @returns [B]
 */
export function valueHead(
  parameters: ParameterSet,
  name: string,
  width: number,
  source: Source,
): (x: tf.Tensor2D, contexts: number) => tf.Tensor1D {
  const layer = dense(parameters, { name: `${name}.value`, inputs: width, outputs: 1, initialise: zeros }, source);
  return (x, contexts) =>
    layer(tf.mean(stopGradient(x).as3D(contexts, x.shape[0] / contexts, width), 1).as2D(contexts, width)).as1D();
}
