import tf from '@tensorflow/tfjs';
import { KeyedDraws } from '../../core/draws.js';
import type { Rng } from '../../core/random.js';
import { backendInUse } from '../../core/tensor/backend.js';
import { compileStep } from '../../core/tensor/compile.js';
import type { Inputs } from '../../core/tensor/compiled-programs.js';
import { linear } from '../../core/tensor/optimisers/schedules.js';
import { Trainer } from '../../core/tensor/train.js';
import type { Metrics, LogLearnRequest } from '../contract.js';
import { actionFeatures } from './action-features.js';
import { ContextStatistics, type ContextEncoder, type Encode } from './context-encoder.js';
import { fitInMemory, fitStreaming, learningHead, type PieceLearning, type StreamRequest } from './fit-log.js';
import { HeldOut } from './held-out.js';
import { RowCheck, type LearningHead, type Piece } from './rounds.js';
import { TargetMoments, ValueRows } from './value-rows.js';
import { loadValuePolicy, ValuePolicy } from './value-policy.js';
import { ValueNetwork } from './value-network.js';
import { targetsOf, VALUE_DEFAULTS, type ValueRegressionSettings } from './value-settings.js';

const NAME = 'value-regression';

/** A fitted regression: its policy can be weighed anew (`weighing`, `alphaSweep`). */
export interface LearnedValues {
  readonly policy: ValuePolicy;
  readonly curve: readonly Metrics[];
  save(): Uint8Array;
}

/**
 * Value regression, the way of the sister paper (PRL-PUTS, arXiv 2605.16344): the weights of an action are an input beside
 * the context, so that actions learn from each other; one head per outcome; loss mean_n Σ_h (Q_h(x_n, a_n) − y_nh)² with
 * outcomes in standard deviations; serving a* = argmax_a Σ_h weight_h·Q_h(x, a). Differences to the paper: no history
 * Transformer, lines instead of sigmoids at the end, since outcomes may be money.
 */
export const valueRegression = {
  summary: 'regression of outcomes on context and action; serves the action of the highest weighed guess',
  defaults: VALUE_DEFAULTS,
  fit(request: LogLearnRequest<ValueRegressionSettings>): LearnedValues {
    const learning = new ValueLearning(learningHead(request), request.settings, request.random);
    const { curve } = fitInMemory(learning, request);
    return { curve, ...learning.finish() };
  },
  /** Rows are never shuffled; the same bits as `fit` with `shuffle: false`. */
  async stream(request: StreamRequest<ValueRegressionSettings>): Promise<LearnedValues> {
    const learning = new ValueLearning(request.head, request.settings, request.random);
    const { curve } = await fitStreaming(learning, request);
    return { curve, ...learning.finish() };
  },
  load: loadValuePolicy,
};

/** What exists from the first gradient on. */
interface Started {
  readonly encoder: ContextEncoder;
  readonly encode: Encode;
  readonly network: ValueNetwork;
  readonly features: Float32Array;
  readonly batch: ValueRows;
  readonly judged: ValueRows;
  readonly step: (rows: ValueRows) => number;
}

class ValueLearning implements PieceLearning {
  readonly curve: Metrics[] = [];
  readonly #settings: ValueRegressionSettings;
  readonly #random: Rng;
  readonly #head: LearningHead;
  readonly #check: RowCheck;
  readonly #statistics: ContextStatistics;
  readonly #moments: TargetMoments;
  readonly #heldOut: HeldOut;
  #surveyed = 0;
  #seen = 0;
  #loss = 0;
  #steps = 0;
  #started: Started | undefined;
  #best: { error: number; values: Float32Array; running: Float32Array; epoch: number } | undefined;

  constructor(head: LearningHead, settings: ValueRegressionSettings, random: Rng) {
    backendInUse();
    const columns = targetsOf(NAME, settings, head);
    const clipped = settings.outcomes.map((name) => settings.clipped.includes(name));
    this.#settings = settings;
    this.#random = random;
    this.#head = head;
    this.#check = new RowCheck(NAME, head);
    this.#statistics = new ContextStatistics(head);
    this.#moments = new TargetMoments(columns, clipped);
    this.#heldOut = new HeldOut(settings.heldOut, head.rows, random);
  }

  survey(piece: Piece): void {
    this.#check.add(piece, this.#surveyed);
    this.#statistics.add(piece.columns, piece.pick);
    this.#moments.add(piece);
    this.#surveyed += piece.pick?.length ?? piece.columns.rows;
  }

  learn(piece: Piece, places?: Int32Array): void {
    const started = (this.#started ??= this.#start());
    const { batch, judged, encode } = started;
    const { kept, out } = this.#heldOut.split(piece, this.#seen, places);
    this.#seen += kept.length + out.length;
    if (this.curve.length === 0) {
      judged.grow(judged.filled + out.length);
      judged.take(encode, piece, out, 0);
    }
    for (let from = 0; from < kept.length;) {
      from += batch.take(encode, piece, kept, from);
      if (batch.full) this.#step(started);
    }
  }

  endPass(): boolean {
    const started = (this.#started ??= this.#start());
    const { batch, judged, network } = started;
    if (batch.filled >= batch.rows / 8 || this.#steps === 0) this.#step(started);
    batch.empty();
    const epoch = this.curve.length + 1;
    const fitting = this.#loss / this.#steps;
    [this.#seen, this.#loss, this.#steps] = [0, 0, 0];
    if (judged.filled === 0) {
      this.curve.push({ epoch, fitting });
      return epoch < this.#settings.epochs;
    }
    const error = judged.error(network.plain(started.features));
    this.curve.push({ epoch, fitting, heldOut: error });
    if (this.#best === undefined || error < this.#best.error) {
      const { parameters, running } = network.blocks;
      this.#best = { error, values: parameters.values.slice(), running: running.slice(), epoch };
    }
    return epoch < this.#settings.epochs && epoch - this.#best.epoch < this.#settings.patience;
  }

  finish(): { readonly policy: ValuePolicy; save(): Uint8Array } {
    const { encoder, network, features } = (this.#started ??= this.#start());
    if (this.#best !== undefined) {
      network.blocks.parameters.values.set(this.#best.values);
      network.blocks.running.set(this.#best.running);
    }
    const { outcomes, weights } = this.#settings;
    const policy = new ValuePolicy({
      encoder,
      network,
      features,
      actions: this.#head.actions.values,
      outcomes: outcomes.length === 0 ? ['reward'] : outcomes,
      weights: outcomes.length === 0 ? [1] : weights,
      mean: [...this.#moments.mean],
      deviation: this.#moments.deviations(),
    });
    return { policy, save: () => policy.save() };
  }

  #step({ batch, step }: Started): void {
    this.#loss += step(batch);
    this.#steps++;
    batch.empty();
  }

  #start(): Started {
    const { batch: rows, hidden, embedding, dropout, learningRate, weightDecay, epochs } = this.#settings;
    const total = this.#check.moments().rows;
    const encoder = this.#statistics.encoder();
    const encode = encoder.bind(this.#head);
    const { width: action, features } = actionFeatures(this.#head.actions);
    const outcomes = this.#moments.mean.length;
    const shape = { context: encoder.width, action, embedding, hidden, outcomes, dropout };
    const network = new ValueNetwork(shape, this.#random.fork('start'));
    const { parameters } = network.blocks;
    const trainer = new Trainer(parameters, { learningRate, weightDecay, clipNorm: 5 });
    const step = compileStep(trainer, (inputs) => {
      const { logits, moments } = network.forward(inputs);
      const missed = tf.square(tf.sub(logits, inputs['target']));
      return { loss: tf.mean(tf.sum(missed, 1)).asScalar(), outputs: moments };
    });
    const rate = linear(learningRate, learningRate / 10, Math.max(1, Math.ceil((epochs * total) / rows)));
    const draws = new KeyedDraws(this.#random.path, 'dropout');
    const room: Record<string, Float32Array> = {};
    const make = (count: number): ValueRows => new ValueRows(count, encoder.width, { action, features }, this.#moments);
    let steps = 0;
    return {
      encoder,
      encode,
      network,
      features,
      batch: make(Math.min(rows, total)),
      judged: make(0),
      step: (batch) => {
        const masks = network.blocks.masks(batch.filled, draws.at(steps, 0), room);
        const inputs: Inputs = { ...batch.inputs(), ...masks };
        const { loss, outputs } = step(inputs, rate(steps++));
        network.blocks.absorb(outputs);
        return loss;
      },
    };
  }
}
