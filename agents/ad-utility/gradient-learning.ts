import tf from '@tensorflow/tfjs';
import { KeyedDraws } from '../../core/draws.js';
import { hash32, type Rng } from '../../core/random.js';
import { backendInUse } from '../../core/tensor/backend.js';
import { compileStep, type CompiledReport } from '../../core/tensor/compile.js';
import type { Inputs, InputTensors, Numbers } from '../../core/tensor/compiled-programs.js';
import { logSoftmaxAt } from '../../core/tensor/ops/log-softmax-at.js';
import { linear, type Schedule } from '../../core/tensor/optimisers/schedules.js';
import { Trainer } from '../../core/tensor/train.js';
import type { Log } from '../../logs/record.js';
import type { LogHead } from '../../logs/store/fields.js';
import type { Metrics } from '../contract.js';
import { BatchBuffer } from './batch-buffer.js';
import { ContextStatistics, type ContextEncoder, type Encode } from './context-encoder.js';
import { checkGradientSettings, type GradientSettings } from './gradient-settings.js';
import { headsOf, type Heads } from './heads.js';
import { networkPolicy, saveNetwork, type NetworkParts } from './network-policy.js';
import { PolicyNetwork } from './policy-network.js';
import { JudgedRows, type HeldOutScore } from './judged-rows.js';
import { RowCheck, type Piece, type RewardMoments } from './rounds.js';
import type { ScoredPolicy } from './scored-policy.js';

/** What the loss of a reading is made of: tensors of one batch. */
export interface LossParts {
  /** [n, outputs] */
  readonly logits: tf.Tensor2D;
  /** [n] ln π(a_n | x_n) */
  readonly logChance: tf.Tensor;
  /** `x`, `reward` in standard deviations, `inverse` propensity. */
  readonly inputs: InputTensors;
  readonly heads: Heads;
  readonly moments: RewardMoments;
}

/** A way to learn a policy from logged rounds: its loss, and how it judges itself on rows that it did not learn from. */
export interface Reading {
  /** Name in messages, and format of saved policies "recsys-gym/NAME". */
  readonly name: string;
  /** Refuses rewards that it cannot learn from; adds parameters of its own. Called once, before the loss is built. */
  prepare(network: PolicyNetwork, moments: RewardMoments, random: Rng): void;
  loss(parts: LossParts): tf.Tensor;
  /** A running score of held-out rows, higher is better; `value` is called when all are in. */
  judge(moments: RewardMoments): HeldOutScore;
}

/** Rows kept in memory to judge passes by. */
const MOST_HELD_OUT = 50_000;
/** A last batch of a pass is left out if it is smaller than this share of a batch: its moments would be noise. */
const LEAST_BATCH = 0.125;

/** What is known of a log before it is read: enough to learn from its rows piece by piece. */
export interface LearningHead extends Pick<LogHead, 'schema' | 'actions' | 'policies' | 'categoricalValues'> {
  /** Of the log, for messages. */
  readonly name: string;
  readonly rows: number;
  readonly candidates?: Log['candidates'];
}

/**
 * Learns from rows that come in pieces, in memory that does not grow with them: first every piece once through `survey`,
 * then, pass after pass, every piece through `learn` and at its end `endPass`, until that says stop; then `finish`.
 */
export class GradientLearning {
  readonly curve: Metrics[] = [];
  readonly #reading: Reading;
  readonly #settings: GradientSettings;
  readonly #random: Rng;
  readonly #head: LearningHead;
  readonly #heads: Heads;
  readonly #check: RowCheck;
  readonly #statistics: ContextStatistics;
  readonly #heldOutBelow: number;
  readonly #salt: number;
  #surveyed = 0;
  #seen = 0;
  #loss = 0;
  #steps = 0;
  #started: Started | undefined;
  #best: { score: number; values: Float32Array; running: Float32Array; epoch: number } | undefined;
  #pick = new Int32Array(0);
  #heldOutPick = new Int32Array(0);

  constructor(reading: Reading, head: LearningHead, settings: GradientSettings, random: Rng) {
    backendInUse();
    checkGradientSettings(reading.name, settings);
    this.#reading = reading;
    this.#settings = settings;
    this.#random = random;
    this.#head = head;
    this.#heads = headsOf(settings.head, head.actions);
    this.#check = new RowCheck(`${reading.name}: log '${head.name}'`, head, head.candidates);
    this.#statistics = new ContextStatistics(head);
    const share = Math.min(settings.heldOut, MOST_HELD_OUT / Math.max(1, head.rows));
    this.#heldOutBelow = Math.floor(share * 2 ** 32);
    this.#salt = hash32(`${random.path}/held out`);
  }

  /** Checks rows, and takes them into the moments of features and rewards. */
  survey(piece: Piece): void {
    this.#check.add(piece, this.#surveyed);
    this.#statistics.add(piece.columns, piece.pick);
    this.#surveyed += piece.pick?.length ?? piece.columns.rows;
  }

  /** Whether a row, by its place in the order of the survey, only judges. */
  heldOut(place: number): boolean {
    return this.#heldOutBelow > 0 && mixed(place, this.#salt) < this.#heldOutBelow;
  }

  /** Gradient steps on the rows of a piece. @param places where a row stood in the survey, if not in the same order */
  learn(piece: Piece, places?: Int32Array): void {
    const started = (this.#started ??= this.#start());
    const rows = piece.pick?.length ?? piece.columns.rows;
    if (this.#pick.length < rows) [this.#pick, this.#heldOutPick] = [new Int32Array(rows), new Int32Array(rows)];
    let [kept, out] = [0, 0];
    for (let n = 0; n < rows; n++) {
      const row = piece.pick === undefined ? n : piece.pick[n];
      if (this.heldOut(places === undefined ? this.#seen + n : places[n])) this.#heldOutPick[out++] = row;
      else this.#pick[kept++] = row;
    }
    this.#seen += rows;
    const { deviation } = started.moments;
    if (this.curve.length === 0) started.judged.push(piece, this.#heldOutPick.subarray(0, out), deviation);
    const pick = this.#pick.subarray(0, kept);
    for (let from = 0; from < kept;) {
      from += started.batch.take(started.encode, piece, pick, from, deviation);
      if (started.batch.full) this.#step(started);
    }
  }

  /** Ends a pass. @returns whether another one is worth while */
  endPass(): boolean {
    const started = (this.#started ??= this.#start());
    const { batch, network, judged } = started;
    if (batch.filled >= LEAST_BATCH * batch.rows || this.#steps === 0) this.#step(started);
    batch.empty();
    const epoch = Math.max(1, this.curve.length);
    const fitting = this.#loss / this.#steps;
    [this.#seen, this.#loss, this.#steps] = [0, 0, 0];
    if (this.#heldOutBelow === 0 || judged.rows === 0) {
      if (this.curve.length === 0) this.curve.push({ epoch: 0 });
      this.curve.push({ epoch, fitting });
      return epoch < this.#settings.epochs;
    }
    const scoreNow = (): number => judged.score(this.#reading.judge(started.moments), this.#parts(started));
    if (this.#best === undefined) {
      const now = { values: network.parameters.values.slice(), running: network.running.slice() };
      network.parameters.values.set(started.start);
      this.#best = { score: scoreNow(), values: started.start, running: now.running, epoch: 0 };
      network.parameters.values.set(now.values);
      this.curve.push({ epoch: 0, heldOut: this.#best.score });
    }
    const score = scoreNow();
    this.curve.push({ epoch, fitting, heldOut: score });
    if (score > this.#best.score) {
      this.#best = { score, values: network.parameters.values.slice(), running: network.running.slice(), epoch };
    }
    return epoch < this.#settings.epochs && epoch - this.#best.epoch < this.#settings.patience;
  }

  /** The learned policy, of the pass that held-out rows liked best. */
  finish(): { readonly policy: ScoredPolicy; readonly parts: NetworkParts; save(): Uint8Array } {
    const started = (this.#started ??= this.#start());
    const { network } = started;
    if (this.#best !== undefined) {
      network.parameters.values.set(this.#best.values);
      network.running.set(this.#best.running);
    }
    const parts = this.#parts(started);
    const { name } = this.#reading;
    return { policy: networkPolicy(name, parts), parts, save: () => saveNetwork(`recsys-gym/${name}`, name, parts) };
  }

  get moments(): RewardMoments {
    return (this.#started ??= this.#start()).moments;
  }

  #step({ batch, network, schedule, masks, step }: Started): void {
    const inputs = { ...batch.inputs(), ...masks(batch.filled) };
    const { loss, outputs } = step(inputs, schedule());
    network.absorb(outputs);
    this.#loss += loss;
    this.#steps++;
    batch.empty();
  }

  #parts({ encoder, network }: Started): NetworkParts {
    const { values: actions } = this.#head.actions;
    return { encoder, network, heads: this.#heads, actions, serving: this.#settings.serving };
  }

  #start(): Started {
    const { batch: rows, hidden, dropout, learningRate, weightDecay, epochs } = this.#settings;
    const moments = this.#check.moments();
    const encoder = this.#statistics.encoder();
    const heads = this.#heads;
    const outputs = heads.widths.reduce((sum, width) => sum + width, 0);
    const shape = { inputs: encoder.width, hidden, outputs, dropout, startAtZero: true };
    const network = new PolicyNetwork(shape, this.#random.fork('start'));
    this.#reading.prepare(network, moments, this.#random.fork('reading'));
    const trainer = new Trainer(network.parameters, { learningRate, weightDecay, clipNorm: 5 });
    const step = compileStep(trainer, (inputs) => {
      const { logits, moments: passed } = network.forward(inputs);
      const loss = this.#reading.loss({
        logits,
        logChance: logChanceOf(logits, inputs, heads),
        inputs,
        heads,
        moments,
      });
      return { loss: loss.asScalar(), outputs: passed };
    });
    const total = Math.max(1, Math.ceil((epochs * moments.rows) / rows));
    const falling: Schedule = linear(learningRate, learningRate / 10, total);
    const draws = new KeyedDraws(this.#random.path, 'dropout');
    const room: Record<string, Float32Array> = {};
    let steps = 0;
    const encode = encoder.bind(this.#head);
    return {
      moments,
      encoder,
      network,
      start: network.parameters.values.slice(),
      batch: new BatchBuffer(Math.min(rows, moments.rows), encoder.width, heads),
      judged: new JudgedRows(encode, encoder.width, heads),
      encode,
      schedule: () => falling(steps++),
      masks: (count) => network.masks(count, draws.at(steps, 0), room),
      step,
    };
  }
}

/** What exists from the first gradient on. */
interface Started {
  readonly moments: RewardMoments;
  readonly encoder: ContextEncoder;
  readonly encode: Encode;
  readonly network: PolicyNetwork;
  /** Parameters before the first step. */
  readonly start: Float32Array;
  readonly batch: BatchBuffer;
  readonly judged: JudgedRows;
  /** Learning rate of the next step; counts them. */
  readonly schedule: () => number;
  readonly masks: (rows: number) => Record<string, Numbers>;
  readonly step: (inputs: Inputs, learningRate?: number) => CompiledReport;
}

/** ln π of the actions taken: Σ_g ln π_g. */
function logChanceOf(logits: tf.Tensor2D, inputs: InputTensors, { widths }: Heads): tf.Tensor {
  if (widths.length === 1) return logSoftmaxAt(logits, inputs['taken.0']);
  let from = 0;
  const parts = widths.map((width, g): tf.Tensor => {
    const part = tf.slice(logits, [0, from], [logits.shape[0], width]);
    from += width;
    return logSoftmaxAt(part, inputs[`taken.${g}`]);
  });
  return parts.reduce((sum, part) => tf.add(sum, part));
}

/** A 32-bit hash of a place. */
function mixed(place: number, salt: number): number {
  let h = (place ^ salt) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  return (h ^ (h >>> 15)) >>> 0;
}
