import tf from '@tensorflow/tfjs';
import { GymError, complaint, expectLength, expectNumber } from '../../core/check.js';
import { shuffle } from '../../core/distributions.js';
import { stream } from '../../core/random.js';
import { bundle, decode, encode } from '../../core/safetensors.js';
import { backendInUse } from '../../core/tensor/backend.js';
import { compileInference, compileStep } from '../../core/tensor/compile.js';
import type { Inputs, InputTensors, Numbers } from '../../core/tensor/compiled-programs.js';
import { Trainer } from '../../core/tensor/train.js';
import { fitEncoder, restoreEncoder } from '../../logs/features.js';
import type { LearnedPolicy, LogLearnRequest, LogLearner, LogPolicy, Metrics } from '../contract.js';
import { ScoreModel, type EncodedDecisions } from './score-model.js';

export interface LogPolicyGradientSettings {
  /** Passes over the rows, at most; 20–200. */
  readonly epochs: number;
  /** Passes without a better held-out score before it stops. */
  readonly patience: number;
  /** Decisions per gradient step; large, because the pessimism needs a spread. */
  readonly batch: number;
  readonly learningRate: number;
  /** Largest importance weight, c below; 5–100. */
  readonly clip: number;
  /** How many standard errors of the estimate are taken off, λ below; 0 believes the log, 1–2 is careful. */
  readonly pessimism: number;
  /** Cost of leaving the uniform policy, κ below, in standard deviations of the reward per nat. */
  readonly klWeight: number;
  /** Decay of every parameter per step, times the learning rate. */
  readonly weightDecay: number;
  /** Share of the rows that only decides when to stop. */
  readonly heldOut: number;
  /** Size of the hash space of words; a power of two. */
  readonly buckets: number;
}

const DEFAULTS: LogPolicyGradientSettings = {
  epochs: 60,
  patience: 8,
  batch: 4096,
  learningRate: 0.1,
  clip: 20,
  pessimism: 1,
  klWeight: 0.002,
  weightDecay: 0.01,
  heldOut: 0.25,
  buckets: 4096,
};

const FORMAT = 'recsys-gym/log-policy-gradient';

/**
 * A softmax policy over hashed features of (context, action), learned from a log by gradient ascent on what the log says
 * it would earn (off-policy policy gradient; Strehl et al. 2010, Dudík et al. 2011), taken pessimistically (counterfactual
 * risk minimisation; Swaminathan and Joachims 2015):
 *
 *   J(θ) = mean_n v_n − λ·√(var_n v_n / N) − κ·KL(π_θ ‖ uniform)
 *   v_n  = Σ_a π_θ(a|x_n) q(x_n, a) + min(w_n, c)·(r_n − q(x_n, a_n)),    w_n = π_θ(a_n|x_n) / μ_n
 *
 * r and q are in standard deviations of the reward. q are cross-fitted guesses; without them q is the mean reward, the
 * usual baseline. It starts as the uniform policy and keeps the parameters whose held-out J without the KL term is best,
 * the start included: a log that teaches nothing leaves the uniform policy.
 */
export const logPolicyGradient: LogLearner<LogPolicyGradientSettings> = {
  summary: 'softmax policy by importance-weighted policy gradient, clipped, doubly robust and pessimistic',
  defaults: DEFAULTS,
  fit,
  load,
};

/** Some decisions of the log with all that the objective needs, rewards in standard deviations. */
interface Batch {
  readonly encoded: EncodedDecisions;
  /** [rows, A] 1 at the action taken. */
  readonly taken: Float32Array;
  /** [rows, A] */
  readonly guesses: Float32Array;
  /** [rows] */
  readonly guessTaken: Float32Array;
  readonly reward: Float32Array;
  readonly inversePropensity: Float32Array;
}

type Request = LogLearnRequest<LogPolicyGradientSettings>;

function fit(request: Request): LearnedPolicy {
  const { log, rows, reward, settings, random, onProgress } = request;
  backendInUse();
  checkRequest(request);
  const order = Int32Array.from(rows.index.keys());
  shuffle(random.fork('held out'), order);
  const kept = Math.max(1, Math.round(settings.heldOut * order.length));
  const [heldOut, fitting] = [order.subarray(0, kept).slice().sort(), order.subarray(kept).slice().sort()];
  const scale = scaleOf(rows.index, reward);
  const encoder = fitEncoder(
    log,
    { name: rows.name, index: Int32Array.from(fitting, (place) => rows.index[place]) },
    { buckets: settings.buckets },
  );
  const model = new ScoreModel(encoder, random.fork('start'));
  const trainer = new Trainer(model.parameters, {
    learningRate: settings.learningRate,
    weightDecay: settings.weightDecay,
    clipNorm: 5,
  });
  const batchOf = (places: Int32Array): Batch => makeBatch(model, request, places, scale);
  const { klWeight } = settings;
  const step = compileStep(trainer, (inputs) => ({
    loss: tf.neg(objectiveOf(model, inputs, settings, fitting.length, klWeight)).asScalar(),
  }));
  const valuesOf = compileInference(model.parameters, (inputs) => roundValues(model, inputs, settings.clip));
  const held = pieces(heldOut, settings.batch).map((part) => inputsOf(model, batchOf(part)));
  const heldOutScore = (): number =>
    pessimisticMean(
      held.map((inputs) => valuesOf(inputs)['value'].slice()),
      settings,
    );
  const shuffler = random.fork('batches');

  const curve: Metrics[] = [];
  let best = { score: heldOutScore(), values: model.parameters.values.slice(), epoch: 0 };
  curve.push({ epoch: 0, heldOut: best.score * scale });
  for (let epoch = 1; epoch <= settings.epochs && epoch - best.epoch <= settings.patience; epoch++) {
    shuffle(shuffler, fitting);
    let objective = 0;
    const parts = pieces(fitting, settings.batch);
    for (const part of parts) {
      const { loss } = step(inputsOf(model, batchOf(part)));
      objective -= loss / parts.length;
    }
    const score = heldOutScore();
    curve.push({ epoch, fitting: objective * scale, heldOut: score * scale });
    if (score > best.score) best = { score, values: model.parameters.values.slice(), epoch };
    onProgress?.(epoch, settings.epochs, `held-out ${(score * scale).toPrecision(4)}`);
  }
  model.parameters.values.set(best.values);
  return { policy: policyOf(model), curve, save: () => save(model) };
}

/** v_n of the class comment and J: one number to maximise. `total` is N, the rows that the log holds for fitting. */
function objectiveOf(
  model: ScoreModel,
  inputs: InputTensors,
  { clip, pessimism }: LogPolicyGradientSettings,
  total: number,
  klWeight: number,
): tf.Scalar {
  const { value, divergence } = roundValues(model, inputs, clip);
  const centre = tf.mean(value);
  const spread = tf.sqrt(tf.add(tf.mean(tf.square(tf.sub(value, centre))), 1e-12));
  const careful = tf.sub(centre, tf.mul(spread, pessimism / Math.sqrt(total)));
  return tf.sub(careful, tf.mul(divergence, klWeight)).asScalar();
}

function roundValues(
  model: ScoreModel,
  inputs: InputTensors,
  clip: number,
): { readonly value: tf.Tensor; readonly divergence: tf.Tensor } {
  const [, actions = 0] = inputs['guesses'].shape;
  const logPolicy = model.logPolicy(inputs, actions);
  const policy = tf.exp(logPolicy);
  const taken = tf.sum(tf.mul(policy, inputs['taken']), 1);
  const weight = tf.minimum(tf.mul(taken, inputs['inversePropensity']), clip);
  const direct = tf.sum(tf.mul(policy, inputs['guesses']), 1);
  const missed = tf.sub(inputs['reward'], inputs['guessTaken']);
  // Blocked actions have π = 0 and ln π = −1e9: their product must not count.
  const entropyTerms = tf.mul(policy, 'blocked' in inputs ? tf.maximum(logPolicy, -50) : logPolicy);
  const divergence = tf.add(tf.mean(tf.sum(entropyTerms, 1)), Math.log(actions));
  return { value: tf.add(direct, tf.mul(weight, missed)), divergence };
}

/** A batch as inputs of a step. */
function inputsOf(model: ScoreModel, batch: Batch): Inputs {
  const { rows, actions } = batch.encoded;
  const table = (values: Float32Array): Numbers => ({ values, shape: [rows, actions] });
  const column = (values: Float32Array): Numbers => ({ values, shape: [rows] });
  return {
    ...model.stepInputs(batch.encoded),
    taken: table(batch.taken),
    guesses: table(batch.guesses),
    guessTaken: column(batch.guessTaken),
    reward: column(batch.reward),
    inversePropensity: column(batch.inversePropensity),
  };
}

/** Mean of all v_n less their pessimism, in standard deviations of the reward. */
function pessimisticMean(parts: readonly Float32Array[], { pessimism }: LogPolicyGradientSettings): number {
  let [n, sum, squares] = [0, 0, 0];
  for (const values of parts) {
    for (const value of values) {
      n++;
      sum += value;
      squares += value * value;
    }
  }
  const mean = sum / n;
  return mean - pessimism * Math.sqrt(Math.max(0, squares / n - mean * mean) / n);
}

function makeBatch(
  model: ScoreModel,
  { log, rows, reward, guesses }: Request,
  places: Int32Array,
  scale: number,
): Batch {
  const A = log.actions.values.length;
  const index = Int32Array.from(places, (place) => rows.index[place]);
  const baseline = guesses === undefined ? meanReward(rows.index, reward) : 0;
  const batch: Batch = {
    encoded: model.encode(log, index),
    taken: new Float32Array(places.length * A),
    guesses: new Float32Array(places.length * A).fill(baseline / scale),
    guessTaken: new Float32Array(places.length),
    reward: Float32Array.from(index, (row) => reward[row] / scale),
    inversePropensity: Float32Array.from(index, (row) => 1 / log.propensity[row]),
  };
  places.forEach((place, n) => {
    const chosen = n * A + log.action[rows.index[place]];
    batch.taken[chosen] = 1;
    if (guesses !== undefined) for (let a = 0; a < A; a++) batch.guesses[n * A + a] = guesses[place * A + a] / scale;
    batch.guessTaken[n] = batch.guesses[chosen];
  });
  return batch;
}

function pieces(places: Int32Array, size: number): Int32Array[] {
  const count = Math.max(1, Math.round(places.length / size));
  return Array.from({ length: count }, (_, i) =>
    places.subarray(Math.floor((i * places.length) / count), Math.floor(((i + 1) * places.length) / count)),
  );
}

function meanReward(rows: Int32Array, reward: Float64Array): number {
  return rows.reduce((sum, row) => sum + reward[row], 0) / rows.length;
}

/** Standard deviation of the reward, so that settings mean the same for clicks and for seconds; 1 for a constant one. */
function scaleOf(rows: Int32Array, reward: Float64Array): number {
  const mean = meanReward(rows, reward);
  const variance = rows.reduce((sum, row) => sum + (reward[row] - mean) ** 2, 0) / rows.length;
  return variance > 0 ? Math.sqrt(variance) : 1;
}

function checkRequest({ log, rows, reward, guesses, settings }: Request): void {
  const where = 'log-policy-gradient';
  if (!log.schema.hasPropensity) {
    throw new GymError(
      'data',
      `${where}: log '${log.name}': expected propensities, received none. Without the probability of what was shown nothing can be learned off-policy; log it, or learn by playing an env.`,
    );
  }
  if (rows.index.length < 20)
    throw complaint('data', { where, expected: 'at least 20 rows', received: String(rows.index.length) });
  expectLength(`${where}: reward`, reward, { rows: log.rows });
  if (guesses !== undefined)
    expectLength(`${where}: guesses`, guesses, { rows: rows.index.length, actions: log.actions.values.length });
  for (const row of rows.index) {
    if (!(log.propensity[row] > 0 && log.propensity[row] <= 1)) {
      throw complaint('data', {
        where: `${where}: log '${log.name}' row ${row}`,
        expected: 'a propensity in (0, 1]',
        received: String(log.propensity[row]),
        try: 'Drop the row or log the probability that was used.',
      });
    }
    if (!Number.isFinite(reward[row]))
      throw complaint('data', {
        where: `${where}: log '${log.name}' row ${row}`,
        expected: 'a finite reward',
        received: String(reward[row]),
      });
  }
  expectNumber(`${where}: clip`, settings.clip, 0);
  expectNumber(`${where}: pessimism`, settings.pessimism, 0);
  expectNumber(`${where}: heldOut`, settings.heldOut, 0.01, 0.9);
  for (const name of ['epochs', 'batch'] as const) {
    if (!Number.isInteger(settings[name]) || settings[name] < 1)
      throw complaint('config', {
        where: `${where}: ${name}`,
        expected: 'a whole number of at least 1',
        received: String(settings[name]),
      });
  }
}

function policyOf(model: ScoreModel): LogPolicy {
  return {
    id: 'learned',
    probabilities: (log, rows, out) => {
      expectLength('log policy: probabilities', out, { rows: rows.length, actions: log.actions.values.length });
      model.probabilities(log, rows, out);
    },
  };
}

function save({ parameters, encoder }: ScoreModel): Uint8Array {
  return encode(
    bundle({ parameters: parameters.values }, { format: FORMAT, version: '1', encoder: JSON.stringify(encoder) }),
  );
}

function load(bytes: Uint8Array): LogPolicy {
  const { metadata, tensors } = decode(bytes, FORMAT);
  if (metadata['format'] !== FORMAT || metadata['version'] !== '1') {
    throw complaint('data', {
      where: FORMAT,
      expected: 'a policy of version 1',
      received: `${metadata['format'] ?? 'another file'} ${metadata['version'] ?? ''}`,
    });
  }
  const model = new ScoreModel(restoreEncoder(JSON.parse(metadata['encoder'])), stream('loaded'));
  const { values } = tensors['parameters'];
  if (!(values instanceof Float32Array))
    throw complaint('data', { where: FORMAT, expected: '32-bit parameters', received: 'other numbers' });
  model.parameters.load(values, FORMAT);
  return policyOf(model);
}
