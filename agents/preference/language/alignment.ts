import tf from '@tensorflow/tfjs';
import { choose, complaint, expectNumber } from '../../../core/check.js';
import type { Rng } from '../../../core/random.js';
import { compileStep, type CompiledReport, type StepTensors } from '../../../core/tensor/compile.js';
import type { Inputs, InputTensors, Numbers } from '../../../core/tensor/compiled-programs.js';
import { logSoftmaxAt } from '../../../core/tensor/ops/log-softmax-at.js';
import { Trainer } from '../../../core/tensor/train.js';
import type { OnProgress } from '../../../reward-models/contract.js';
import type { Metrics } from '../../contract.js';
import type { PreferenceData, PreferenceLoss, ResponseTerms } from '../contract.js';
import { checkFit, preferenceDefaults, type PreferenceSettings } from '../learner.js';
import { advantageWeighted } from '../losses/advantage-weighted.js';
import { preferenceLosses } from '../losses/index.js';
import { preferenceObjective } from '../objective.js';
import { expectileLoss } from '../value.js';
import type { Decoder } from './decoder.js';
import { responseLogs } from './sampling.js';
import { likeLengths, type TokenRows } from './token-rows.js';

/** Where the auxiliary term of HPO has its values and weights: one per response, or one per token of it. */
export type AuxiliaryLevel = 'response' | 'token';

export interface AlignmentSettings extends PreferenceSettings {
  readonly level: AuxiliaryLevel;
  /** Largest norm of the gradient. */
  readonly clipNorm: number;
}

export const alignmentDefaults: AlignmentSettings = {
  ...preferenceDefaults,
  passes: 1,
  batch: 16,
  learningRate: 1e-4,
  beta: 0.1,
  level: 'token',
  clipNorm: 1,
};

/** What is aligned, with what. */
export interface AlignmentParts {
  /** Changed in place. */
  readonly decoder: Decoder;
  readonly rows: TokenRows;
  /** Comparisons or labelled responses, of width 1: a response is the number of its row. Contexts are not read. */
  readonly data: PreferenceData;
  /** [rows] ln π_ref of every row (`responseLogs`); the decoder's own at the start, if omitted. */
  readonly reference?: Float64Array;
  readonly settings: AlignmentSettings;
}

export interface Alignment extends AlignmentParts {
  readonly random: Rng;
  readonly onProgress?: OnProgress;
}

/**
 * Aligns a language model with preferences, in place, by any loss of `preferenceLosses` that asks for no marks. The
 * log-probability of a response is the sum over its tokens,
 *
 *     ln π_θ(y|x) = Σ_t ln π_θ(y_t | x, y_<t)
 *
 * and the reference is a column of numbers that was computed once. With `level: 'token'` the auxiliary term of HPO has a
 * value on each prefix's hidden state and a weight per token, with the same R for all tokens of a response:
 *
 *     L_aux = −mean over responses of Σ_t min(exp((R − V_ψ(x, y_<t))/λ), w_max) · ln π_θ(y_t | x, y_<t)
 *     L_V   =  mean over tokens of L_τ(R − V_ψ(x, y_<t))
 *
 * Equal weights make it the response-level term. Divergences are estimates by the log-ratios of the responses in the
 * data, as KTO's are.
 *
 * @returns one entry per pass: mean loss and its parts
 * @throws a config error for settings out of range, and a loss that wants pairs of single responses or marks; a data error
 *   for a response that is no row; a numeric error where it diverges
 */
export function align(alignment: Alignment): Metrics[] {
  const { rows, data, settings, random, onProgress } = alignment;
  const step = alignmentStep(alignment);
  const n = data.context.length;
  const longest = (i: number): number => Math.max(...data.sides.map((side) => rows.places(side[i])));
  const curve: Metrics[] = [];
  const perPass = Math.ceil(n / settings.batch);
  for (let pass = 0; pass < settings.passes; pass++) {
    const sums = new Map<string, number>();
    const add = (name: string, value: number): unknown => sums.set(name, (sums.get(name) ?? 0) + value);
    likeLengths(n, settings.batch, random.fork(pass), longest).forEach((batch, i) => {
      const report = step(batch);
      add('loss', report.loss * batch.length);
      for (const [name, [value]] of Object.entries(report.outputs)) add(name, value * batch.length);
      onProgress?.(
        pass * perPass + i + 1,
        settings.passes * perPass,
        `${settings.loss}: loss ${report.loss.toFixed(3)}`,
      );
    });
    curve.push({ pass: pass + 1, ...Object.fromEntries(Array.from(sums, ([name, sum]) => [name, sum / n])) });
  }
  return curve;
}

/** One gradient step at a time: a function of the numbers of the comparisons or responses in a batch. Errors as `align`. */
export function alignmentStep(alignment: AlignmentParts): (batch: Int32Array) => CompiledReport {
  const { decoder, rows, settings } = alignment;
  const loss = lossOf(alignment);
  const reference = alignment.reference ?? responseLogs(decoder, rows);
  const trainer = new Trainer(decoder.parameters, settings);
  const step = compileStep(trainer, (inputs) => objective(decoder, loss, settings, inputs));
  return (batch) => step(inputsOf(alignment, reference, batch));
}

function lossOf({ decoder, rows, data, reference, settings }: AlignmentParts): PreferenceLoss {
  const loss = choose<PreferenceLoss>('preference loss', preferenceLosses, settings.loss);
  const where = 'alignment';
  checkFit(loss, data, settings);
  expectNumber(`${where}: learningRate`, settings.learningRate, 1e-9, 10);
  expectNumber(`${where}: clipNorm`, settings.clipNorm, 1e-9);
  if (loss.conditional === true)
    throw complaint('config', { where, expected: 'a loss without marks', received: settings.loss });
  for (const side of data.sides) {
    const wrong = side.find((row) => !(row >= 0 && row < rows.count));
    if (side.length === data.context.length && wrong === undefined) continue;
    throw complaint('data', {
      where: `${where}: responses`,
      expected: `${data.context.length} rows below ${rows.count}`,
      received: wrong === undefined ? `${side.length} numbers` : `row ${wrong}`,
    });
  }
  if (reference !== undefined && reference.length !== rows.count)
    throw complaint('data', {
      where: `${where}: reference`,
      expected: `${rows.count} log-probabilities`,
      received: String(reference.length),
    });
  const long = data.sides.flatMap((side) => [...side]).find((row) => rows.places(row) > decoder.settings.context);
  if (long === undefined) return loss;
  throw complaint('data', {
    where: `${where}: row ${long}`,
    expected: `at most ${decoder.settings.context} places`,
    received: String(rows.places(long)),
  });
}

/** The sides of a batch one below the other: [S · B, T]. */
function inputsOf({ decoder, rows, data }: AlignmentParts, reference: Float64Array, batch: Int32Array): Inputs {
  const B = batch.length;
  const picked = new Int32Array(data.sides.length * B);
  const labels: Record<string, Numbers> = {};
  data.sides.forEach((side, s) => {
    batch.forEach((i, b) => (picked[s * B + b] = side[i]));
    labels[`good${s}`] = { values: Float32Array.from(batch, (i) => data.good[s][i]), shape: [B] };
    labels[`reward${s}`] = { values: Float32Array.from(batch, (i) => data.reward[s][i]), shape: [B] };
    labels[`reference${s}`] = { values: Float32Array.from(batch, (i) => reference[side[i]]), shape: [B] };
  });
  const tokens = rows.inputs(picked, decoder.settings.context);
  // 1 at the place that sees the prompt and nothing of the response.
  const first = new Float32Array(tokens.mask.values.length);
  const T = tokens.mask.shape[1];
  picked.forEach((row, at) => (first[at * T + rows.response[row] - 1] = 1));
  return { ...tokens, first: { values: first, shape: tokens.mask.shape }, ...labels };
}

function objective(
  decoder: Decoder,
  loss: PreferenceLoss,
  settings: AlignmentSettings,
  inputs: InputTensors,
): StepTensors {
  const { tokens, mask } = inputs;
  const [all, T = 1] = tokens.shape;
  const S = Object.keys(inputs).filter((name) => name.startsWith('good')).length;
  const B = all / S;
  const hidden = decoder.hidden(inputs);
  const byRow = (x: tf.Tensor): tf.Tensor => x.reshape([all, T]);
  const logs = tf.mul(byRow(logSoftmaxAt(decoder.logits(hidden), inputs['targets'].reshape([all * T]))), mask);
  const values = byRow(decoder.value(hidden));
  const policies = tf.sum(logs, 1);
  const side = (x: tf.Tensor, s: number): tf.Tensor => (S === 1 ? x : tf.slice(x, [s * B], [B]));
  const names = Array.from({ length: S }, (_, s) => s);
  const policy = names.map((s) => side(policies, s));
  const reference = names.map((s) => inputs[`reference${s}`]);
  const judged = {
    ...{ policy, reference },
    value: side(tf.sum(tf.mul(values, inputs['first']), 1), 0),
    divergence: tf.div(tf.addN(names.map((s) => tf.sub(policy[s], reference[s]))), S),
  };
  const weight = loss.auxiliary?.(settings);
  if (weight === undefined || weight === 0 || settings.level === 'response')
    return preferenceObjective(loss, settings, judged, inputs);
  const base = preferenceObjective(loss, { ...settings, auxiliary: 0 }, judged, inputs);
  const spread = (name: string): tf.Tensor => {
    const columns = names.map((s) => inputs[`${name}${s}`]);
    const column = S === 1 ? columns[0] : tf.concat(columns);
    return tf.mul(column.reshape([all, 1]), mask);
  };
  const reward = spread('reward');
  const terms: ResponseTerms = {
    ...{ policy: logs, reference: logs, reward, good: spread('good') },
    ...{ value: values, divergence: values },
  };
  const auxiliary = tf.div(tf.sum(advantageWeighted(terms, settings)), all);
  const misses = tf.mul(expectileLoss(reward, values, settings.expectile), mask);
  const value = tf.div(tf.sum(misses), tf.sum(mask));
  const total = tf.add(base.loss, tf.add(tf.mul(auxiliary, weight), tf.mul(value, settings.valueWeight)));
  return { loss: total.asScalar(), outputs: { ...base.outputs, auxiliary, value } };
}
