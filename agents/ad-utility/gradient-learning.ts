import tf from '@tensorflow/tfjs';
import { complaint, GymError, suggestion } from '../../core/check.js';
import { KeyedDraws } from '../../core/draws.js';
import type { Rng } from '../../core/random.js';
import { backendInUse } from '../../core/tensor/backend.js';
import { compileStep, type CompiledReport } from '../../core/tensor/compile.js';
import type { Inputs, InputTensors, Numbers } from '../../core/tensor/compiled-programs.js';
import { logSoftmaxAt } from '../../core/tensor/ops/log-softmax-at.js';
import { linear, type Schedule } from '../../core/tensor/optimisers/schedules.js';
import { Trainer } from '../../core/tensor/train.js';
import type { Metrics } from '../contract.js';
import { BatchBuffer } from './batch-buffer.js';
import { ContextStatistics, type ContextEncoder, type Encode } from './context-encoder.js';
import type { PieceLearning } from './fit-log.js';
import { checkGradientSettings, type GradientSettings } from './gradient-settings.js';
import { headsOf, type Heads } from './heads.js';
import { HeldOut } from './held-out.js';
import { networkPolicy, saveNetwork, type NetworkParts } from './network-policy.js';
import { matrix, PolicyNetwork } from './policy-network.js';
import { JudgedRows, type HeldOutScore } from './judged-rows.js';
import { RowCheck, type LearningHead, type Piece, type RewardMoments } from './rounds.js';
import type { ScoredPolicy, Serving } from './scored-policy.js';

/** What the loss of a reading is made of: tensors of one batch. */
export interface LossParts {
  /** [n, outputs] */
  readonly logits: tf.Tensor2D;
  /** [n] ln π(a_n | x_n) */
  readonly logChance: tf.Tensor;
  /** `x`, `reward` less its centre in standard deviations, `inverse` propensity. */
  readonly inputs: InputTensors;
  readonly heads: Heads;
}

/** A way to learn a policy from logged rounds: its loss, and how it judges itself on rows that it did not learn from. */
export interface Reading {
  /** Name in messages, and format of saved policies "recsys-gym/NAME". */
  readonly name: string;
  /** What is taken off every reward; refuses rewards that it cannot learn from. */
  centre(moments: RewardMoments): number;
  /** Adds parameters of its own, behind the network's. */
  prepare?(network: PolicyNetwork, random: Rng): void;
  loss(parts: LossParts): tf.Tensor;
  judge(): HeldOutScore;
}

/** A last batch of a pass is left out if it is smaller than this share of a batch: its moments would be noise. */
const LEAST_BATCH = 0.125;

/** Logit of an action that is served for sure: others have a chance of e⁻¹⁰⁰. */
const CERTAIN = 100;

/** Learns a policy network by the loss of a reading. */
export class GradientLearning implements PieceLearning {
  readonly curve: Metrics[] = [];
  readonly #reading: Reading;
  readonly #settings: GradientSettings;
  readonly #random: Rng;
  readonly #head: LearningHead;
  readonly #heads: Heads;
  readonly #check: RowCheck;
  readonly #statistics: ContextStatistics;
  readonly #heldOut: HeldOut;
  /** Action served where nothing was learned; −1: a uniform draw. */
  readonly #fallback: number;
  #surveyed = 0;
  #seen = 0;
  #loss = 0;
  #steps = 0;
  #started: Started | undefined;
  #best: { score: number; values: Float32Array; running: Float32Array; epoch: number } | undefined;

  constructor(reading: Reading, head: LearningHead, settings: GradientSettings, random: Rng) {
    backendInUse();
    checkGradientSettings(reading.name, settings);
    this.#reading = reading;
    this.#settings = settings;
    this.#random = random;
    this.#head = head;
    this.#heads = headsOf(settings.head, head.actions);
    this.#check = new RowCheck(reading.name, head);
    this.#statistics = new ContextStatistics(head);
    this.#heldOut = new HeldOut(settings.heldOut, head.rows, random);
    this.#fallback = settings.fallback === '' ? -1 : head.actions.values.indexOf(settings.fallback);
    if (settings.fallback !== '' && this.#fallback < 0) {
      const known = suggestion(settings.fallback, head.actions.values.slice(0, 10));
      throw new GymError('config', `${reading.name}: fallback: no action '${settings.fallback}'. ${known}`);
    }
  }

  survey(piece: Piece): void {
    this.#check.add(piece, this.#surveyed);
    this.#statistics.add(piece.columns, piece.pick);
    this.#surveyed += piece.pick?.length ?? piece.columns.rows;
  }

  learn(piece: Piece, places?: Int32Array): void {
    const started = this.#begun();
    const { kept, out } = this.#heldOut.split(piece, this.#seen, places);
    this.#seen += kept.length + out.length;
    if (this.curve.length === 0) started.judged.push(piece, out, started.unit);
    for (let from = 0; from < kept.length;) {
      from += started.batch.take(started.encode, piece, kept, from, started.unit);
      if (started.batch.full) this.#step(started);
    }
  }

  endPass(): boolean {
    const started = this.#begun();
    const { batch, network, judged } = started;
    if (batch.filled >= LEAST_BATCH * batch.rows || this.#steps === 0) this.#step(started);
    batch.empty();
    const epoch = Math.max(1, this.curve.length);
    const fitting = this.#loss / this.#steps;
    [this.#seen, this.#loss, this.#steps] = [0, 0, 0];
    if (judged.rows === 0) {
      if (this.curve.length === 0) this.curve.push({ epoch: 0 });
      this.curve.push({ epoch, fitting });
      return epoch < this.#settings.epochs;
    }
    const scoreNow = (): number => judged.score(this.#reading.judge(), this.#parts(started));
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
    const started = this.#begun();
    const { network } = started;
    if (this.#best !== undefined) {
      network.parameters.values.set(this.#best.values);
      network.running.set(this.#best.running);
    }
    const parts = this.#best?.epoch === 0 ? this.#fallBack(started) : this.#parts(started);
    const { name } = this.#reading;
    return { policy: networkPolicy(name, parts), parts, save: () => saveNetwork(`recsys-gym/${name}`, name, parts) };
  }

  /**
   * One pass over the rows of another log of the same features and actions, with another mean taken off its rewards.
   *
   * @throws a data error for rows that cannot be learned from
   */
  learnFrom(head: LearningHead, piece: Piece, centre: number): void {
    const { batch, encoder, unit } = this.#begun();
    if (head.actions.values.join() !== this.#head.actions.values.join()) {
      throw complaint('data', {
        where: `${this.#reading.name}: log '${head.name}'`,
        expected: 'the actions of the first log',
        received: 'others',
      });
    }
    const check = new RowCheck(this.#reading.name, head);
    check.add(piece, 0);
    unit.centre = centre;
    const encode = encoder.bind(head);
    const pick = piece.pick ?? Int32Array.from({ length: piece.columns.rows }, (_, row) => row);
    for (let from = 0; from < pick.length;) {
      from += batch.take(encode, piece, pick, from, unit);
      if (batch.full) this.#step(this.#begun());
    }
    this.endPass();
  }

  /** The policy as it is now. */
  policy(serving: Serving): ScoredPolicy {
    return networkPolicy(this.#reading.name, { ...this.#parts(this.#begun()), serving });
  }

  #begun(): Started {
    return (this.#started ??= this.#start());
  }

  #step({ batch, network, schedule, masks, step }: Started): void {
    const inputs = { ...batch.inputs(), ...masks(batch.filled) };
    const { loss, outputs } = step(inputs, schedule());
    network.absorb(outputs);
    this.#loss += loss;
    this.#steps++;
    batch.empty();
  }

  /** The start: a uniform draw, or one action for sure. */
  #fallBack(started: Started): NetworkParts {
    const parts = this.#parts(started);
    if (this.#fallback < 0) return { ...parts, serving: 'draw' };
    const bias = parts.network.parameters.numbers('last.bias');
    const { widths, level } = this.#heads;
    for (let g = 0, from = 0; g < widths.length; from += widths[g], g++) {
      bias[from + level[this.#fallback * widths.length + g]] = CERTAIN;
    }
    return parts;
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
    const shape = { inputs: encoder.width, hidden, outputs, dropout, startAtZero: true, onNumbers: true };
    const network = new PolicyNetwork(shape, this.#random.fork('start'));
    this.#reading.prepare?.(network, this.#random.fork('reading'));
    const trainer = new Trainer(network.parameters, { learningRate, weightDecay, clipNorm: 5 });
    const step = compileStep(trainer, (inputs) => {
      const { logits, moments: passed } = network.forward(matrix(inputs['x']), inputs);
      const loss = this.#reading.loss({
        logits,
        logChance: logChanceOf(logits, inputs, heads),
        inputs,
        heads,
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
      unit: { centre: this.#reading.centre(moments), deviation: moments.deviation },
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
  readonly unit: { centre: number; readonly deviation: number };
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
