import tf from '@tensorflow/tfjs';
import { complaint, expectNumber } from '../../../core/check.js';
import { stream } from '../../../core/random.js';
import { loadCheckpoint, saveCheckpoint } from '../../../core/tensor/checkpoint.js';
import { compileStep, type CompiledReport } from '../../../core/tensor/compile.js';
import type { Inputs } from '../../../core/tensor/compiled-programs.js';
import { softmaxCrossEntropy } from '../../../core/tensor/ops/cross-entropy.js';
import { cosine, warmUp, type Schedule } from '../../../core/tensor/optimisers/schedules.js';
import { Trainer } from '../../../core/tensor/train.js';
import type { OnProgress } from '../../../reward-models/contract.js';
import type { Decoder } from './decoder.js';
import { likeLengths, type TokenRows } from './token-rows.js';

export interface PretrainingSettings {
  /** Passes over the texts. */
  readonly passes: number;
  /** Texts per gradient step. */
  readonly batch: number;
  /** Largest step size: reached after the warm-up, then down half a cosine to a tenth. */
  readonly learningRate: number;
  /** Steps in which the step size rises from 0. */
  readonly warmUp: number;
  readonly weightDecay: number;
  /** Largest norm of the gradient. */
  readonly clipNorm: number;
}

export const pretrainingDefaults: PretrainingSettings = {
  passes: 3,
  batch: 32,
  learningRate: 2e-3,
  warmUp: 50,
  weightDecay: 0.01,
  clipNorm: 1,
};

export interface PretrainingOptions {
  readonly decoder: Decoder;
  readonly rows: TokenRows;
  readonly settings: PretrainingSettings;
  readonly seed: number;
}

/** What one step did. */
export interface PretrainingStep {
  /** Mean cross-entropy of the batch, in nats per token. */
  readonly loss: number;
  /** Tokens that counted. */
  readonly tokens: number;
}

/** The name under which the count of steps stands in a saved file. */
const AT = 'pretraining-step';

/**
 * Cloning of texts (SFT): mean cross-entropy of their tokens, by AdamW. The batches of pass p follow from the seed and p
 * alone, so that a training that was saved and loaded goes on bit for bit.
 */
export class Pretraining {
  /** Gradient steps in all. */
  readonly steps: number;
  readonly #options: PretrainingOptions;
  readonly #trainer: Trainer;
  readonly #step: (inputs: Inputs, learningRate?: number) => CompiledReport;
  readonly #rate: Schedule;
  #done = 0;
  #pass = -1;
  #batches: readonly Int32Array[] = [];

  /** @throws a config error for settings out of range, a data error without texts or for one beyond the context */
  constructor(options: PretrainingOptions) {
    const { decoder, rows, settings } = options;
    checkSettings(settings, rows);
    this.#options = options;
    this.steps = settings.passes * this.#batchesPerPass();
    const { learningRate: top } = settings;
    this.#rate = warmUp(settings.warmUp, cosine(top, top / 10, Math.max(1, this.steps - settings.warmUp)));
    this.#trainer = new Trainer(decoder.parameters, settings);
    this.#step = compileStep(this.#trainer, (inputs) => {
      const hidden = decoder.hidden(inputs);
      const [rowCount, places = 1] = inputs['tokens'].shape;
      const loss = softmaxCrossEntropy(decoder.logits(hidden), inputs['labels'].reshape([rowCount * places]));
      // The value head stays where it is; its parameters still want a gradient.
      return { loss: tf.add(loss, tf.mul(tf.mean(decoder.value(hidden)), 0)).asScalar() };
    });
  }

  /** Gradient steps taken. */
  get done(): number {
    return this.#done;
  }

  /** The next gradient step; needs a started backend. */
  step(): PretrainingStep {
    const { decoder, rows } = this.#options;
    const batch = this.#nextBatch();
    const { tokens, positions, targets, mask } = rows.inputs(batch, decoder.settings.context);
    const labels = targets.values.map((target, i) => (mask.values[i] === 1 ? target : -1));
    const inputs = { tokens, positions, labels: { values: labels, shape: targets.shape } };
    const { loss } = this.#step(inputs, this.#rate(this.#done));
    this.#done++;
    return { loss, tokens: rows.counted(batch) };
  }

  /**
   * All steps that are left.
   *
   * @param clock milliseconds of some clock, for the speed in the notes
   * @returns mean loss of every pass that was ended, in nats per token
   */
  run(onProgress?: OnProgress, clock?: () => number): number[] {
    const curve: number[] = [];
    const start = clock?.() ?? 0;
    const perPass = this.#batchesPerPass();
    let [sum, tokens, all] = [0, 0, 0];
    while (this.#done < this.steps) {
      const step = this.step();
      sum += step.loss * step.tokens;
      tokens += step.tokens;
      all += step.tokens;
      const speed = clock === undefined ? '' : `, ${Math.round((1000 * all) / (clock() - start))} tokens/s`;
      onProgress?.(this.#done, this.steps, `loss ${step.loss.toFixed(3)}${speed}`);
      if (this.#done % perPass > 0) continue;
      curve.push(sum / tokens);
      [sum, tokens] = [0, 0];
    }
    return curve;
  }

  /** Parameters, optimiser and place, to go on from. */
  save(): Uint8Array {
    return saveCheckpoint(this.#options.decoder.parameters, this.#trainer, { [AT]: String(this.#done) });
  }

  /** @throws a data error for what `save` of another model or another kind of training wrote */
  load(bytes: Uint8Array, where = 'pretraining'): void {
    const at = Number(loadCheckpoint(bytes, this.#options.decoder.parameters, this.#trainer, where)[AT]);
    if (!(Number.isInteger(at) && at >= 0 && at <= this.steps))
      throw complaint('data', { where, expected: `a place among ${this.steps} steps`, received: String(at) });
    this.#done = at;
  }

  #batchesPerPass(): number {
    return Math.ceil(this.#options.rows.count / this.#options.settings.batch);
  }

  #nextBatch(): Int32Array {
    const { rows, settings, seed } = this.#options;
    const perPass = this.#batchesPerPass();
    const pass = Math.floor(this.#done / perPass);
    if (pass !== this.#pass) {
      const luck = stream(seed).fork('pretraining').fork(pass);
      this.#batches = likeLengths(rows.count, settings.batch, luck, (row) => rows.places(row));
      this.#pass = pass;
    }
    return this.#batches[this.#done % perPass];
  }
}

function checkSettings(settings: PretrainingSettings, rows: TokenRows): void {
  const where = 'pretraining';
  for (const name of ['passes', 'batch'] as const) {
    if (Number.isInteger(settings[name]) && settings[name] >= 1) continue;
    const received = String(settings[name]);
    throw complaint('config', { where: `${where}: ${name}`, expected: 'a whole number of at least 1', received });
  }
  expectNumber(`${where}: learningRate`, settings.learningRate, 1e-9, 10);
  expectNumber(`${where}: warmUp`, settings.warmUp, 0);
  expectNumber(`${where}: weightDecay`, settings.weightDecay, 0);
  expectNumber(`${where}: clipNorm`, settings.clipNorm, 1e-9);
  if (rows.count === 0) throw complaint('data', { where, expected: 'at least one text', received: 'none' });
}
